package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const reconciliationColumns = "sequence, id, started_at, finished_at, from_event, from_at, until, cursor, seen, missed, history, oldest_missed, oldest_seen, lost"

// BeginReconciliation implements [store.Store].
func (db *DB) BeginReconciliation(ctx context.Context, r domain.Reconciliation, holder string, now, until time.Time) (domain.Reconciliation, bool, error) {
	held := false
	err := db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO reconciliations (environment, id, started_at, finished_at, from_event, from_at, until, cursor, seen, missed, history, oldest_missed, oldest_seen, lost, holder, held_until)
			VALUES (?, ?, ?, 0, '', 0, ?, '', 0, 0, 0, 0, 0, 0, '', 0) ON CONFLICT DO NOTHING`, r.Environment, r.ID, micros(r.StartedAt), micros(r.Until))
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, "UPDATE reconciliations SET holder = ?, held_until = ? WHERE environment = ? AND finished_at = 0 AND (holder = ? OR held_until <= ?)",
			holder, micros(until), r.Environment, holder, micros(now))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if held = n == 1; err != nil || !held {
			return err
		}
		row := tx.QueryRowContext(ctx, "SELECT "+reconciliationColumns+" FROM reconciliations WHERE environment = ? AND finished_at = 0", r.Environment)
		var sequence int64
		r, err = scanReconciliation(r.Environment, row.Scan, &sequence)
		return err
	})
	if err != nil {
		return r, false, fmt.Errorf("begin a reconciliation: %w", err)
	}
	return r, held, nil
}

// SaveReconciliation implements [store.Store].
func (db *DB) SaveReconciliation(ctx context.Context, r domain.Reconciliation, holder string, until time.Time) error {
	return db.tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE reconciliations SET finished_at = ?, from_event = ?, from_at = ?, until = ?, cursor = ?, seen = ?, missed = ?, history = ?,
			oldest_missed = ?, oldest_seen = ?, lost = ?, held_until = ? WHERE environment = ? AND id = ? AND finished_at = 0 AND holder = ?`,
			micros(r.FinishedAt), r.From.EventID, micros(r.From.At), micros(r.Until), r.Cursor, r.Seen, r.Missed, r.History,
			micros(r.OldestMissed), micros(r.OldestSeen), r.Lost, micros(until), r.Environment, r.ID, holder)
		if err != nil {
			return fmt.Errorf("save a reconciliation: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, store.ErrChanged)
		}
		return nil
	})
}

// Watermark implements [store.Store].
func (db *DB) Watermark(ctx context.Context, env domain.Environment) (mark domain.Mark, knownSince time.Time, err error) {
	var at, since int64
	err = db.read.QueryRowContext(ctx, `SELECT coalesce(min(started_at), 0) FROM reconciliations WHERE environment = ?`, env).Scan(&since)
	if err != nil {
		return mark, knownSince, fmt.Errorf("read the watermark: %w", err)
	}
	err = db.read.QueryRowContext(ctx, `SELECT from_event, from_at FROM reconciliations WHERE environment = ? AND finished_at > 0 AND from_event <> ''
		ORDER BY sequence DESC LIMIT 1`, env).Scan(&mark.EventID, &at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return mark, knownSince, fmt.Errorf("read the watermark: %w", err)
	}
	mark.At = moment(at)
	return mark, moment(since), nil
}

// Reconciliations implements [store.Store].
func (db *DB) Reconciliations(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Reconciliation], error) {
	return list(ctx, db, reconciliationColumns, "reconciliations", env, store.Filter{Before: f.Before, Limit: f.Limit}, func(rows *sql.Rows, sequence *int64) (domain.Reconciliation, error) {
		return scanReconciliation(env, rows.Scan, sequence)
	})
}

func scanReconciliation(env domain.Environment, scan func(...any) error, sequence *int64) (domain.Reconciliation, error) {
	r := domain.Reconciliation{Environment: env}
	var started, finished, from, until, missed, seen int64
	err := scan(sequence, &r.ID, &started, &finished, &r.From.EventID, &from, &until, &r.Cursor, &r.Seen, &r.Missed, &r.History, &missed, &seen, &r.Lost)
	r.StartedAt, r.FinishedAt, r.From.At, r.Until = moment(started), moment(finished), moment(from), moment(until)
	r.OldestMissed, r.OldestSeen = moment(missed), moment(seen)
	return r, err
}
