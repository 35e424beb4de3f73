package statuspage

import (
	"context"
	"fmt"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/internal/api"
)

// health sums up the page.
type health struct{ Word, Tone string }

// longWait is how long an event may wait before somebody should look.
const longWait = time.Minute

// healthOf judges what the page shows.
func healthOf(v view, now time.Time) health {
	silent := false
	for _, e := range v.Endpoints {
		silent = silent || e.Tone != "good"
	}
	switch {
	case v.Backlog.ActionsDead > 0 || v.Backlog.EventsPoison > 0:
		return health{"Something is stuck", "bad"}
	case len(v.Concerns) > 0 || silent || v.Backlog.OldestWaiting != nil && now.Sub(*v.Backlog.OldestWaiting) > longWait:
		return health{"Look at it", "open"}
	}
	return health{"Healthy", "good"}
}

// endpoint is a notification endpoint with its state for people.
type endpoint struct {
	Name, URL, State, Why, Tone string
	Types                       []string
}

func (p *page) endpoints(ctx context.Context, v *view) error {
	var list remote.Page[api.Endpoint]
	if err := p.service.Get(ctx, "endpoints", nil, &list); err != nil {
		return err
	}
	for _, e := range list.Data {
		v.Endpoints = append(v.Endpoints, stateOf(e, time.Now()))
	}
	return nil
}

func stateOf(e api.Endpoint, now time.Time) endpoint {
	shown := endpoint{Name: e.Name, URL: e.URL, Types: e.Types, State: "enabled", Tone: "good"}
	switch {
	case !e.Enabled:
		shown.State, shown.Tone, shown.Why = "disabled", "bad", e.Disabled
	case e.PausedUntil != nil && e.PausedUntil.After(now):
		shown.State, shown.Tone, shown.Why = "paused", "open", fmt.Sprintf("%d failures in a row", e.Failures)
	case e.Failures > 0:
		shown.Why = fmt.Sprintf("%d failures in a row", e.Failures)
	}
	return shown
}
