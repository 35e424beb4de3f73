package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const reconciliationColumns = "sequence, id, started_at, finished_at, from_event, from_at, until, cursor, seen, missed, history, oldest_missed, oldest_seen, lost"

// BeginReconciliation implements [store.Store].
func (s *Store) BeginReconciliation(ctx context.Context, r domain.Reconciliation, holder string, now, until time.Time) (domain.Reconciliation, bool, error) {
	held := false
	err := s.db.Tx(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO reconciliations (environment, id, started_at, finished_at, from_event, from_at, until, cursor, seen, missed, history, oldest_missed, oldest_seen, lost, holder, held_until)
			VALUES ($1, $2, $3, 0, '', 0, $4, '', 0, 0, 0, 0, 0, false, '', 0) ON CONFLICT DO NOTHING`, r.Environment, r.ID, micros(r.StartedAt), micros(r.Until))
		if err != nil {
			return err
		}
		changed, err := tx.Exec(ctx, "UPDATE reconciliations SET holder = $1, held_until = $2 WHERE environment = $3 AND finished_at = 0 AND (holder = $4 OR held_until <= $5 OR held_until > $6)",
			holder, micros(until), r.Environment, holder, micros(now), micros(until.Add(until.Sub(now))))
		if err != nil {
			return err
		}
		if held = changed == 1; !held {
			return nil
		}
		rows, err := tx.Query(ctx, "SELECT "+reconciliationColumns+" FROM reconciliations WHERE environment = $1 AND finished_at = 0", r.Environment)
		found, err := collect(rows, err, func(rows Rows) (domain.Reconciliation, error) {
			var sequence int64
			return scanReconciliation(r.Environment)(rows, &sequence)
		})
		if err == nil {
			r = found[0]
		}
		return err
	})
	if err != nil {
		return r, false, fmt.Errorf("begin a reconciliation: %w", err)
	}
	return r, held, nil
}

// SaveReconciliation implements [store.Store].
func (s *Store) SaveReconciliation(ctx context.Context, r domain.Reconciliation, holder string, until time.Time) error {
	return s.db.Tx(ctx, func(tx Tx) error {
		changed, err := tx.Exec(ctx, `UPDATE reconciliations SET finished_at = $1, from_event = $2, from_at = $3, until = $4, cursor = $5, seen = $6, missed = $7, history = $8,
			oldest_missed = $9, oldest_seen = $10, lost = $11, held_until = $12 WHERE environment = $13 AND id = $14 AND finished_at = 0 AND holder = $15`,
			micros(r.FinishedAt), r.From.EventID, micros(r.From.At), micros(r.Until), r.Cursor, r.Seen, r.Missed, r.History,
			micros(r.OldestMissed), micros(r.OldestSeen), r.Lost, micros(until), r.Environment, r.ID, holder)
		if err != nil {
			return fmt.Errorf("save a reconciliation: %w", err)
		}
		if changed == 0 {
			return store.ErrChanged
		}
		return nil
	})
}

// Watermark implements [store.Store].
func (s *Store) Watermark(ctx context.Context, env domain.Environment) (mark domain.Mark, knownSince time.Time, err error) {
	var at, since int64
	if _, err = one(ctx, s.db, "SELECT started_at FROM reconciliations WHERE environment = $1 ORDER BY sequence LIMIT 1", []any{env}, &since); err == nil {
		// Older versions stored the time of events from the future.
		_, err = one(ctx, s.db, `SELECT from_event, CASE WHEN from_at > started_at THEN started_at ELSE from_at END FROM reconciliations WHERE environment = $1 AND finished_at > 0 AND from_event <> ''
			ORDER BY sequence DESC LIMIT 1`, []any{env}, &mark.EventID, &at)
	}
	if err != nil {
		return mark, knownSince, fmt.Errorf("read the watermark: %w", err)
	}
	mark.At = moment(at)
	return mark, moment(since), nil
}

// Reconciliations implements [store.Store].
func (s *Store) Reconciliations(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Reconciliation], error) {
	return list(ctx, s.db, reconciliationColumns, "reconciliations", env, store.Filter{Before: f.Before, Limit: f.Limit}, scanReconciliation(env))
}

func scanReconciliation(env domain.Environment) func(Rows, *int64) (domain.Reconciliation, error) {
	return func(rows Rows, sequence *int64) (domain.Reconciliation, error) {
		r := domain.Reconciliation{Environment: env}
		var started, finished, from, until, missed, seen int64
		err := rows.Scan(sequence, &r.ID, &started, &finished, &r.From.EventID, &from, &until, &r.Cursor, &r.Seen, &r.Missed, &r.History, &missed, &seen, &r.Lost)
		r.StartedAt, r.FinishedAt, r.From.At, r.Until = moment(started), moment(finished), moment(from), moment(until)
		r.OldestMissed, r.OldestSeen = moment(missed), moment(seen)
		return r, err
	}
}
