package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const deliveryColumns = "sequence, id, endpoint, notification, type, subject, state, attempts, next_attempt_at, log, created_at, finished_at"

// Expand implements [store.Deliveries].
func (s *Store) Expand(ctx context.Context, env domain.Environment, endpoint string, limit int, now time.Time) (more bool, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		more = false
		e, err := s.lockEndpoint(ctx, tx, env, endpoint)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, "SELECT "+notificationColumns+" FROM notifications WHERE environment = $1 AND sequence > $2 ORDER BY sequence LIMIT $3", string(env), e.Position, limit)
		next, err := collectNotifications(env, rows, err)
		if err != nil || len(next) == 0 {
			return err
		}
		more = true
		if err := s.deliver(ctx, tx, e, next, now); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE endpoints SET position = $1 WHERE environment = $2 AND name = $3", next[len(next)-1].Sequence, string(env), endpoint)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("expand notifications for endpoint %s: %w", endpoint, err)
	}
	return more, nil
}

func collectNotifications(env domain.Environment, rows Rows, err error) ([]domain.Notification, error) {
	return collect(rows, err, func(rows Rows) (domain.Notification, error) {
		var sequence int64
		return scanNotification(env)(rows, &sequence)
	})
}

// deliver creates the deliveries of notifications whose types the endpoint receives. One
// delivery of each subject waits for its attempt; the others are held.
func (s *Store) deliver(ctx context.Context, tx Tx, e domain.Endpoint, notifications []domain.Notification, now time.Time) error {
	notifications = slices.DeleteFunc(slices.Clone(notifications), func(n domain.Notification) bool { return !e.Receives(n.Type) })
	busy, err := s.busySubjects(ctx, tx, e, notifications)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, n := range notifications {
		state := domain.DeliveryWaiting
		if busy[n.Subject] {
			state = domain.DeliveryHeld
		}
		if n.Subject != "" {
			busy[n.Subject] = true
		}
		rows = append(rows, []any{string(e.Environment), domain.NewID("dlv"), e.Name, n.ID, n.Type, n.Subject, string(state), int64(0), micros(now), "[]", micros(now), int64(0)})
	}
	_, err = tx.Insert(ctx, Insert{
		Table:   "deliveries",
		Columns: []string{"environment", "id", "endpoint", "notification", "type", "subject", "state", "attempts", "next_attempt_at", "log", "created_at", "finished_at"},
	}, rows)
	if err != nil {
		return fmt.Errorf("save deliveries: %w", err)
	}
	return nil
}

// busySubjects returns the subjects that have unfinished deliveries.
func (s *Store) busySubjects(ctx context.Context, tx Tx, e domain.Endpoint, notifications []domain.Notification) (map[string]bool, error) {
	busy := map[string]bool{}
	var subjects []string
	for _, n := range notifications {
		if n.Subject != "" {
			subjects = append(subjects, n.Subject)
		}
	}
	if len(subjects) == 0 {
		return busy, nil
	}
	slices.Sort(subjects)
	rows, err := tx.Query(ctx, "SELECT DISTINCT subject FROM deliveries WHERE environment = $1 AND endpoint = $2 AND finished_at = 0 AND subject "+s.db.In("$3"),
		string(e.Environment), e.Name, s.db.List(slices.Compact(subjects)))
	_, err = collect(rows, err, func(rows Rows) (subject string, err error) {
		err = rows.Scan(&subject)
		busy[subject] = true
		return subject, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for unfinished deliveries: %w", err)
	}
	return busy, nil
}

// Due implements [store.Deliveries].
func (s *Store) Due(ctx context.Context, env domain.Environment, endpoint string, now time.Time, limit int) (due []store.Due, next time.Time, err error) {
	rows, err := s.db.Query(ctx, "SELECT "+deliveryColumns+" FROM deliveries WHERE environment = $1 AND endpoint = $2 AND state = 'waiting' ORDER BY next_attempt_at, sequence LIMIT $3", string(env), endpoint, limit+1)
	waiting, err := collectDeliveries(env, rows, err)
	if err != nil {
		return nil, next, fmt.Errorf("look for deliveries to endpoint %s: %w", endpoint, err)
	}
	of := map[string]int{}
	for i, d := range waiting {
		if i == limit || d.NextAttemptAt.After(now) {
			next = d.NextAttemptAt
			if !next.After(now) {
				next = now
			}
			break
		}
		due, of[d.Notification] = append(due, store.Due{Delivery: d}), 0
	}
	if len(due) == 0 {
		return nil, next, nil
	}
	rows, err = s.db.Query(ctx, "SELECT "+notificationColumns+" FROM notifications WHERE environment = $1 AND id "+s.db.In("$2"), string(env), s.db.List(slices.Sorted(maps.Keys(of))))
	notifications, err := collectNotifications(env, rows, err)
	if err != nil {
		return nil, next, fmt.Errorf("read notifications for endpoint %s: %w", endpoint, err)
	}
	byID := map[string]domain.Notification{}
	for _, n := range notifications {
		byID[n.ID] = n
	}
	for i := range due {
		due[i].Notification = byID[due[i].Delivery.Notification]
	}
	return due, next, nil
}

// LimitWaits implements [store.Deliveries].
func (s *Store) LimitWaits(ctx context.Context, env domain.Environment, endpoint string, now time.Time, attempts int, limit time.Duration) (n int, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		changed, err := tx.Exec(ctx, "UPDATE deliveries SET next_attempt_at = $1 WHERE environment = $2 AND endpoint = $3 AND state = 'waiting' AND next_attempt_at > $4 AND attempts <= $5",
			micros(now), string(env), endpoint, micros(now.Add(limit)), attempts)
		n = int(changed)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("limit the waits of deliveries to endpoint %s: %w", endpoint, err)
	}
	return n, nil
}

// SaveAttempts implements [store.Deliveries].
func (s *Store) SaveAttempts(ctx context.Context, a store.Attempts) error {
	var rows [][]any
	finished := map[string]bool{} // subjects
	var latest time.Time
	for _, d := range a.Deliveries {
		rows = append(rows, []any{string(d.State), int64(d.Attempts), micros(d.NextAttemptAt), encode(d.Log), micros(d.FinishedAt), string(a.Environment), d.ID})
		if d.FinishedAt.After(latest) {
			latest = d.FinishedAt
		}
		if !d.FinishedAt.IsZero() && d.Subject != "" {
			finished[d.Subject] = true
		}
	}
	update := Update{Table: "deliveries", Set: []string{"state", "attempts", "next_attempt_at", "log", "finished_at"}, Key: []string{"environment", "id"}, And: "deliveries.state = 'waiting'"}
	err := s.db.Tx(ctx, func(tx Tx) error {
		e, err := s.lockEndpoint(ctx, tx, a.Environment, a.Endpoint)
		if err != nil {
			return err
		}
		if _, err := tx.Update(ctx, update, rows); err != nil {
			return fmt.Errorf("save deliveries: %w", err)
		}
		if err := s.releaseHeld(ctx, tx, e, slices.Sorted(maps.Keys(finished)), latest); err != nil {
			return err
		}
		if a.Recovered {
			if _, err := tx.Exec(ctx, "UPDATE deliveries SET next_attempt_at = 0 WHERE environment = $1 AND endpoint = $2 AND state = 'waiting' AND next_attempt_at > 0", string(a.Environment), a.Endpoint); err != nil {
				return err
			}
		}
		if a.Disabled != "" && e.Disabled == "" {
			if _, err := tx.Exec(ctx, "UPDATE endpoints SET disabled = $1, version = version + 1 WHERE environment = $2 AND name = $3", a.Disabled, string(a.Environment), a.Endpoint); err != nil {
				return err
			}
		}
		if a.Failures != e.Failures || !a.PausedUntil.Equal(e.PausedUntil) {
			if _, err := tx.Exec(ctx, "UPDATE endpoints SET failures = $1, paused_until = $2 WHERE environment = $3 AND name = $4", a.Failures, micros(a.PausedUntil), string(a.Environment), a.Endpoint); err != nil {
				return err
			}
		}
		return s.announce(ctx, tx, a.Environment, a.Notifications, a.Audit)
	})
	if err != nil {
		return fmt.Errorf("save attempts at endpoint %s: %w", a.Endpoint, err)
	}
	return nil
}

// releaseHeld makes the next delivery of each subject wait for its attempt. It is due at once,
// although it may have been created when the clock was ahead.
func (s *Store) releaseHeld(ctx context.Context, tx Tx, e domain.Endpoint, subjects []string, now time.Time) error {
	if len(subjects) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, "SELECT min(sequence), min(next_attempt_at) FROM deliveries WHERE environment = $1 AND endpoint = $2 AND finished_at = 0 AND subject "+s.db.In("$3")+" GROUP BY subject HAVING max(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) = 0",
		string(e.Environment), e.Name, s.db.List(subjects))
	first, err := collect(rows, err, func(rows Rows) (key []any, err error) {
		var sequence, due int64
		err = rows.Scan(&sequence, &due)
		return []any{string(domain.DeliveryWaiting), min(due, micros(now)), sequence}, err
	})
	if err == nil {
		_, err = tx.Update(ctx, Update{Table: "deliveries", Set: []string{"state", "next_attempt_at"}, Key: []string{"sequence"}}, first)
	}
	if err != nil {
		return fmt.Errorf("release the next deliveries: %w", err)
	}
	return nil
}

// Redeliver implements [store.Deliveries].
func (s *Store) Redeliver(ctx context.Context, env domain.Environment, endpoint string, what store.Selection, limit int, now time.Time, log []audit.Entry) (n int, last int64, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		n, last = 0, 0
		e, err := s.lockEndpoint(ctx, tx, env, endpoint)
		if err != nil {
			return err
		}
		rows, err := s.selected(ctx, tx, e, what, limit)
		chosen, err := collectNotifications(env, rows, err)
		if err != nil {
			return err
		}
		if len(chosen) == 0 {
			if what.Delivery != "" {
				return store.ErrNotFound
			}
			return nil
		}
		if len(chosen) == limit {
			last = chosen[limit-1].Sequence
		}
		chosen = slices.DeleteFunc(chosen, func(n domain.Notification) bool { return !e.Receives(n.Type) })
		n = len(chosen)
		return errors.Join(s.deliver(ctx, tx, e, chosen, now), s.announce(ctx, tx, env, nil, log))
	})
	if err != nil {
		return 0, 0, fmt.Errorf("replay to endpoint %s: %w", endpoint, err)
	}
	return n, last, nil
}

// selected returns the selected notifications, in order. The plus keeps
// SQLite from going through all notifications in their order instead of looking these up.
func (s *Store) selected(ctx context.Context, tx Tx, e domain.Endpoint, what store.Selection, limit int) (Rows, error) {
	query := "SELECT " + notificationColumns + " FROM notifications WHERE environment = $1 AND "
	env := string(e.Environment)
	switch {
	case what.Delivery != "":
		return tx.Query(ctx, query+"id IN (SELECT notification FROM deliveries WHERE environment = $1 AND id = $2 AND endpoint = $3) ORDER BY +sequence", env, what.Delivery, e.Name)
	case !what.FailedSince.IsZero():
		// Deliveries that were replayed since are left out, and those whose type the endpoint
		// does not receive any more: they would be selected again and again.
		args := []any{env, e.Name, micros(what.FailedSince), limit}
		if len(e.Types) > 0 {
			query += "type " + s.db.In("$5") + " AND "
			args = append(args, s.db.List(e.Types))
		}
		return tx.Query(ctx, query+`id IN (SELECT d.notification FROM deliveries d WHERE d.environment = $1 AND d.endpoint = $2 AND d.state = 'failed' AND d.finished_at >= $3 AND NOT EXISTS
				(SELECT 1 FROM deliveries l WHERE l.environment = $1 AND l.notification = d.notification AND l.endpoint = $2 AND l.sequence > d.sequence))
			ORDER BY +sequence LIMIT $4`, args...)
	default: // later notifications will be delivered anyway
		return tx.Query(ctx, query+"sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT $4", env, what.After, min(what.Until, e.Position), limit)
	}
}

// Delivery implements [store.Deliveries].
func (s *Store) Delivery(ctx context.Context, env domain.Environment, id string) (domain.Delivery, error) {
	rows, err := s.db.Query(ctx, "SELECT "+deliveryColumns+" FROM deliveries WHERE environment = $1 AND id = $2", string(env), id)
	found, err := collectDeliveries(env, rows, err)
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return domain.Delivery{}, fmt.Errorf("read delivery %s: %w", id, err)
	}
	return found[0], nil
}

// Deliveries implements [store.Deliveries].
func (s *Store) Deliveries(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Delivery], error) {
	f.Object = domain.Ref{}
	return list(ctx, s.db, deliveryColumns, "deliveries", env, f, scanDelivery(env))
}

func collectDeliveries(env domain.Environment, rows Rows, err error) ([]domain.Delivery, error) {
	return collect(rows, err, func(rows Rows) (domain.Delivery, error) {
		var sequence int64
		return scanDelivery(env)(rows, &sequence)
	})
}

func scanDelivery(env domain.Environment) func(Rows, *int64) (domain.Delivery, error) {
	return func(rows Rows, sequence *int64) (domain.Delivery, error) {
		d := domain.Delivery{Environment: env}
		var log string
		var next, created, finished int64
		err := rows.Scan(sequence, &d.ID, &d.Endpoint, &d.Notification, &d.Type, &d.Subject, &d.State, &d.Attempts, &next, &log, &created, &finished)
		if err != nil {
			return d, err
		}
		d.NextAttemptAt, d.CreatedAt, d.FinishedAt = moment(next), moment(created), moment(finished)
		return d, json.Unmarshal([]byte(log), &d.Log)
	}
}
