package statuspage

import (
	"context"
	"errors"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
)

// concern is a row that needs a person, or whose processing failed and is retried.
type concern struct {
	State   string // of the event or action, or the result of the decision
	What    string // for people
	Object  domain.Ref
	Why     string
	Do      string // what a person can do about it
	Request string // to the API, where there is one that helps
}

// stuck reads what is stuck. Events that were tried and failed are among the oldest that
// wait.
func (p *page) stuck(ctx context.Context, v *view) error {
	var poison []api.Event
	var dead []api.Action
	err := errors.Join(
		p.service.Get(ctx, "backlog", nil, &v.Backlog),
		list(ctx, p.service, "events", string(domain.EventPoison), &poison),
		list(ctx, p.service, "actions", string(domain.ActionDead), &dead),
	)
	v.Concerns = concerns(v.Backlog.Oldest, poison, dead, v.Decisions)
	return err
}

// concerns are what is stuck of some rows.
func concerns(waiting, poison []api.Event, dead []api.Action, decisions []api.Decision) []concern {
	var out []concern
	for _, a := range dead {
		why := a.Outcome
		if a.Said != "" {
			why += ": " + a.Said
		}
		out = append(out, concern{string(a.State), words(a.Kind), a.Target, why,
			"Fix what Persona rejected, then retry the action:", "POST /v1/sandbox/actions/" + a.ID + "/replay"})
	}
	for _, d := range decisions {
		if d.Result == domain.NotEvaluated || d.Result == domain.Incomplete {
			out = append(out, concern{string(d.Result), "decision", d.Object, d.Reason,
				"Review the inquiry at Persona. Fix the rule, or give the API key permission to read what is missing.", ""})
		}
	}
	for _, e := range poison {
		c := concern{string(e.State), e.Name, e.Object, e.Reason, "Look at its body. Replay it after an update that can read it:", "POST /v1/sandbox/events/" + e.ID + "/replay"}
		if e.Object.IsZero() { // there is nothing to replay
			c.Do, c.Request = "Nothing of this event was applied. Compare its object with Persona. The API has the event:", "GET /v1/sandbox/events/"+e.ID
		}
		out = append(out, c)
	}
	for _, e := range waiting {
		if e.Tries > 0 {
			out = append(out, concern{string(e.State), e.Name, e.Object, e.Reason,
				"It is retried automatically. Fix what the reason names; a 403 means that the API key lacks a permission.", ""})
		}
	}
	return out
}
