package api

import (
	"context"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// EnvironmentHealth is a configured environment, and how it is.
type EnvironmentHealth struct {
	Name              string     `json:"name" enum:"sandbox,production"`
	Healthy           bool       `json:"healthy" doc:"false if something needs a person, as concerns says"`
	Concerns          []string   `json:"concerns" doc:"what needs a person"`
	EventsWaiting     int        `json:"events_waiting"`
	EventsPoison      int        `json:"events_poison"`
	OldestWaiting     *time.Time `json:"oldest_waiting"`
	ActionsWaiting    int        `json:"actions_waiting"`
	ActionsDead       int        `json:"actions_dead"`
	LastEvent         *time.Time `json:"last_event" doc:"when an event was last received; null if none ever was"`
	ReconciledAt      *time.Time `json:"reconciled_at" doc:"when the last reconciliation finished; null if none has"`
	EndpointsDisabled int        `json:"endpoints_disabled"`
	EndpointsPaused   int        `json:"endpoints_paused" doc:"endpoints that fail and are tried once in a while"`
}

// stuckAfter is how long an event may wait until it is a concern.
const stuckAfter = 10 * time.Minute

func (s *server) listEnvironments(ctx context.Context, _ *struct{}) (*struct {
	Body struct {
		Data []EnvironmentHealth `json:"data"`
	}
}, error) {
	out := &struct {
		Body struct {
			Data []EnvironmentHealth `json:"data"`
		}
	}{}
	out.Body.Data = []EnvironmentHealth{}
	for _, env := range s.Environments {
		if !tokenOf(ctx).In(env) {
			continue
		}
		health, err := s.health(ctx, env)
		if err != nil {
			return nil, s.failed(ctx, err)
		}
		out.Body.Data = append(out.Body.Data, health)
	}
	return out, nil
}

// health reads how an environment is.
func (s *server) health(ctx context.Context, env domain.Environment) (EnvironmentHealth, error) {
	h := EnvironmentHealth{Name: string(env), Concerns: []string{}}
	b, err := s.Store.Backlog(ctx, env)
	if err != nil {
		return h, err
	}
	h.EventsWaiting, h.EventsPoison, h.OldestWaiting, h.ActionsWaiting, h.ActionsDead = b.Waiting, b.Poison, orNull(b.OldestWaiting), b.ActionsWaiting, b.ActionsDead
	events, err := s.Store.Events(ctx, env, store.Filter{Limit: 1})
	if err != nil {
		return h, err
	}
	for _, e := range events.Rows {
		h.LastEvent = orNull(e.ReceivedAt)
	}
	runs, err := s.Store.Reconciliations(ctx, env, store.Filter{Limit: 10})
	if err != nil {
		return h, err
	}
	for _, r := range runs.Rows {
		if h.ReconciledAt == nil {
			h.ReconciledAt = orNull(r.FinishedAt)
		}
	}
	endpoints, err := s.Store.Endpoints(ctx, env)
	if err != nil {
		return h, err
	}
	for _, e := range endpoints {
		if e.Disabled != "" {
			h.EndpointsDisabled++
		}
		if e.PausedUntil.After(s.Now()) {
			h.EndpointsPaused++
		}
	}
	h.Concerns = h.concerns(s.Now())
	h.Healthy = len(h.Concerns) == 0
	return h, nil
}

// concerns returns what needs a person, with what to do.
func (h EnvironmentHealth) concerns(now time.Time) []string {
	concerns := []string{}
	for _, c := range []struct {
		holds bool
		text  string
	}{
		{h.OldestWaiting != nil && now.Sub(*h.OldestWaiting) > stuckAfter, "events wait for more than ten minutes: see backlog"},
		{h.EventsPoison > 0, "events cannot be processed: see events?state=poison"},
		{h.ActionsDead > 0, "actions are dead: see actions?state=dead, then replay or discard them"},
		{h.EndpointsDisabled > 0, "notification endpoints are disabled: see endpoints"},
		{h.EndpointsPaused > 0, "notification endpoints fail: see endpoints"},
	} {
		if c.holds {
			concerns = append(concerns, c.text)
		}
	}
	return concerns
}
