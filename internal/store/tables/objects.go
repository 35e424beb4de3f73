package tables

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const objectColumns = "sequence, type, id, status, reference_id, attributes, relationships, as_of, event_id, redacted_at, version"

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

// ObjectsTo implements [store.Store].
func (s *Store) ObjectsTo(ctx context.Context, env domain.Environment, typ string, to domain.Ref) ([]domain.Object, error) {
	return s.objects(ctx, env, `SELECT `+objectColumns+` FROM objects WHERE environment = $1 AND type = $2 AND id IN
		(SELECT from_id FROM relations WHERE environment = $3 AND to_type = $4 AND to_id = $5 AND from_type = $6) ORDER BY sequence`,
		env, typ, env, to.Type, to.ID, typ)
}

// ObjectsOf implements [store.Store].
func (s *Store) ObjectsOf(ctx context.Context, env domain.Environment, referenceID string) ([]domain.Object, error) {
	return s.objects(ctx, env, `WITH mine AS (SELECT type, id FROM objects WHERE environment = $1 AND reference_id = $2 AND reference_id <> '')
		SELECT `+objectColumns+` FROM objects WHERE environment = $1 AND (type, id) IN (SELECT type, id FROM mine
			UNION SELECT r.from_type, r.from_id FROM relations r JOIN mine ON r.to_type = mine.type AND r.to_id = mine.id WHERE r.environment = $1 AND r.from_type = 'case')
		ORDER BY sequence`, env, referenceID)
}

// LastVerdict implements [store.Store].
func (s *Store) LastVerdict(ctx context.Context, env domain.Environment, referenceID string) (domain.Verdict, error) {
	verdict := domain.VerdictNone
	_, err := one(ctx, s.db, "SELECT verdict FROM notifications WHERE environment = $1 AND subject = $2 AND verdict <> '' ORDER BY sequence DESC LIMIT 1",
		[]any{env, referenceID}, &verdict)
	if err != nil {
		return "", fmt.Errorf("read the last verdict on a subject: %w", err)
	}
	return verdict, nil
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
		var asOf, redacted int64
		err := rows.Scan(sequence, &o.Ref.Type, &o.Ref.ID, &o.Status, &o.ReferenceID, &attributes, &relationships, &asOf, &o.EventID, &redacted, &o.Version)
		if err != nil {
			return o, err
		}
		o.AsOf, o.RedactedAt = moment(asOf), moment(redacted)
		return o, errors.Join(json.Unmarshal([]byte(attributes), &o.Attributes), json.Unmarshal([]byte(relationships), &o.Relationships))
	}
}

// saveObject stores an object that is still the one that was read.
func saveObject(ctx context.Context, tx Tx, env domain.Environment, o domain.Object) error {
	var changed int64
	var err error
	if o.Version == 0 {
		changed, err = tx.Exec(ctx, `INSERT INTO objects (environment, type, id, status, reference_id, attributes, relationships, as_of, event_id, redacted_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1) ON CONFLICT (environment, type, id) DO NOTHING`,
			env, o.Ref.Type, o.Ref.ID, o.Status, o.ReferenceID, encode(o.Attributes), encode(o.Relationships), micros(o.AsOf), o.EventID, micros(o.RedactedAt))
	} else {
		changed, err = tx.Exec(ctx, `UPDATE objects SET status = $1, reference_id = $2, attributes = $3, relationships = $4, as_of = $5, event_id = $6, redacted_at = $7, version = version + 1
			WHERE environment = $8 AND type = $9 AND id = $10 AND version = $11`,
			o.Status, o.ReferenceID, encode(o.Attributes), encode(o.Relationships), micros(o.AsOf), o.EventID, micros(o.RedactedAt), env, o.Ref.Type, o.Ref.ID, o.Version)
	}
	if err != nil {
		return fmt.Errorf("save %s: %w", o.Ref, err)
	}
	if changed != 1 {
		return fmt.Errorf("save %s: %w", o.Ref, store.ErrChanged)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM relations WHERE environment = $1 AND from_type = $2 AND from_id = $3", env, o.Ref.Type, o.Ref.ID); err != nil {
		return fmt.Errorf("save %s: %w", o.Ref, err)
	}
	for _, refs := range o.Relationships {
		for _, to := range refs {
			_, err := tx.Exec(ctx, "INSERT INTO relations (environment, from_type, from_id, to_type, to_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
				env, o.Ref.Type, o.Ref.ID, to.Type, to.ID)
			if err != nil {
				return fmt.Errorf("save %s: %w", o.Ref, err)
			}
		}
	}
	return nil
}
