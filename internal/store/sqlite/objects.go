package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const objectColumns = "sequence, type, id, status, reference_id, attributes, relationships, as_of, event_id, redacted_at, version"

// Object implements [store.Store].
func (db *DB) Object(ctx context.Context, env domain.Environment, ref domain.Ref) (domain.Object, error) {
	objects, err := db.objects(ctx, env, "SELECT "+objectColumns+" FROM objects WHERE environment = ? AND type = ? AND id = ?", env, ref.Type, ref.ID)
	if err != nil {
		return domain.Object{}, fmt.Errorf("read %s: %w", ref, err)
	}
	if len(objects) == 0 {
		return domain.Object{}, fmt.Errorf("read %s: %w", ref, store.ErrNotFound)
	}
	return objects[0], nil
}

// ObjectsTo implements [store.Store].
func (db *DB) ObjectsTo(ctx context.Context, env domain.Environment, typ string, to domain.Ref) ([]domain.Object, error) {
	return db.objects(ctx, env, `SELECT `+objectColumns+` FROM objects WHERE environment = ? AND type = ? AND id IN
		(SELECT from_id FROM relations WHERE environment = ? AND to_type = ? AND to_id = ? AND from_type = ?) ORDER BY sequence`,
		env, typ, env, to.Type, to.ID, typ)
}

// ObjectsOf implements [store.Store].
func (db *DB) ObjectsOf(ctx context.Context, env domain.Environment, referenceID string) ([]domain.Object, error) {
	return db.objects(ctx, env, `WITH mine AS (SELECT type, id FROM objects WHERE environment = ?1 AND reference_id = ?2 AND reference_id <> '')
		SELECT `+objectColumns+` FROM objects WHERE environment = ?1 AND (type, id) IN (SELECT type, id FROM mine
			UNION SELECT r.from_type, r.from_id FROM relations r JOIN mine ON r.to_type = mine.type AND r.to_id = mine.id WHERE r.environment = ?1 AND r.from_type = 'case')
		ORDER BY sequence`, env, referenceID)
}

// LastVerdict implements [store.Store].
func (db *DB) LastVerdict(ctx context.Context, env domain.Environment, referenceID string) (domain.Verdict, error) {
	var verdict domain.Verdict
	row := db.read.QueryRowContext(ctx, "SELECT verdict FROM notifications WHERE environment = ? AND subject = ? AND verdict <> '' ORDER BY sequence DESC LIMIT 1", env, referenceID)
	switch err := row.Scan(&verdict); {
	case errors.Is(err, sql.ErrNoRows):
		return domain.VerdictNone, nil
	case err != nil:
		return "", fmt.Errorf("read the last verdict on a subject: %w", err)
	}
	return verdict, nil
}

// Objects implements [store.Store].
func (db *DB) Objects(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Object], error) {
	f.State = ""
	return list(ctx, db, objectColumns, "objects", env, f, scanObject(env))
}

func (db *DB) objects(ctx context.Context, env domain.Environment, query string, args ...any) ([]domain.Object, error) {
	rows, err := db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read objects: %w", err)
	}
	defer rows.Close()
	var objects []domain.Object
	for rows.Next() {
		var sequence int64
		o, err := scanObject(env)(rows, &sequence)
		if err != nil {
			return nil, fmt.Errorf("read objects: %w", err)
		}
		objects = append(objects, o)
	}
	return objects, rows.Err()
}

func scanObject(env domain.Environment) func(*sql.Rows, *int64) (domain.Object, error) {
	return func(rows *sql.Rows, sequence *int64) (domain.Object, error) {
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
func saveObject(ctx context.Context, tx *sql.Tx, env domain.Environment, o domain.Object) error {
	var res sql.Result
	var err error
	if o.Version == 0 {
		res, err = tx.ExecContext(ctx, `INSERT INTO objects (environment, type, id, status, reference_id, attributes, relationships, as_of, event_id, redacted_at, version)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (environment, type, id) DO NOTHING`,
			env, o.Ref.Type, o.Ref.ID, o.Status, o.ReferenceID, encode(o.Attributes), encode(o.Relationships), micros(o.AsOf), o.EventID, micros(o.RedactedAt))
	} else {
		res, err = tx.ExecContext(ctx, `UPDATE objects SET status = ?, reference_id = ?, attributes = ?, relationships = ?, as_of = ?, event_id = ?, redacted_at = ?, version = version + 1
			WHERE environment = ? AND type = ? AND id = ? AND version = ?`,
			o.Status, o.ReferenceID, encode(o.Attributes), encode(o.Relationships), micros(o.AsOf), o.EventID, micros(o.RedactedAt), env, o.Ref.Type, o.Ref.ID, o.Version)
	}
	if err != nil {
		return fmt.Errorf("save %s: %w", o.Ref, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("save %s: %w", o.Ref, store.ErrChanged))
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM relations WHERE environment = ? AND from_type = ? AND from_id = ?", env, o.Ref.Type, o.Ref.ID); err != nil {
		return fmt.Errorf("save %s: %w", o.Ref, err)
	}
	for _, refs := range o.Relationships {
		for _, to := range refs {
			_, err := tx.ExecContext(ctx, "INSERT INTO relations (environment, from_type, from_id, to_type, to_id) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
				env, o.Ref.Type, o.Ref.ID, to.Type, to.ID)
			if err != nil {
				return fmt.Errorf("save %s: %w", o.Ref, err)
			}
		}
	}
	return nil
}
