package api

import (
	"context"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Backlog is the unfinished work of an environment, and what needs a person.
type Backlog struct {
	EventsWaiting int            `json:"events_waiting"`
	EventsRetried int            `json:"events_retried" doc:"waiting events whose processing has failed"`
	Reasons       map[string]int `json:"reasons" doc:"the number of retried events by kind of reason"`
	EventsPoison  int            `json:"events_poison"`
	OldestWaiting *time.Time     `json:"oldest_waiting" doc:"when the event that has waited longest was received; null if none is waiting"`
	Oldest        []Event        `json:"oldest" doc:"the first 25 waiting events, oldest first"`

	ActionsWaiting int `json:"actions_waiting"`
	ActionsDead    int `json:"actions_dead"`
}

// oldestShown is the maximum number of events in a backlog.
const oldestShown = 25

func (s *server) getBacklog(ctx context.Context, in *EnvironmentInput) (*struct{ Body Backlog }, error) {
	env, err := in.environment(s)
	if err != nil {
		return nil, err
	}
	b, err := s.Store.Backlog(ctx, env)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	oldest, err := s.Store.Events(ctx, env, store.Filter{State: string(domain.EventWaiting), Oldest: true, Limit: oldestShown})
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &struct{ Body Backlog }{Backlog{
		EventsWaiting: b.Waiting, EventsRetried: b.Retried, Reasons: b.Reasons, EventsPoison: b.Poison,
		OldestWaiting: orNull(b.OldestWaiting), Oldest: showAll(oldest.Rows, showEvent),
		ActionsWaiting: b.ActionsWaiting, ActionsDead: b.ActionsDead,
	}}, nil
}
