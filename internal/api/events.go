package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/replay"
	"github.com/idemhq/idem/internal/store"
)

// EventDetail is an event with its body, and its decisions, actions and notifications. The
// body contains personal data.
type EventDetail struct {
	Event
	Headers       map[string]string `json:"headers" doc:"of the webhook, without secrets; empty for an event that was read"`
	Body          json.RawMessage   `json:"body" doc:"as it came"`
	Decisions     []Decision        `json:"decisions" doc:"that it led to"`
	Actions       []Action          `json:"actions" doc:"of these decisions"`
	Notifications []Notification    `json:"notifications" doc:"that it led to"`
}

// IDInput is the environment and an id in a path.
type IDInput struct {
	EnvironmentInput
	ID ID `path:"id" doc:"the id of the row"`
}

// rowOf reads the row that a path names. Errors are answers.
func rowOf[T any](ctx context.Context, s *server, in *IDInput, read func(context.Context, domain.Environment, string) (T, error)) (env domain.Environment, row T, err error) {
	if env, err = in.environment(s); err != nil {
		return env, row, err
	}
	if row, err = read(ctx, env, string(in.ID)); err != nil {
		return env, row, s.notFoundOr(ctx, err)
	}
	return env, row, nil
}

func (s *server) getEvent(ctx context.Context, in *IDInput) (*struct{ Body EventDetail }, error) {
	env, e, err := rowOf(ctx, s, in, s.Store.Event)
	if err != nil {
		return nil, err
	}
	detail := EventDetail{Event: showEvent(e), Headers: e.Headers, Body: e.Body, Decisions: []Decision{}, Actions: []Action{}, Notifications: []Notification{}}
	if detail.Headers == nil {
		detail.Headers = map[string]string{}
	}
	if !json.Valid(e.Body) {
		detail.Body, _ = json.Marshal(string(e.Body)) // cannot fail: it is a string
	}
	if err := s.recordRead(ctx, env, "event.read", e.Object, e.ID); err != nil {
		return nil, err
	}
	about := store.Filter{Object: e.Object, Limit: 100}
	decided := map[string]bool{}
	targets := map[domain.Ref]bool{}
	for d, err := range store.All(ctx, s.Store.Decisions, env, about) {
		if err != nil {
			return nil, s.failed(ctx, err)
		}
		if d.Transition.EventID != e.ID {
			continue
		}
		decided[d.ID] = true
		detail.Decisions = append(detail.Decisions, showDecision(d))
		for _, spec := range d.Actions {
			targets[spec.Target] = true
		}
	}
	for n, err := range store.All(ctx, s.Store.Notifications, env, store.Filter{Event: e.ID, Limit: 100}) {
		if err != nil {
			return nil, s.failed(ctx, err)
		}
		detail.Notifications = append(detail.Notifications, notify.Show(n))
	}
	for target := range targets {
		for a, err := range store.All(ctx, s.Store.Actions, env, store.Filter{Object: target, Limit: 100}) {
			if err != nil {
				return nil, s.failed(ctx, err)
			}
			if decided[a.DecisionID] {
				detail.Actions = append(detail.Actions, showAction(a))
			}
		}
	}
	return &struct{ Body EventDetail }{detail}, nil
}

// Replayed is the number of events that are waiting again.
type Replayed struct {
	Replayed int `json:"replayed"`
}

func (s *server) replayEvent(ctx context.Context, in *IDInput) (*struct{ Body Replayed }, error) {
	return s.replaySelection(ctx, in.EnvironmentInput, replay.Selection{Event: string(in.ID)})
}

func (s *server) replayEvents(ctx context.Context, in *struct {
	EnvironmentInput
	Body struct {
		Object ID        `json:"object,omitempty" doc:"the id of one object"`
		State  string    `json:"state,omitempty" enum:"poison,unhandled,stale,applied" doc:"of the events"`
		From   time.Time `json:"from,omitempty" doc:"when they were received, at the earliest"`
		To     time.Time `json:"to,omitempty" doc:"before when they were received"`
	}
}) (*struct{ Body Replayed }, error) {
	return s.replaySelection(ctx, in.EnvironmentInput, replay.Selection{
		Object: string(in.Body.Object), State: domain.EventState(in.Body.State), From: in.Body.From, To: in.Body.To,
	})
}

func (s *server) replaySelection(ctx context.Context, in EnvironmentInput, what replay.Selection) (*struct{ Body Replayed }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	n, err := replay.Events(ctx, s.Store, env, what, actorOf(ctx), s.Now())
	if errors.Is(err, replay.ErrNothing) || errors.Is(err, replay.ErrTimes) {
		return nil, problem(invalidRequest, err.Error())
	}
	if err != nil {
		return nil, s.notFoundOr(ctx, err)
	}
	return &struct{ Body Replayed }{Replayed{n}}, nil
}

// notFoundOr returns 404 for a missing row, and otherwise the answer for a failed database.
func (s *server) notFoundOr(ctx context.Context, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return problem(notFound, err.Error())
	}
	return s.failed(ctx, err)
}
