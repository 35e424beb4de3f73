package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const objectColumns = "sequence, type, id, status, reference_id, attributes, relationships, as_of, event_id, redacted_at, last_reference_id, last_reference_at, coverage, version"

// Object implements [store.Store].
func (s *Store) Object(ctx context.Context, env domain.Environment, ref domain.Ref) (domain.Object, error) {
	objects, err := s.objects(ctx, env, "SELECT "+objectColumns+" FROM objects WHERE environment = $1 AND type = $2 AND id = $3", env, ref.Type, ref.ID)
	if err != nil {
		return domain.Object{}, fmt.Errorf("read %s: %w", ref, err)
	}
	if len(objects) == 0 {
		return domain.Object{}, fmt.Errorf("read %s: %w", ref, store.ErrNotFound)
	}
	return objects[0], nil
}

// Objects implements [store.Store].
func (s *Store) Objects(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Object], error) {
	f.State = ""
	return list(ctx, s.db, objectColumns, "objects", env, f, scanObject(env))
}

func (s *Store) objects(ctx context.Context, env domain.Environment, query string, args ...any) ([]domain.Object, error) {
	rows, err := s.db.Query(ctx, query, args...)
	return collectObjects(env, rows, err)
}

func collectObjects(env domain.Environment, rows Rows, err error) ([]domain.Object, error) {
	objects, err := collect(rows, err, func(rows Rows) (domain.Object, error) {
		var sequence int64
		return scanObject(env)(rows, &sequence)
	})
	if err != nil {
		return nil, fmt.Errorf("read objects: %w", err)
	}
	return objects, nil
}

func scanObject(env domain.Environment) func(Rows, *int64) (domain.Object, error) {
	return func(rows Rows, sequence *int64) (domain.Object, error) {
		o := domain.Object{Environment: env}
		var attributes, relationships, coverage string
		var asOf, redacted, lastReference int64
		err := rows.Scan(sequence, &o.Ref.Type, &o.Ref.ID, &o.Status, &o.ReferenceID, &attributes, &relationships, &asOf, &o.EventID, &redacted, &o.LastReferenceID, &lastReference, &coverage, &o.Version)
		if err != nil {
			return o, err
		}
		o.AsOf, o.RedactedAt, o.LastReferenceAt = moment(asOf), moment(redacted), moment(lastReference)
		return o, errors.Join(json.Unmarshal([]byte(attributes), &o.Attributes), json.Unmarshal([]byte(relationships), &o.Relationships), decodeCoverage(coverage, &o.Coverage))
	}
}

// objectRow returns an object's values in the order of saveObjects: columns, then the key.
func objectRow(env domain.Environment, o domain.Object) []any {
	return []any{
		o.Status, o.ReferenceID, encodeAttributes(o.Attributes), encode(o.Relationships), micros(o.AsOf), o.EventID, micros(o.RedactedAt),
		micros(createdAt(o)), reviewer(o), o.LastReferenceID, micros(o.LastReferenceAt), encodeCoverage(o.Coverage), string(env), o.Ref.Type, o.Ref.ID,
	}
}

// encodeAttributes encodes attributes without changing their values, sorted by name.
func encodeAttributes(attributes map[string]json.RawMessage) string {
	size := 2
	for name, value := range attributes {
		size += len(name) + len(value) + 4
	}
	b := append(make([]byte, 0, size), '{')
	for i, name := range slices.Sorted(maps.Keys(attributes)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, encode(name)...), ':')
		b = append(b, cmp.Or(string(attributes[name]), "null")...)
	}
	return string(append(b, '}'))
}

// saveObjects stores the objects whose stored versions have not changed, with their
// relations. The error is a lostError for the first advance with an object that has
// changed.
func saveObjects(ctx context.Context, tx Tx, env domain.Environment, advances []advance) error {
	key := []string{"environment", "type", "id"}
	values := []string{"status", "reference_id", "attributes", "relationships", "as_of", "event_id", "redacted_at", "created_at", "reviewer", "last_reference_id", "last_reference_at", "coverage"}
	var inserts, updates, relate [][]any
	var inserted, updated []int // index of each row's advance
	for i, a := range advances {
		for n, o := range a.Objects {
			row, now := slices.Clip(a.objects[n]), relations(env, o)
			if o.Version == 0 {
				inserts, inserted, relate = append(inserts, append(row, int64(1))), append(inserted, i), append(relate, now...)
				continue
			}
			updates, updated = append(updates, append(row, o.Version)), append(updated, i)
			if slices.EqualFunc(relations(env, a.Before), now, slices.Equal[[]any]) {
				continue
			}
			relate = append(relate, now...)
			if _, err := tx.Exec(ctx, "DELETE FROM relations WHERE environment = $1 AND from_type = $2 AND from_id = $3", env, o.Ref.Type, o.Ref.ID); err != nil {
				return fmt.Errorf("delete the relations of %s: %w", o.Ref, err)
			}
		}
	}
	done, err := tx.Insert(ctx, Insert{Table: "objects", Columns: slices.Concat(values, key, []string{"version"}), Unless: key}, inserts)
	if err := checkAllSaved(done, inserted, err); err != nil {
		return err
	}
	done, err = tx.Update(ctx, Update{Table: "objects", Set: values, Count: "version", Key: slices.Concat(key, []string{"version"})}, updates)
	if err := checkAllSaved(done, updated, err); err != nil {
		return err
	}
	relation := []string{"environment", "from_type", "from_id", "to_type", "to_id"}
	if _, err := tx.Insert(ctx, Insert{Table: "relations", Columns: relation, Unless: relation}, relate); err != nil {
		return fmt.Errorf("save relations: %w", err)
	}
	return nil
}

// checkAllSaved checks that all rows were saved.
func checkAllSaved(done []bool, of []int, err error) error {
	if err != nil {
		return fmt.Errorf("save objects: %w", err)
	}
	if i := slices.Index(done, false); i >= 0 {
		return lostError{of[i]}
	}
	return nil
}

// relations returns the sorted rows of an object's relationships.
func relations(env domain.Environment, o domain.Object) [][]any {
	var to []domain.Ref
	for _, refs := range o.Relationships {
		to = append(to, refs...)
	}
	slices.SortFunc(to, func(a, b domain.Ref) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID)) })
	var rows [][]any
	for _, ref := range slices.Compact(to) {
		rows = append(rows, []any{string(env), o.Ref.Type, o.Ref.ID, ref.Type, ref.ID})
	}
	return rows
}
