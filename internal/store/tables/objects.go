package tables

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const objectColumns = "sequence, type, id, status, reference_id, attributes, relationships, as_of, event_id, redacted_at, last_reference_id, last_reference_at, version"

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
		var attributes, relationships string
		var asOf, redacted, lastReference int64
		err := rows.Scan(sequence, &o.Ref.Type, &o.Ref.ID, &o.Status, &o.ReferenceID, &attributes, &relationships, &asOf, &o.EventID, &redacted, &o.LastReferenceID, &lastReference, &o.Version)
		if err != nil {
			return o, err
		}
		o.AsOf, o.RedactedAt, o.LastReferenceAt = moment(asOf), moment(redacted), moment(lastReference)
		return o, errors.Join(json.Unmarshal([]byte(attributes), &o.Attributes), json.Unmarshal([]byte(relationships), &o.Relationships))
	}
}

// saveObjects stores objects that are still those that were read, with who points to
// whom. It fails with a lostError for the first advance with one that is not.
func saveObjects(ctx context.Context, tx Tx, env domain.Environment, advances []store.Advance) error {
	var inserts, updates, forget, relate [][]any
	var inserted, updated []int // whose they are
	for i, a := range advances {
		for _, o := range a.Objects {
			row := []any{o.Status, o.ReferenceID, encode(o.Attributes), encode(o.Relationships), micros(o.AsOf), o.EventID, micros(o.RedactedAt),
				micros(createdAt(o)), reviewer(o), o.LastReferenceID, micros(o.LastReferenceAt), env, o.Ref.Type, o.Ref.ID}
			old := relations(env, a.Before)
			if o.Version == 0 {
				inserts, inserted, old = append(inserts, row), append(inserted, i), nil
			} else {
				updates, updated = append(updates, append(row, o.Version)), append(updated, i)
			}
			if now := relations(env, o); !slices.EqualFunc(old, now, func(a, b []any) bool { return slices.Equal(a, b) }) {
				if o.Version != 0 {
					forget = append(forget, []any{env, o.Ref.Type, o.Ref.ID})
				}
				relate = append(relate, now...)
			}
		}
	}
	changed, err := tx.ExecAll(ctx, `INSERT INTO objects (status, reference_id, attributes, relationships, as_of, event_id, redacted_at, created_at, reviewer, last_reference_id, last_reference_at, environment, type, id, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1) ON CONFLICT (environment, type, id) DO NOTHING`, inserts)
	if err := whole(changed, inserted, err); err != nil {
		return err
	}
	changed, err = tx.ExecAll(ctx, `UPDATE objects SET status = $1, reference_id = $2, attributes = $3, relationships = $4, as_of = $5, event_id = $6, redacted_at = $7,
			created_at = $8, reviewer = $9, last_reference_id = $10, last_reference_at = $11, version = version + 1
		WHERE environment = $12 AND type = $13 AND id = $14 AND version = $15`, updates)
	if err := whole(changed, updated, err); err != nil {
		return err
	}
	_, err1 := tx.ExecAll(ctx, "DELETE FROM relations WHERE environment = $1 AND from_type = $2 AND from_id = $3", forget)
	_, err2 := tx.ExecAll(ctx, "INSERT INTO relations (environment, from_type, from_id, to_type, to_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING", relate)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("save who points to whom: %w", err)
	}
	return nil
}

// whole checks that all rows were saved.
func whole(changed []int64, of []int, err error) error {
	if err != nil {
		return fmt.Errorf("save objects: %w", err)
	}
	if i := slices.Index(changed, 0); i >= 0 {
		return lostError{of[i]}
	}
	return nil
}

// relations are the rows that say to whom an object points, sorted.
func relations(env domain.Environment, o domain.Object) [][]any {
	var to []domain.Ref
	for _, refs := range o.Relationships {
		to = append(to, refs...)
	}
	slices.SortFunc(to, func(a, b domain.Ref) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID)) })
	var rows [][]any
	for _, ref := range slices.Compact(to) {
		rows = append(rows, []any{env, o.Ref.Type, o.Ref.ID, ref.Type, ref.ID})
	}
	return rows
}
