package sqlstore

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
	written := make([]advance, len(advances))
	for i, a := range advances {
		written[i] = write(env, a)
	}
	return s.saves.do(ctx, save{env, written, v})
}

// save holds the arguments of one call of [Store.Save].
type save struct {
	env      domain.Environment
	advances []advance
	verdicts store.Verdicts
}

// advance is an advance with its encoded rows. They are encoded before the transaction,
// because others wait for it.
type advance struct {
	store.Advance
	objects   [][]any // of Objects
	decisions [][]any
}

func write(env domain.Environment, a store.Advance) advance {
	written := advance{Advance: a}
	for _, o := range a.Objects {
		written.objects = append(written.objects, objectRow(env, o))
	}
	for _, d := range a.Decisions {
		written.decisions = append(written.decisions, decisionRow(env, d))
	}
	return written
}

// commitSaves commits several calls, those of one environment in one transaction. If the
// database rejects a value, it commits them individually.
func (s *Store) commitSaves(ctx context.Context, all []save) []result[store.Saved] {
	results := make([]result[store.Saved], len(all))
	of := map[domain.Environment][]int{}
	for i, one := range all {
		of[one.env] = append(of[one.env], i)
	}
	for env, calls := range of {
		var advances []advance
		for _, i := range calls {
			advances = append(advances, all[i].advances...)
		}
		saved, err := s.save(ctx, env, advances, all[calls[len(calls)-1]].verdicts)
		if err != nil && len(calls) > 1 && errors.Is(err, store.ErrRejected) {
			for _, i := range calls {
				results[i].out, results[i].err = s.save(ctx, env, all[i].advances, all[i].verdicts)
			}
			continue
		}
		first := 0
		for n, i := range calls {
			results[i].err = err
			last := first + len(all[i].advances)
			for _, changed := range saved.Changed {
				if changed >= first && changed < last {
					results[i].out.Changed = append(results[i].out.Changed, changed-first)
				}
			}
			if first = last; n == 0 {
				results[i].out.Notifications = saved.Notifications // one of the callers logs them
			}
		}
	}
	return results
}

func (s *Store) save(ctx context.Context, env domain.Environment, advances []advance, v store.Verdicts) (store.Saved, error) {
	var saved store.Saved
	left := make([]int, len(advances)) // indices of the advances that are not saved yet
	for i := range advances {
		left[i] = i
	}
	for len(left) > 0 {
		group := make([]advance, len(left))
		for i, index := range left {
			group[i] = advances[index]
		}
		told, err := s.saveAll(ctx, env, group, v)
		var lost lostError
		switch {
		case errors.As(err, &lost): // save the others without it
			saved.Changed = append(saved.Changed, left[lost.index])
			left = slices.Delete(left, lost.index, lost.index+1)
			continue
		case errors.Is(err, errNewSubject):
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

// lostError means that another process saved an object of an advance first.
type lostError struct{ index int }

func (lostError) Error() string { return store.ErrChanged.Error() }

func (s *Store) saveAll(ctx context.Context, env domain.Environment, advances []advance, v store.Verdicts) (told []domain.Notification, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		told = nil
		if err := s.db.Lock(ctx, tx, subjectLocks(env, advances)); err != nil {
			return fmt.Errorf("lock objects: %w", err)
		}
		if err := saveObjects(ctx, tx, env, advances); err != nil {
			return err
		}
		marked, err := markEvents(ctx, tx, env, advances)
		if err != nil {
			return err
		}
		var decisions [][]any
		var actions []domain.Action
		var notifications []domain.Notification
		var log []audit.Entry
		var jobs []store.Job
		for i, a := range advances {
			decisions, actions, jobs = append(decisions, a.decisions...), append(actions, a.Actions...), append(jobs, a.Jobs...)
			if len(a.Objects) > 0 || marked[i] { // otherwise another process did the same first
				log, notifications = append(log, a.Audit...), append(notifications, a.Notifications...)
			}
		}
		performing, err := s.saveActions(ctx, tx, env, actions)
		if err := errors.Join(err, saveDecisions(ctx, tx, decisions)); err != nil {
			return err
		}
		affectedSubjects, err := s.affectedSubjects(ctx, tx, env, advances)
		if err != nil {
			return err
		}
		if notifications, err = s.withSubjects(ctx, tx, env, notifications); err != nil {
			return err
		}
		for _, n := range notifications { // their rows are locked with the others
			if _, known := affectedSubjects[n.Subject]; !known && n.Subject != "" {
				affectedSubjects[n.Subject] = n.EventID
			}
		}
		e, err := s.evaluate(ctx, tx, env, affectedSubjects, v)
		if err != nil {
			return err
		}
		// The log is locked until the commit, so it is written last.
		if err := s.db.Enqueue(ctx, tx, append(jobs, performing...)); err != nil {
			return err
		}
		told, err = s.writeLog(ctx, tx, env, e, notifications, log)
		return err
	})
	return told, err
}

// subjectLocks returns the locks for the objects of a transaction: an inquiry or account
// has its own, and a case has those of all inquiries and accounts that it is or was
// attached to. So a transaction that saves a case and one that first saves its inquiry run
// one after the other, and the later one sees the relation.
func subjectLocks(env domain.Environment, advances []advance) []string {
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

// isWaiting is the condition for waiting events. It intentionally differs from the condition of
// the partial index on waiting events: PostgreSQL assumes that this index is small and
// would scan all of it for each event.
const isWaiting = "events.state || '' = 'waiting'"

// markEvents sets the states of events, and reports for each advance whether one of its
// events was still waiting. Events that are no longer waiting are not changed.
func markEvents(ctx context.Context, tx Tx, env domain.Environment, advances []advance) (marked []bool, err error) {
	marked = make([]bool, len(advances))
	// PostgreSQL finds the partition by received_at.
	mark := Update{Table: "events", Set: []string{"state", "reason"}, Key: []string{"environment", "id", "received_at"}}
	for and, history := range map[string]bool{isWaiting: false, isWaiting + " AND events.via = 'history'": true} {
		var rows [][]any
		var of []int
		for i, a := range advances {
			for _, m := range a.Events {
				if m.History == history {
					rows, of = append(rows, []any{string(m.State), m.Reason, string(env), m.ID, micros(m.ReceivedAt)}), append(of, i)
				}
			}
		}
		mark.And = and
		done, err := tx.Update(ctx, mark, rows)
		if err != nil {
			return nil, fmt.Errorf("mark events: %w", err)
		}
		for i, was := range done {
			marked[of[i]] = marked[of[i]] || was
		}
	}
	return marked, nil
}

func decisionRow(env domain.Environment, d domain.Decision) []any {
	facts := []byte{}
	if len(d.Facts) > 0 {
		facts = pack(d.Facts)
	}
	return []any{
		string(env), d.ID, d.Object.Type, d.Object.ID, encode(d.Transition), string(d.Result), d.Rule, d.PolicyVersion, d.Explanation, d.Reason, encode(d.Actions), facts, micros(d.DecidedAt),
	}
}

func saveDecisions(ctx context.Context, tx Tx, rows [][]any) error {
	_, err := tx.Insert(ctx, Insert{
		Table:   "decisions",
		Columns: []string{"environment", "id", "object_type", "object_id", "transition", "result", "rule", "policy_version", "explanation", "reason", "actions", "facts", "decided_at"},
	}, rows)
	if err != nil {
		return fmt.Errorf("save decisions: %w", err)
	}
	return nil
}
