package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const eventColumns = "sequence, id, name, created_at, object_type, object_id, body, via, received_at, state"

// AppendEvents implements [store.Store].
func (db *DB) AppendEvents(ctx context.Context, events []domain.Event) ([]bool, error) {
	fresh := make([]bool, len(events))
	packed := make([][]byte, len(events))
	for i, e := range events {
		packed[i] = db.zip.EncodeAll(e.Body, nil) // before the writer is taken
	}
	err := db.tx(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO events (environment, id, name, created_at, object_type, object_id, body, via, received_at, state)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (environment, id) DO NOTHING`)
		if err != nil {
			return fmt.Errorf("append events: %w", err)
		}
		defer insert.Close()
		var jobs []store.Job
		for i, e := range events {
			res, err := insert.ExecContext(ctx, e.Environment, e.ID, e.Name, micros(e.CreatedAt), e.Object.Type, e.Object.ID, packed[i], e.Via, micros(e.ReceivedAt), e.State)
			if err != nil {
				return fmt.Errorf("append event %s: %w", e.ID, err)
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			if fresh[i] = n == 1; fresh[i] && e.State == domain.EventWaiting {
				jobs = append(jobs, store.Job{Kind: store.JobAdvance, Environment: e.Environment, Object: e.Object})
			}
		}
		return db.enqueue(ctx, tx, jobs)
	})
	if err != nil {
		return nil, err
	}
	return fresh, nil
}

// Waiting implements [store.Store].
func (db *DB) Waiting(ctx context.Context, env domain.Environment, object domain.Ref) ([]domain.Event, error) {
	rows, err := db.read.QueryContext(ctx, "SELECT "+eventColumns+" FROM events WHERE environment = ? AND object_id = ? AND object_type = ? AND state = 'waiting' ORDER BY created_at, sequence",
		env, object.ID, object.Type)
	if err != nil {
		return nil, fmt.Errorf("read what waits for %s: %w", object, err)
	}
	defer rows.Close()
	var events []domain.Event
	for rows.Next() {
		var sequence int64
		e, err := db.scanEvent(env)(rows, &sequence)
		if err != nil {
			return nil, fmt.Errorf("read what waits for %s: %w", object, err)
		}
		events = append(events, e)
	}
	return events, rows.Err()
}

// Events implements [store.Store].
func (db *DB) Events(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Event], error) {
	return list(ctx, db, eventColumns, "events", env, f, db.scanEvent(env))
}

// Event implements [store.Store].
func (db *DB) Event(ctx context.Context, env domain.Environment, id string) (domain.Event, error) {
	rows, err := db.read.QueryContext(ctx, "SELECT "+eventColumns+" FROM events WHERE environment = ? AND id = ?", env, id)
	if err != nil {
		return domain.Event{}, fmt.Errorf("read event %s: %w", id, err)
	}
	defer rows.Close()
	if !rows.Next() {
		return domain.Event{}, errors.Join(rows.Err(), store.ErrNotFound)
	}
	var sequence int64
	return db.scanEvent(env)(rows, &sequence)
}

func (db *DB) scanEvent(env domain.Environment) func(*sql.Rows, *int64) (domain.Event, error) {
	return func(rows *sql.Rows, sequence *int64) (domain.Event, error) {
		e := domain.Event{Environment: env}
		var created, received int64
		var packed []byte
		err := rows.Scan(sequence, &e.ID, &e.Name, &created, &e.Object.Type, &e.Object.ID, &packed, &e.Via, &received, &e.State)
		if err != nil {
			return e, err
		}
		e.CreatedAt, e.ReceivedAt = moment(created), moment(received)
		e.Body, err = db.unzip.DecodeAll(packed, nil)
		return e, err
	}
}

// Counts implements [store.Store].
func (db *DB) Counts(ctx context.Context, env domain.Environment) (map[domain.EventState]int, map[domain.ActionState]int, error) {
	events, actions := map[domain.EventState]int{}, map[domain.ActionState]int{}
	err := db.count(ctx, "SELECT state, count(*) FROM events WHERE environment = ? AND state IN ('waiting', 'poison') GROUP BY state", env,
		func(state string, n int) { events[domain.EventState(state)] = n })
	if err != nil {
		return nil, nil, err
	}
	err = db.count(ctx, "SELECT state, count(*) FROM actions WHERE environment = ? GROUP BY state", env,
		func(state string, n int) { actions[domain.ActionState(state)] = n })
	return events, actions, err
}

func (db *DB) count(ctx context.Context, query string, env domain.Environment, add func(string, int)) error {
	rows, err := db.read.QueryContext(ctx, query, env)
	if err != nil {
		return fmt.Errorf("count: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return err
		}
		add(state, n)
	}
	return rows.Err()
}
