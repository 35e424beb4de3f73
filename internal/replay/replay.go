// Package replay processes events and actions again when a person asks for it: for example
// an event that an older version could not read, or an action that Persona rejected until
// something was fixed.
//
// Replaying is safe. An event changes nothing if its object already shows it, and is
// decided on only if no decision was made before. An action first checks whether it is
// still wanted.
package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/store"
)

// Store is the part of [store.Store] that replaying needs.
type Store interface {
	Event(ctx context.Context, env domain.Environment, id string) (domain.Event, error)
	Events(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Event], error)
	Objects(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Object], error)
	Requeue(ctx context.Context, env domain.Environment, ids []string, log []audit.Entry) (int, error)
	Action(ctx context.Context, env domain.Environment, id string) (domain.Action, error)
	Revive(ctx context.Context, env domain.Environment, id, idempotencyKey string, now time.Time, log []audit.Entry) error
}

// ErrNothing means that a selection is empty.
var ErrNothing = errors.New("say what to replay: an event, an object, a state, or a time")

// ErrTimes means that the end of a selection is not after its start.
var ErrTimes = errors.New("the time to replay from must be before the time to replay to")

// UnknownError means that there is no such event, object or action. It matches
// [store.ErrNotFound].
type UnknownError struct{ Problem string }

func (e *UnknownError) Error() string { return e.Problem }

// Is reports whether target is [store.ErrNotFound].
func (e *UnknownError) Is(target error) bool { return target == store.ErrNotFound }

// NotDeadError means that an action is not dead. It matches [store.ErrNotFound], as the error
// of the store does.
type NotDeadError struct {
	Action string
	State  domain.ActionState
}

func (e *NotDeadError) Error() string {
	return fmt.Sprintf("the action %s is %s: only dead actions are replayed", e.Action, e.State)
}

// Is reports whether target is [store.ErrNotFound].
func (e *NotDeadError) Is(target error) bool { return target == store.ErrNotFound }

// unknown returns an [UnknownError] for a row that the environment does not have.
func unknown(env domain.Environment, what, id string) error {
	return &UnknownError{fmt.Sprintf("there is no %s %q in the %s environment", what, id, env)}
}

// Selection selects the events to replay. An event must match all fields that are set.
type Selection struct {
	Event    string            // the id of one event
	Object   string            // the id of the object that the events are about
	State    domain.EventState // such as poison
	From, To time.Time         // when the events were received; To is excluded
}

// Events marks events as waiting again and returns how many. Events of types that no
// objects are kept of stay as they are. An unknown event or object is an [UnknownError].
// The actor is recorded in the audit trail.
func Events(ctx context.Context, s Store, env domain.Environment, what Selection, actor string, now time.Time) (int, error) {
	if what == (Selection{}) {
		return 0, ErrNothing
	}
	if !what.To.IsZero() && !what.From.Before(what.To) {
		return 0, ErrTimes
	}
	if what.Event != "" {
		return event(ctx, s, env, what, actor, now)
	}
	if what.Object != "" {
		if err := known(ctx, s, env, what.Object); err != nil {
			return 0, err
		}
	}
	replayed := 0
	filter := store.Filter{State: string(what.State), Limit: 100}
	if what.Object != "" {
		filter.Object.ID = what.Object
	}
	for {
		page, err := s.Events(ctx, env, filter)
		if err != nil {
			return replayed, err
		}
		n, err := requeue(ctx, s, env, replayable(page.Rows, what), actor, now)
		if replayed += n; err != nil {
			return replayed, err
		}
		// A clock that was behind may have dated some of the events too early: one of them does
		// not mean that all before it are older.
		recent := slices.ContainsFunc(page.Rows, func(e domain.Event) bool { return !e.ReceivedAt.Before(what.From) })
		if page.Next == 0 || !recent {
			return replayed, nil
		}
		filter.Before = page.Next
	}
}

// event marks one event as waiting again.
func event(ctx context.Context, s Store, env domain.Environment, what Selection, actor string, now time.Time) (int, error) {
	if !domain.PlausibleID(what.Event) {
		return 0, unknown(env, "event", what.Event)
	}
	e, err := s.Event(ctx, env, what.Event)
	if errors.Is(err, store.ErrNotFound) {
		return 0, unknown(env, "event", what.Event)
	}
	if err != nil {
		return 0, err
	}
	return requeue(ctx, s, env, replayable([]domain.Event{e}, what), actor, now)
}

// known returns an [UnknownError] for an object that has neither a row nor an event.
func known(ctx context.Context, s Store, env domain.Environment, id string) error {
	if !domain.PlausibleID(id) {
		return unknown(env, "object", id)
	}
	of := store.Filter{Object: domain.Ref{ID: id}, Limit: 1}
	objects, err := s.Objects(ctx, env, of)
	if err != nil || len(objects.Rows) > 0 {
		return err
	}
	events, err := s.Events(ctx, env, of)
	if err == nil && len(events.Rows) == 0 {
		err = unknown(env, "object", id)
	}
	return err
}

// replayable returns the selected events whose type objects are kept of.
func replayable(events []domain.Event, what Selection) (kept []domain.Event) {
	for _, e := range events {
		in := (what.Object == "" || e.Object.ID == what.Object) && (what.State == "" || e.State == what.State) &&
			!e.ReceivedAt.Before(what.From) && (what.To.IsZero() || e.ReceivedAt.Before(what.To))
		if in && fold.Keeps(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

func requeue(ctx context.Context, s Store, env domain.Environment, events []domain.Event, actor string, now time.Time) (int, error) {
	if len(events) == 0 {
		return 0, nil
	}
	var ids []string
	var log []audit.Entry
	for _, e := range events {
		ids = append(ids, e.ID)
		log = append(log, audit.Entry{Environment: env, At: now, Actor: actor, What: "event.replayed", About: e.Object, Detail: e.ID + " was " + string(e.State)})
	}
	n, err := s.Requeue(ctx, env, ids, log)
	if err != nil {
		return n, fmt.Errorf("replay events: %w", err)
	}
	return n, nil
}

// Action marks a dead action as waiting again. It gets a new idempotency key, since Persona
// would answer the old one with the stored rejection. An action that is unknown is
// an [UnknownError], and one that is not dead a [NotDeadError].
func Action(ctx context.Context, s Store, env domain.Environment, id, actor string, now time.Time) error {
	if !domain.PlausibleID(id) {
		return unknown(env, "action", id)
	}
	a, err := s.Action(ctx, env, id)
	if errors.Is(err, store.ErrNotFound) {
		return unknown(env, "action", id)
	}
	if err != nil {
		return err
	}
	if a.State != domain.ActionDead {
		return &NotDeadError{id, a.State}
	}
	entry := audit.Entry{Environment: env, At: now, Actor: actor, What: "action.replayed", About: a.Spec.Target, Detail: id + " was dead: " + a.Outcome}
	return s.Revive(ctx, env, id, a.FreshKey(now), now, []audit.Entry{entry})
}
