package tables

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Save implements [store.Store].
func (s *Store) Save(ctx context.Context, env domain.Environment, a store.Advance) error {
	return s.db.Tx(ctx, func(tx Tx) error {
		for _, o := range a.Objects {
			if err := saveObject(ctx, tx, env, o); err != nil {
				return err
			}
		}
		for id, state := range a.Events {
			mark := "UPDATE events SET state = $1 WHERE environment = $2 AND id = $3"
			if slices.Contains(a.History, id) {
				mark += " AND via = 'history'"
			}
			if _, err := tx.Exec(ctx, mark, state, env, id); err != nil {
				return fmt.Errorf("mark event %s: %w", id, err)
			}
		}
		for _, d := range a.Decisions {
			_, err := tx.Exec(ctx, `INSERT INTO decisions (environment, id, object_type, object_id, transition, rule, policy_version, explanation, actions, decided_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
				env, d.ID, d.Object.Type, d.Object.ID, encode(d.Transition), d.Rule, d.PolicyVersion, d.Explanation, encode(d.Actions), micros(d.DecidedAt))
			if err != nil {
				return fmt.Errorf("save decision %s: %w", d.ID, err)
			}
		}
		var jobs []store.Job
		begun := map[string]bool{} // decisions whose first action has its job
		for _, action := range a.Actions {
			fresh, err := insertAction(ctx, tx, action)
			if err != nil {
				return err
			}
			if fresh && !begun[action.DecisionID] {
				begun[action.DecisionID] = true
				jobs = append(jobs, store.Job{Kind: store.JobPerform, Environment: env, Action: action.ID})
			}
		}
		return errors.Join(saveNotifications(ctx, tx, a.Notifications), s.saveAudit(ctx, tx, a.Audit), s.db.Enqueue(ctx, tx, jobs))
	})
}

func insertAction(ctx context.Context, tx Tx, a domain.Action) (fresh bool, err error) {
	changed, err := tx.Exec(ctx, `INSERT INTO actions (environment, id, decision_id, kind, object_type, object_id, arguments, expects, derived_key, idempotency_key, key_made_at,
			state, attempts, next_attempt_at, outcome, request_id, result, created_at, finished_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) ON CONFLICT (environment, derived_key) DO NOTHING`,
		a.Environment, a.ID, a.DecisionID, a.Spec.Kind, a.Spec.Target.Type, a.Spec.Target.ID, encode(a.Spec.Arguments), a.Spec.Expects, a.DerivedKey, a.IdempotencyKey, micros(a.KeyMadeAt),
		a.State, a.Attempts, micros(a.NextAttemptAt), a.Outcome, a.RequestID, string(a.Result), micros(a.CreatedAt), micros(a.FinishedAt))
	if err != nil {
		return false, fmt.Errorf("save action %s: %w", a.ID, err)
	}
	return changed == 1, nil
}

// SaveAction implements [store.Store].
func (s *Store) SaveAction(ctx context.Context, a domain.Action, notifications []domain.Notification, log []audit.Entry) error {
	return s.db.Tx(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE actions SET idempotency_key = $1, key_made_at = $2, state = $3, attempts = $4, next_attempt_at = $5, outcome = $6, request_id = $7, result = $8, finished_at = $9
			WHERE environment = $10 AND id = $11`,
			a.IdempotencyKey, micros(a.KeyMadeAt), a.State, a.Attempts, micros(a.NextAttemptAt), a.Outcome, a.RequestID, string(a.Result), micros(a.FinishedAt), a.Environment, a.ID)
		if err != nil {
			return fmt.Errorf("save action %s: %w", a.ID, err)
		}
		var jobs []store.Job
		switch {
		case a.State == domain.ActionDropped || a.State == domain.ActionDead:
			if err := dropRest(ctx, tx, a); err != nil {
				return err
			}
		case a.State != domain.ActionWaiting:
			if jobs, err = nextAction(ctx, tx, a); err != nil {
				return err
			}
		case !a.NextAttemptAt.IsZero():
			jobs = []store.Job{{Kind: store.JobPerform, Environment: a.Environment, Action: a.ID, At: a.NextAttemptAt}}
		}
		return errors.Join(saveNotifications(ctx, tx, notifications), s.saveAudit(ctx, tx, log), s.db.Enqueue(ctx, tx, jobs))
	})
}

// Revive implements [store.Store].
func (s *Store) Revive(ctx context.Context, env domain.Environment, id, idempotencyKey string, now time.Time, log []audit.Entry) error {
	return s.db.Tx(ctx, func(tx Tx) error {
		changed, err := tx.Exec(ctx, `UPDATE actions SET state = 'waiting', attempts = 0, next_attempt_at = 0, outcome = '', finished_at = 0, idempotency_key = $1, key_made_at = $2
			WHERE environment = $3 AND id = $4 AND state = 'dead'`, idempotencyKey, micros(now), env, id)
		if err != nil {
			return fmt.Errorf("revive action %s: %w", id, err)
		}
		if changed == 0 {
			return fmt.Errorf("revive action %s: %w", id, store.ErrNotFound)
		}
		_, err = tx.Exec(ctx, `UPDATE actions SET state = 'waiting', outcome = '', finished_at = 0 WHERE environment = $1 AND state = 'dropped' AND outcome LIKE $2
			AND decision_id = (SELECT decision_id FROM actions WHERE environment = $3 AND id = $4)`, env, goesBefore(id)+"%", env, id)
		if err != nil {
			return fmt.Errorf("revive what comes after %s: %w", id, err)
		}
		return errors.Join(s.saveAudit(ctx, tx, log), s.db.Enqueue(ctx, tx, []store.Job{{Kind: store.JobPerform, Environment: env, Action: id}}))
	})
}

// goesBefore begins the outcome of what was dropped because of an action before it.
func goesBefore(id string) string { return id + ", which goes before it, is " }

// nextAction is the job for the action of the same decision that follows a finished
// one.
func nextAction(ctx context.Context, tx Tx, a domain.Action) ([]store.Job, error) {
	job := store.Job{Kind: store.JobPerform, Environment: a.Environment}
	found, err := one(ctx, tx, "SELECT id FROM actions WHERE environment = $1 AND decision_id = $2 AND state = 'waiting' ORDER BY sequence LIMIT 1",
		[]any{a.Environment, a.DecisionID}, &job.Action)
	if err != nil {
		return nil, fmt.Errorf("find the action after %s: %w", a.ID, err)
	}
	if !found {
		return nil, nil
	}
	return []store.Job{job}, nil
}

// dropRest drops the actions of a decision that come after one that did not take
// effect: what they were to follow is not there. A case must not become Approved when
// its inquiry could not be.
func dropRest(ctx context.Context, tx Tx, a domain.Action) error {
	_, err := tx.Exec(ctx, "UPDATE actions SET state = $1, outcome = $2, finished_at = $3, next_attempt_at = 0 WHERE environment = $4 AND decision_id = $5 AND state = 'waiting'",
		domain.ActionDropped, goesBefore(a.ID)+string(a.State), micros(a.FinishedAt), a.Environment, a.DecisionID)
	if err != nil {
		return fmt.Errorf("drop what comes after %s: %w", a.ID, err)
	}
	return nil
}

func saveNotifications(ctx context.Context, tx Tx, notifications []domain.Notification) error {
	for _, n := range notifications {
		_, err := tx.Exec(ctx, `INSERT INTO notifications (environment, id, name, subject, object_type, object_id, verdict, event_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			n.Environment, n.ID, n.Name, n.Subject, n.Object.Type, n.Object.ID, n.Verdict, n.EventID, micros(n.CreatedAt))
		if err != nil {
			return fmt.Errorf("save notification %s: %w", n.ID, err)
		}
	}
	return nil
}

// saveAudit seals entries and puts them at the end of their environment's chain, which
// nobody else adds to at the same time.
func (s *Store) saveAudit(ctx context.Context, tx Tx, entries []audit.Entry) error {
	for i, e := range entries {
		if i == 0 {
			if err := s.db.Alone(ctx, tx, e.Environment, "audit"); err != nil {
				return fmt.Errorf("write the audit trail: %w", err)
			}
		}
		var previous string
		if _, err := one(ctx, tx, "SELECT sequence, hash FROM audit WHERE environment = $1 ORDER BY sequence DESC LIMIT 1", []any{e.Environment}, &e.Sequence, &previous); err != nil {
			return fmt.Errorf("read the end of the audit trail: %w", err)
		}
		e.Sequence++
		e.At = moment(micros(e.At))
		_, err := tx.Exec(ctx, "INSERT INTO audit (environment, sequence, at, actor, what, object_type, object_id, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
			e.Environment, e.Sequence, micros(e.At), e.Actor, e.What, e.About.Type, e.About.ID, e.Detail, audit.Seal(previous, e))
		if err != nil {
			return fmt.Errorf("write the audit trail: %w", err)
		}
	}
	return nil
}

// AuditTrail implements [store.Store].
func (s *Store) AuditTrail(ctx context.Context, env domain.Environment, after int64, limit int) ([]audit.Entry, error) {
	rows, err := s.db.Query(ctx, "SELECT sequence, at, actor, what, object_type, object_id, detail, hash FROM audit WHERE environment = $1 AND sequence > $2 ORDER BY sequence LIMIT $3", env, after, limit)
	entries, err := collect(rows, err, func(rows Rows) (audit.Entry, error) {
		e := audit.Entry{Environment: env}
		var at int64
		err := rows.Scan(&e.Sequence, &at, &e.Actor, &e.What, &e.About.Type, &e.About.ID, &e.Detail, &e.Hash)
		e.At = moment(at)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	return entries, nil
}

const actionColumns = `sequence, id, decision_id, kind, object_type, object_id, arguments, expects, derived_key, idempotency_key, key_made_at, state, attempts,
	next_attempt_at, outcome, request_id, result, created_at, finished_at`

// Action implements [store.Store].
func (s *Store) Action(ctx context.Context, env domain.Environment, id string) (domain.Action, error) {
	rows, err := s.db.Query(ctx, "SELECT "+actionColumns+" FROM actions WHERE environment = $1 AND id = $2", env, id)
	found, err := collect(rows, err, func(rows Rows) (domain.Action, error) {
		var sequence int64
		return scanAction(env)(rows, &sequence)
	})
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return domain.Action{}, fmt.Errorf("read action %s: %w", id, err)
	}
	return found[0], nil
}

// Actions implements [store.Store].
func (s *Store) Actions(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Action], error) {
	return list(ctx, s.db, actionColumns, "actions", env, f, scanAction(env))
}

func scanAction(env domain.Environment) func(Rows, *int64) (domain.Action, error) {
	return func(rows Rows, sequence *int64) (domain.Action, error) {
		a := domain.Action{Environment: env}
		var arguments, result string
		var keyMade, next, created, finished int64
		err := rows.Scan(sequence, &a.ID, &a.DecisionID, &a.Spec.Kind, &a.Spec.Target.Type, &a.Spec.Target.ID, &arguments, &a.Spec.Expects, &a.DerivedKey, &a.IdempotencyKey, &keyMade,
			&a.State, &a.Attempts, &next, &a.Outcome, &a.RequestID, &result, &created, &finished)
		if err != nil {
			return a, err
		}
		a.KeyMadeAt, a.NextAttemptAt, a.CreatedAt, a.FinishedAt = moment(keyMade), moment(next), moment(created), moment(finished)
		if result != "" {
			a.Result = json.RawMessage(result)
		}
		return a, json.Unmarshal([]byte(arguments), &a.Spec.Arguments)
	}
}

// Decisions implements [store.Store].
func (s *Store) Decisions(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Decision], error) {
	f.State = ""
	return list(ctx, s.db, "sequence, id, object_type, object_id, transition, rule, policy_version, explanation, actions, decided_at", "decisions", env, f,
		func(rows Rows, sequence *int64) (domain.Decision, error) {
			d := domain.Decision{Environment: env}
			var transition, actions string
			var decided int64
			err := rows.Scan(sequence, &d.ID, &d.Object.Type, &d.Object.ID, &transition, &d.Rule, &d.PolicyVersion, &d.Explanation, &actions, &decided)
			if err != nil {
				return d, err
			}
			d.DecidedAt = moment(decided)
			return d, errors.Join(json.Unmarshal([]byte(transition), &d.Transition), json.Unmarshal([]byte(actions), &d.Actions))
		})
}

// Notifications implements [store.Store].
func (s *Store) Notifications(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Notification], error) {
	f.State = ""
	return list(ctx, s.db, "sequence, id, name, subject, object_type, object_id, verdict, event_id, created_at", "notifications", env, f,
		func(rows Rows, sequence *int64) (domain.Notification, error) {
			n := domain.Notification{Environment: env}
			var created int64
			err := rows.Scan(&n.Sequence, &n.ID, &n.Name, &n.Subject, &n.Object.Type, &n.Object.ID, &n.Verdict, &n.EventID, &created)
			n.CreatedAt, *sequence = moment(created), n.Sequence
			return n, err
		})
}
