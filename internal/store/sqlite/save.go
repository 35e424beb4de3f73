package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Save implements [store.Store].
func (db *DB) Save(ctx context.Context, env domain.Environment, a store.Advance) error {
	return db.tx(ctx, func(tx *sql.Tx) error {
		for _, o := range a.Objects {
			if err := saveObject(ctx, tx, env, o); err != nil {
				return err
			}
		}
		for id, state := range a.Events {
			if _, err := tx.ExecContext(ctx, "UPDATE events SET state = ? WHERE environment = ? AND id = ?", state, env, id); err != nil {
				return fmt.Errorf("mark event %s: %w", id, err)
			}
		}
		for _, d := range a.Decisions {
			_, err := tx.ExecContext(ctx, `INSERT INTO decisions (environment, id, object_type, object_id, transition, rule, policy_version, explanation, actions, decided_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
		return errors.Join(saveNotifications(ctx, tx, a.Notifications), saveAudit(ctx, tx, a.Audit), db.enqueue(ctx, tx, jobs))
	})
}

func insertAction(ctx context.Context, tx *sql.Tx, a domain.Action) (fresh bool, err error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO actions (environment, id, decision_id, kind, object_type, object_id, arguments, expects, derived_key, idempotency_key, key_made_at,
			state, attempts, next_attempt_at, outcome, request_id, result, created_at, finished_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (environment, derived_key) DO NOTHING`,
		a.Environment, a.ID, a.DecisionID, a.Spec.Kind, a.Spec.Target.Type, a.Spec.Target.ID, encode(a.Spec.Arguments), a.Spec.Expects, a.DerivedKey, a.IdempotencyKey, micros(a.KeyMadeAt),
		a.State, a.Attempts, micros(a.NextAttemptAt), a.Outcome, a.RequestID, string(a.Result), micros(a.CreatedAt), micros(a.FinishedAt))
	if err != nil {
		return false, fmt.Errorf("save action %s: %w", a.ID, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// SaveAction implements [store.Store].
func (db *DB) SaveAction(ctx context.Context, a domain.Action, notifications []domain.Notification, log []audit.Entry) error {
	return db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE actions SET idempotency_key = ?, key_made_at = ?, state = ?, attempts = ?, next_attempt_at = ?, outcome = ?, request_id = ?, result = ?, finished_at = ?
			WHERE environment = ? AND id = ?`,
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
		return errors.Join(saveNotifications(ctx, tx, notifications), saveAudit(ctx, tx, log), db.enqueue(ctx, tx, jobs))
	})
}

// nextAction is the job for the action of the same decision that follows a finished
// one.
func nextAction(ctx context.Context, tx *sql.Tx, a domain.Action) ([]store.Job, error) {
	job := store.Job{Kind: store.JobPerform, Environment: a.Environment}
	row := tx.QueryRowContext(ctx, "SELECT id FROM actions WHERE environment = ? AND decision_id = ? AND state = 'waiting' ORDER BY sequence LIMIT 1", a.Environment, a.DecisionID)
	switch err := row.Scan(&job.Action); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("find the action after %s: %w", a.ID, err)
	}
	return []store.Job{job}, nil
}

// dropRest drops the actions of a decision that come after one that did not take
// effect: what they were to follow is not there. A case must not become Approved when
// its inquiry could not be.
func dropRest(ctx context.Context, tx *sql.Tx, a domain.Action) error {
	_, err := tx.ExecContext(ctx, "UPDATE actions SET state = ?, outcome = ?, finished_at = ?, next_attempt_at = 0 WHERE environment = ? AND decision_id = ? AND state = 'waiting'",
		domain.ActionDropped, fmt.Sprintf("%s, which goes before it, is %s", a.ID, a.State), micros(a.FinishedAt), a.Environment, a.DecisionID)
	if err != nil {
		return fmt.Errorf("drop what comes after %s: %w", a.ID, err)
	}
	return nil
}

func saveNotifications(ctx context.Context, tx *sql.Tx, notifications []domain.Notification) error {
	for _, n := range notifications {
		_, err := tx.ExecContext(ctx, `INSERT INTO notifications (environment, id, name, subject, object_type, object_id, verdict, event_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			n.Environment, n.ID, n.Name, n.Subject, n.Object.Type, n.Object.ID, n.Verdict, n.EventID, micros(n.CreatedAt))
		if err != nil {
			return fmt.Errorf("save notification %s: %w", n.ID, err)
		}
	}
	return nil
}

// saveAudit seals entries and puts them at the end of their environment's chain. The
// one writer makes sure that nobody else does at the same time.
func saveAudit(ctx context.Context, tx *sql.Tx, entries []audit.Entry) error {
	for _, e := range entries {
		var previous string
		row := tx.QueryRowContext(ctx, "SELECT sequence, hash FROM audit WHERE environment = ? ORDER BY sequence DESC LIMIT 1", e.Environment)
		if err := row.Scan(&e.Sequence, &previous); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read the end of the audit trail: %w", err)
		}
		e.Sequence++
		e.At = moment(micros(e.At))
		_, err := tx.ExecContext(ctx, "INSERT INTO audit (environment, sequence, at, actor, what, object_type, object_id, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			e.Environment, e.Sequence, micros(e.At), e.Actor, e.What, e.About.Type, e.About.ID, e.Detail, audit.Seal(previous, e))
		if err != nil {
			return fmt.Errorf("write the audit trail: %w", err)
		}
	}
	return nil
}

// AuditTrail implements [store.Store].
func (db *DB) AuditTrail(ctx context.Context, env domain.Environment, after int64, limit int) ([]audit.Entry, error) {
	rows, err := db.read.QueryContext(ctx, "SELECT sequence, at, actor, what, object_type, object_id, detail, hash FROM audit WHERE environment = ? AND sequence > ? ORDER BY sequence LIMIT ?", env, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	defer rows.Close()
	var entries []audit.Entry
	for rows.Next() {
		e := audit.Entry{Environment: env}
		var at int64
		if err := rows.Scan(&e.Sequence, &at, &e.Actor, &e.What, &e.About.Type, &e.About.ID, &e.Detail, &e.Hash); err != nil {
			return nil, fmt.Errorf("read the audit trail: %w", err)
		}
		e.At = moment(at)
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

const actionColumns = `sequence, id, decision_id, kind, object_type, object_id, arguments, expects, derived_key, idempotency_key, key_made_at, state, attempts,
	next_attempt_at, outcome, request_id, result, created_at, finished_at`

// Action implements [store.Store].
func (db *DB) Action(ctx context.Context, env domain.Environment, id string) (domain.Action, error) {
	rows, err := db.read.QueryContext(ctx, "SELECT "+actionColumns+" FROM actions WHERE environment = ? AND id = ?", env, id)
	if err != nil {
		return domain.Action{}, fmt.Errorf("read action %s: %w", id, err)
	}
	defer rows.Close()
	if !rows.Next() {
		return domain.Action{}, errors.Join(rows.Err(), fmt.Errorf("read action %s: %w", id, store.ErrNotFound))
	}
	var sequence int64
	return scanAction(env)(rows, &sequence)
}

// Actions implements [store.Store].
func (db *DB) Actions(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Action], error) {
	return list(ctx, db, actionColumns, "actions", env, f, scanAction(env))
}

func scanAction(env domain.Environment) func(*sql.Rows, *int64) (domain.Action, error) {
	return func(rows *sql.Rows, sequence *int64) (domain.Action, error) {
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
func (db *DB) Decisions(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Decision], error) {
	f.State = ""
	return list(ctx, db, "sequence, id, object_type, object_id, transition, rule, policy_version, explanation, actions, decided_at", "decisions", env, f,
		func(rows *sql.Rows, sequence *int64) (domain.Decision, error) {
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
func (db *DB) Notifications(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Notification], error) {
	f.State = ""
	return list(ctx, db, "sequence, id, name, subject, object_type, object_id, verdict, event_id, created_at", "notifications", env, f,
		func(rows *sql.Rows, sequence *int64) (domain.Notification, error) {
			n := domain.Notification{Environment: env}
			var created int64
			err := rows.Scan(sequence, &n.ID, &n.Name, &n.Subject, &n.Object.Type, &n.Object.ID, &n.Verdict, &n.EventID, &created)
			n.CreatedAt = moment(created)
			return n, err
		})
}
