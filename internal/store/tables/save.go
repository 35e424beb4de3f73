package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Save implements [store.Store].
func (s *Store) Save(ctx context.Context, env domain.Environment, advances []store.Advance, v store.Verdicts) (store.Saved, error) {
	var saved store.Saved
	left := make([]int, len(advances)) // indices of those that are still to be saved
	for i := range advances {
		left[i] = i
	}
	for len(left) > 0 {
		group := make([]store.Advance, len(left))
		for i, index := range left {
			group[i] = advances[index]
		}
		told, err := s.saveAll(ctx, env, group, v)
		var lost lostError
		switch {
		case errors.As(err, &lost): // the others are saved without it
			saved.Changed = append(saved.Changed, left[lost.index])
			left = slices.Delete(left, lost.index, lost.index+1)
			continue
		case err != nil && s.db.Rejects(err):
			return saved, fmt.Errorf("%w: %w", store.ErrRejected, err)
		case err != nil:
			return saved, err
		}
		saved.Notifications = told
		break
	}
	slices.Sort(saved.Changed)
	return saved, nil
}

// lostError means that an object of an advance was saved by somebody else.
type lostError struct{ index int }

func (lostError) Error() string { return store.ErrChanged.Error() }

func (s *Store) saveAll(ctx context.Context, env domain.Environment, advances []store.Advance, v store.Verdicts) (told []domain.Notification, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		told = nil
		if err := s.db.Lock(ctx, tx, subjectLocks(env, advances)); err != nil {
			return fmt.Errorf("lock what verdicts are made of: %w", err)
		}
		if err := saveObjects(ctx, tx, env, advances); err != nil {
			return err
		}
		marked, err := markEvents(ctx, tx, env, advances)
		if err != nil {
			return err
		}
		var decisions []domain.Decision
		var actions []domain.Action
		var log []audit.Entry
		var jobs []store.Job
		for i, a := range advances {
			decisions, actions, jobs = append(decisions, a.Decisions...), append(actions, a.Actions...), append(jobs, a.Jobs...)
			if len(a.Objects) > 0 || marked[i] { // else somebody else did the same first
				log = append(log, a.Audit...)
			}
		}
		performing, err := saveActions(ctx, tx, env, actions)
		if err := errors.Join(err, saveDecisions(ctx, tx, env, decisions)); err != nil {
			return err
		}
		touched, err := s.touched(ctx, tx, env, advances)
		if err != nil {
			return err
		}
		e, err := s.evaluate(ctx, tx, env, touched, v)
		if err != nil {
			return err
		}
		told = e.told
		return errors.Join(s.tell(ctx, tx, env, e, nil, log), s.db.Enqueue(ctx, tx, append(jobs, performing...)))
	})
	return told, err
}

// subjectLocks are what transactions lock for the objects that they save: an inquiry and
// an account by itself, a case by all of those that it is or was about. So the one that
// saves a case and the one that saves its inquiry for the first time follow each other,
// and the later one finds out whose case it is.
func subjectLocks(env domain.Environment, advances []store.Advance) []string {
	var names []string
	for _, a := range advances {
		for _, o := range append(slices.Clone(a.Objects), a.Before) {
			switch o.Ref.Family() {
			case "inquiry", "account":
				names = append(names, fmt.Sprintf("object %s %s", env, o.Ref))
			case "case":
				for _, ref := range subjectRefs(o) {
					names = append(names, fmt.Sprintf("object %s %s", env, ref))
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// markEvents says what became of events, and reports for each advance whether one of its
// events waited until now. One that does not wait any more stays as it is.
func markEvents(ctx context.Context, tx Tx, env domain.Environment, advances []store.Advance) (marked []bool, err error) {
	marked = make([]bool, len(advances))
	// PostgreSQL finds the partition by received_at.
	const mark = "UPDATE events SET state = $1, reason = $2 WHERE environment = $3 AND id = $4 AND received_at = $5 AND state = 'waiting'"
	for query, history := range map[string]bool{mark: false, mark + " AND via = 'history'": true} {
		var rows [][]any
		var of []int
		for i, a := range advances {
			for _, m := range a.Events {
				if m.History == history {
					rows, of = append(rows, []any{m.State, m.Reason, env, m.ID, micros(m.ReceivedAt)}), append(of, i)
				}
			}
		}
		changed, err := tx.ExecAll(ctx, query, rows)
		if err != nil {
			return nil, fmt.Errorf("mark events: %w", err)
		}
		for i, n := range changed {
			marked[of[i]] = marked[of[i]] || n > 0
		}
	}
	return marked, nil
}

func saveDecisions(ctx context.Context, tx Tx, env domain.Environment, decisions []domain.Decision) error {
	var rows [][]any
	for _, d := range decisions {
		facts := []byte{}
		if len(d.Facts) > 0 {
			facts = pack(d.Facts)
		}
		rows = append(rows, []any{env, d.ID, d.Object.Type, d.Object.ID, encode(d.Transition), d.Result, d.Rule, d.PolicyVersion, d.Explanation, d.Reason, encode(d.Actions), facts, micros(d.DecidedAt)})
	}
	_, err := tx.ExecAll(ctx, `INSERT INTO decisions (environment, id, object_type, object_id, transition, result, rule, policy_version, explanation, reason, actions, facts, decided_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, rows)
	if err != nil {
		return fmt.Errorf("save decisions: %w", err)
	}
	return nil
}

func saveNotifications(ctx context.Context, tx Tx, notifications []domain.Notification) error {
	var rows [][]any
	for _, n := range notifications {
		rows = append(rows, []any{n.Environment, n.ID, n.Name, n.Subject, n.Object.Type, n.Object.ID, n.Verdict, n.EventID, micros(n.CreatedAt)})
	}
	_, err := tx.ExecAll(ctx, `INSERT INTO notifications (environment, id, name, subject, object_type, object_id, verdict, event_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, rows)
	if err != nil {
		return fmt.Errorf("save notifications: %w", err)
	}
	return nil
}
