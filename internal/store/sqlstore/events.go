package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
)

const eventColumns = "sequence, id, name, created_at, object_type, object_id, body, headers, via, received_at, state, tries, reason"

// AppendEvents implements [store.Store].
func (s *Store) AppendEvents(ctx context.Context, events []domain.Event) ([]bool, error) {
	rows := make([]EventRow, len(events))
	for i, e := range events {
		rows[i] = rowOf(e) // outside of the transaction
	}
	var fresh []bool
	err := s.db.Tx(ctx, func(tx Tx) (err error) {
		if fresh, err = s.db.Append(ctx, tx, rows); err != nil {
			return fmt.Errorf("append events: %w", err)
		}
		var jobs []store.Job
		poison := map[domain.Environment][]domain.Notification{}
		for i, e := range events {
			switch {
			case fresh[i] && e.State == domain.EventWaiting:
				jobs = append(jobs, store.Job{Kind: store.JobAdvance, Environment: e.Environment, Object: e.Object})
			case fresh[i] && e.State == domain.EventPoison:
				poison[e.Environment] = append(poison[e.Environment], notify.Poison(e, e.Reason, e.ReceivedAt))
			}
		}
		if err := s.db.Enqueue(ctx, tx, jobs); err != nil {
			return err
		}
		for _, env := range slices.Sorted(maps.Keys(poison)) {
			if err := s.announce(ctx, tx, env, poison[env], nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return fresh, nil
}

// EventRow is an event as [Database.Append] stores it. The fields are named after the
// columns.
type EventRow struct {
	Environment, ID, Name string
	CreatedAt             int64
	ObjectType, ObjectID  string
	Body                  []byte // compressed
	Headers, Via          string
	ReceivedAt            int64
	State, Reason         string
}

func rowOf(e domain.Event) EventRow {
	return EventRow{
		string(e.Environment), e.ID, e.Name, micros(e.CreatedAt), e.Object.Type, e.Object.ID, pack(e.Body), encode(e.Headers), string(e.Via), micros(e.ReceivedAt), string(e.State), e.Reason,
	}
}

// Inbox implements [store.Store].
func (s *Store) Inbox(ctx context.Context, env domain.Environment, refs []domain.Ref, limit int) ([]store.Inbox, error) {
	events, err := s.db.Waiting(ctx, env, refs, limit, eventColumns)
	waiting, err := collect(events, err, func(rows Rows) (domain.Event, error) {
		var sequence int64
		return s.scanEvent(env)(rows, &sequence)
	})
	if err != nil {
		return nil, fmt.Errorf("read waiting events: %w", err)
	}
	inbox, at := make([]store.Inbox, len(refs)), map[domain.Ref]int{}
	for i, ref := range refs {
		at[ref] = i
	}
	var wanted []domain.Ref
	for _, e := range waiting {
		i := at[e.Object]
		if len(inbox[i].Events) == 0 {
			wanted = append(wanted, e.Object)
		}
		inbox[i].Events = append(inbox[i].Events, e)
	}
	if len(wanted) == 0 {
		return inbox, nil
	}
	rows, err := s.db.Stored(ctx, env, wanted, objectColumns)
	objects, err := collectObjects(env, rows, err)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if i, wanted := at[o.Ref]; wanted {
			inbox[i].Object = o
		}
	}
	return inbox, nil
}

// Tried implements [store.Store].
func (s *Store) Tried(ctx context.Context, env domain.Environment, object domain.Ref, events []string, reason string, poison int, told []domain.Notification, entry audit.Entry) (setAside bool, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		setAside = false
		these := " WHERE environment = $1 AND object_id = $2 AND state = 'waiting' AND id " + s.db.In("$3")
		args := []any{env, object.ID, s.db.List(events)}
		if _, err := tx.Exec(ctx, "UPDATE events SET tries = tries + 1, reason = $4"+these, append(args, reason)...); err != nil {
			return fmt.Errorf("record a try: %w", err)
		}
		if poison == 0 {
			return nil
		}
		n, err := tx.Exec(ctx, "UPDATE events SET state = 'poison'"+these+" AND tries >= $4", append(args, poison)...)
		if err != nil {
			return fmt.Errorf("mark an event as poison: %w", err)
		}
		if setAside = n > 0; !setAside {
			return nil
		}
		return s.announce(ctx, tx, env, told, []audit.Entry{entry})
	})
	return setAside, err
}

// Events implements [store.Store].
func (s *Store) Events(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Event], error) {
	return list(ctx, s.db, eventColumns, "events", env, f, s.scanEvent(env))
}

// Event implements [store.Store].
func (s *Store) Event(ctx context.Context, env domain.Environment, id string) (domain.Event, error) {
	rows, err := s.db.Query(ctx, "SELECT "+eventColumns+" FROM events WHERE environment = $1 AND id = $2", env, id)
	found, err := collect(rows, err, func(rows Rows) (domain.Event, error) {
		var sequence int64
		return s.scanEvent(env)(rows, &sequence)
	})
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return domain.Event{}, fmt.Errorf("read event %s: %w", id, err)
	}
	return found[0], nil
}

func (s *Store) scanEvent(env domain.Environment) func(Rows, *int64) (domain.Event, error) {
	return func(rows Rows, sequence *int64) (domain.Event, error) {
		e := domain.Event{Environment: env}
		var created, received int64
		var packed []byte
		var headers string
		err := rows.Scan(sequence, &e.ID, &e.Name, &created, &e.Object.Type, &e.Object.ID, &packed, &headers, &e.Via, &received, &e.State, &e.Tries, &e.Reason)
		if err != nil {
			return e, err
		}
		e.CreatedAt, e.ReceivedAt = moment(created), moment(received)
		e.Body, err = unpack(packed)
		return e, errors.Join(err, json.Unmarshal([]byte(headers), &e.Headers))
	}
}

// Requeue implements [store.Store].
func (s *Store) Requeue(ctx context.Context, env domain.Environment, ids []string, log []audit.Entry) (requeued int, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		requeued = 0
		var jobs []store.Job
		for _, id := range ids {
			changed, err := tx.Exec(ctx, "UPDATE events SET state = 'waiting', tries = 0, reason = '' WHERE environment = $1 AND id = $2 AND state <> 'waiting'", env, id)
			if err != nil {
				return fmt.Errorf("requeue event %s: %w", id, err)
			}
			if changed == 0 {
				continue
			}
			requeued++
			job := store.Job{Kind: store.JobAdvance, Environment: env}
			if _, err := one(ctx, tx, "SELECT object_type, object_id FROM events WHERE environment = $1 AND id = $2", []any{env, id}, &job.Object.Type, &job.Object.ID); err != nil {
				return fmt.Errorf("requeue event %s: %w", id, err)
			}
			if !slices.Contains(jobs, job) {
				jobs = append(jobs, job)
			}
		}
		return errors.Join(s.announce(ctx, tx, env, nil, log), s.db.Enqueue(ctx, tx, jobs))
	})
	return requeued, err
}
