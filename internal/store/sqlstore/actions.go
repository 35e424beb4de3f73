package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// saveActions stores actions with new derived keys, and returns a job for the first waiting
// action of each decision.
func (s *Store) saveActions(ctx context.Context, tx Tx, env domain.Environment, actions []domain.Action) ([]store.Job, error) {
	var rows [][]any
	for _, a := range actions {
		rows = append(rows, []any{
			string(a.Environment), a.ID, a.DecisionID, string(a.Spec.Kind), a.Spec.Target.Type, a.Spec.Target.ID, encode(a.Spec.Arguments), a.Spec.Expects, a.DerivedKey, a.IdempotencyKey, micros(a.KeyMadeAt),
			string(a.State), int64(a.Attempts), micros(a.NextAttemptAt), a.Outcome, a.Said, a.RequestID, s.sealResult(a), micros(a.CreatedAt), micros(a.FinishedAt), int64(1),
		})
	}
	done, err := tx.Insert(ctx, Insert{
		Table: "actions",
		Columns: []string{
			"environment", "id", "decision_id", "kind", "object_type", "object_id", "arguments", "expects", "derived_key", "idempotency_key", "key_made_at",
			"state", "attempts", "next_attempt_at", "outcome", "said", "request_id", "result", "created_at", "finished_at", "version",
		},
		Unless: []string{"environment", "derived_key"},
	}, rows)
	if err != nil {
		return nil, fmt.Errorf("save actions: %w", err)
	}
	var jobs []store.Job
	begun := map[string]bool{} // decisions whose first action has a job
	for i, a := range actions {
		if done[i] && a.State == domain.ActionWaiting && !begun[a.DecisionID] {
			begun[a.DecisionID] = true
			jobs = append(jobs, store.Job{Kind: store.JobPerform, Environment: env, Action: a.ID})
		}
	}
	return jobs, nil
}

// SaveAction implements [store.Store].
func (s *Store) SaveAction(ctx context.Context, a domain.Action, notifications []domain.Notification, log []audit.Entry) (version int64, err error) {
	return s.actions.do(ctx, actionSave{a, notifications, log})
}

// actionSave holds the arguments of one call of [Store.SaveAction].
type actionSave struct {
	action        domain.Action
	notifications []domain.Notification
	log           []audit.Entry
}

// commitActions commits several calls, those of one environment in one transaction.
func (s *Store) commitActions(ctx context.Context, all []actionSave) []result[int64] {
	results := make([]result[int64], len(all))
	of := map[domain.Environment][]int{}
	for i, one := range all {
		of[one.action.Environment] = append(of[one.action.Environment], i)
	}
	for env, calls := range of {
		given := make([]actionSave, len(calls))
		for n, i := range calls {
			given[n] = all[i]
		}
		done, err := s.updateActions(ctx, env, given)
		if err != nil && len(calls) > 1 && s.db.Rejects(err) { // the database rejects a value of one call: commit them individually
			for n, i := range calls {
				results[i] = s.updateAction(ctx, env, given[n])
			}
			continue
		}
		for n, i := range calls {
			results[i] = saved(given[n].action, err == nil && done[n], err)
		}
	}
	return results
}

func (s *Store) updateAction(ctx context.Context, env domain.Environment, given actionSave) result[int64] {
	done, err := s.updateActions(ctx, env, []actionSave{given})
	return saved(given.action, err == nil && done[0], err)
}

func saved(a domain.Action, done bool, err error) result[int64] {
	if err == nil && !done {
		err = store.ErrChanged
	}
	if err != nil {
		return result[int64]{err: fmt.Errorf("save action %s: %w", a.ID, err)}
	}
	return result[int64]{out: a.Version + 1}
}

// updateActions saves actions whose stored versions have not changed, with the consequences
// of each, and reports which were saved.
func (s *Store) updateActions(ctx context.Context, env domain.Environment, given []actionSave) (done []bool, err error) {
	var rows [][]any
	for _, g := range given {
		a := g.action
		rows = append(rows, []any{
			a.IdempotencyKey, micros(a.KeyMadeAt), string(a.State), int64(a.Attempts), micros(a.NextAttemptAt), a.Outcome, a.Said, a.RequestID, s.sealResult(a), micros(a.FinishedAt),
			string(env), a.ID, a.Version,
		})
	}
	update := Update{
		Table: "actions",
		Set:   []string{"idempotency_key", "key_made_at", "state", "attempts", "next_attempt_at", "outcome", "said", "request_id", "result", "finished_at"},
		Count: "version", Key: []string{"environment", "id", "version"}, And: "actions.state = 'waiting'",
	}
	err = s.db.Tx(ctx, func(tx Tx) (err error) {
		if done, err = tx.Update(ctx, update, rows); err != nil {
			return err
		}
		var jobs []store.Job
		var notifications []domain.Notification
		var log []audit.Entry
		var tookEffect []string // decisions whose next action is due
		for i, g := range given {
			if !done[i] {
				continue
			}
			notifications, log = append(notifications, g.notifications...), append(log, g.log...)
			switch a := g.action; {
			case a.State == domain.ActionDropped || a.State == domain.ActionDead:
				if err := dropRest(ctx, tx, a); err != nil {
					return err
				}
			case a.State != domain.ActionWaiting:
				tookEffect = append(tookEffect, a.DecisionID)
			case !a.NextAttemptAt.IsZero():
				jobs = append(jobs, store.Job{Kind: store.JobPerform, Environment: env, Action: a.ID, At: a.NextAttemptAt})
			}
		}
		next, err := s.nextActions(ctx, tx, env, tookEffect)
		if err != nil {
			return err
		}
		return errors.Join(s.announce(ctx, tx, env, notifications, log), s.db.Enqueue(ctx, tx, append(jobs, next...)))
	})
	return done, err
}

// Revive implements [store.Store].
func (s *Store) Revive(ctx context.Context, env domain.Environment, id, idempotencyKey string, now time.Time, log []audit.Entry) error {
	return s.db.Tx(ctx, func(tx Tx) error {
		changed, err := tx.Exec(ctx, `UPDATE actions SET state = 'waiting', attempts = 0, next_attempt_at = 0, outcome = '', said = '', finished_at = 0, idempotency_key = $1, key_made_at = $2, version = version + 1
			WHERE environment = $3 AND id = $4 AND state = 'dead'`, idempotencyKey, micros(now), env, id)
		if err != nil {
			return fmt.Errorf("requeue action %s: %w", id, err)
		}
		if changed == 0 {
			return fmt.Errorf("requeue action %s: %w", id, store.ErrNotFound)
		}
		_, err = tx.Exec(ctx, `UPDATE actions SET state = 'waiting', outcome = '', finished_at = 0, version = version + 1 WHERE environment = $1 AND state = 'dropped' AND outcome LIKE $2
			AND decision_id = (SELECT decision_id FROM actions WHERE environment = $3 AND id = $4)`, env, goesBefore(id)+"%", env, id)
		if err != nil {
			return fmt.Errorf("requeue the actions after %s: %w", id, err)
		}
		return errors.Join(s.announce(ctx, tx, env, nil, log), s.db.Enqueue(ctx, tx, []store.Job{{Kind: store.JobPerform, Environment: env, Action: id}}))
	})
}

// goesBefore returns the start of the outcome of actions that were dropped because of the
// action id.
func goesBefore(id string) string { return id + ", which goes before it, is " }

// nextActions returns jobs for the first waiting action of each decision.
func (s *Store) nextActions(ctx context.Context, tx Tx, env domain.Environment, decisions []string) ([]store.Job, error) {
	if len(decisions) == 0 {
		return nil, nil
	}
	var jobs []store.Job
	begun := map[string]bool{}
	rows, err := tx.Query(ctx, "SELECT id, decision_id FROM actions WHERE environment = $1 AND decision_id "+s.db.In("$2")+" AND state = 'waiting' ORDER BY sequence", env, s.db.List(decisions))
	_, err = collect(rows, err, func(rows Rows) (decision string, err error) {
		job := store.Job{Kind: store.JobPerform, Environment: env}
		if err = rows.Scan(&job.Action, &decision); err == nil && !begun[decision] {
			begun[decision] = true
			jobs = append(jobs, job)
		}
		return decision, err
	})
	if err != nil {
		return nil, fmt.Errorf("find the next actions: %w", err)
	}
	return jobs, nil
}

// dropRest drops the actions of a decision that follow one without effect, since they
// depend on it: a case must not become Approved when its inquiry could not be approved.
func dropRest(ctx context.Context, tx Tx, a domain.Action) error {
	_, err := tx.Exec(ctx, "UPDATE actions SET state = $1, outcome = $2, finished_at = $3, next_attempt_at = 0, version = version + 1 WHERE environment = $4 AND decision_id = $5 AND state = 'waiting'",
		domain.ActionDropped, goesBefore(a.ID)+string(a.State), micros(a.FinishedAt), a.Environment, a.DecisionID)
	if err != nil {
		return fmt.Errorf("drop the actions after %s: %w", a.ID, err)
	}
	return nil
}

const actionColumns = `sequence, id, decision_id, kind, object_type, object_id, arguments, expects, derived_key, idempotency_key, key_made_at, state, attempts,
	next_attempt_at, outcome, said, request_id, result, created_at, finished_at, version`

// Action implements [store.Store].
func (s *Store) Action(ctx context.Context, env domain.Environment, id string) (domain.Action, error) {
	rows, err := s.db.Query(ctx, "SELECT "+actionColumns+" FROM actions WHERE environment = $1 AND id = $2", env, id)
	found, err := collect(rows, err, func(rows Rows) (domain.Action, error) {
		var sequence int64
		return s.scanAction(env)(rows, &sequence)
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
	return list(ctx, s.db, actionColumns, "actions", env, f, s.scanAction(env))
}

func (s *Store) scanAction(env domain.Environment) func(Rows, *int64) (domain.Action, error) {
	return func(rows Rows, sequence *int64) (domain.Action, error) {
		a := domain.Action{Environment: env}
		var arguments, result string
		var keyMade, next, created, finished int64
		err := rows.Scan(sequence, &a.ID, &a.DecisionID, &a.Spec.Kind, &a.Spec.Target.Type, &a.Spec.Target.ID, &arguments, &a.Spec.Expects, &a.DerivedKey, &a.IdempotencyKey, &keyMade,
			&a.State, &a.Attempts, &next, &a.Outcome, &a.Said, &a.RequestID, &result, &created, &finished, &a.Version)
		if err != nil {
			return a, err
		}
		a.KeyMadeAt, a.NextAttemptAt, a.CreatedAt, a.FinishedAt = moment(keyMade), moment(next), moment(created), moment(finished)
		a.Result = s.openResult(a, result)
		return a, json.Unmarshal([]byte(arguments), &a.Spec.Arguments)
	}
}
