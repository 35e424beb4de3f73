package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/api"
)

type eventsCommand struct {
	List   eventsListCommand   `cmd:"" help:"List the events of the service, newest first."`
	Show   eventsShowCommand   `cmd:"" help:"Show an event and what it led to."`
	Replay eventsReplayCommand `cmd:"" aliases:"resend" help:"Make the service process events again."`
}

type eventsListCommand struct {
	output
	remoteService
	list
	Object string `placeholder:"ID" help:"Only the events of this object."`
	State  string `enum:",waiting,applied,stale,unhandled,poison" default:"" placeholder:"STATE" help:"Only events in this state: waiting, applied, stale, unhandled or poison."`
}

func (eventsListCommand) Help() string {
	return examples("idem events list", "idem events list --state poison --environment production", "idem events list --object inq_… --json")
}

func (c eventsListCommand) Run(ctx context.Context, std streams) error {
	var page remote.Page[api.Event]
	query := with(with(c.query("before"), "object", c.Object), "state", c.State)
	if err := c.client().Get(ctx, "events", query, &page); err != nil {
		return err
	}
	return c.print(std.out, page, func(w io.Writer) {
		rows := [][]string{{"RECEIVED", "EVENT", "NAME", "OBJECT", "STATE"}}
		for _, e := range page.Data {
			rows = append(rows, []string{moment(e.ReceivedAt), e.ID, e.Name, e.Object.ID, coloured(string(e.State)) + " " + show.Faint(e.Reason)})
		}
		show.Table(w, rows)
		printNext(w, page.Next)
	})
}

// printNext prints how to list the next page.
func printNext(w io.Writer, next string) {
	if next != "" {
		fmt.Fprintln(w, show.Faint("more with --next "+next))
	}
}

type eventsShowCommand struct {
	output
	remoteService
	ID   string `arg:"" help:"The event (evt_…)."`
	Body bool   `help:"Also print the body, which holds personal data."`
}

func (eventsShowCommand) Help() string {
	return examples("idem events show evt_…", "idem events show evt_… --body --json")
}

// shownEvent is an event and what it led to. The body is absent unless requested.
type shownEvent struct {
	api.Event
	Headers       map[string]string `json:"headers"`
	Body          json.RawMessage   `json:"body,omitempty"`
	Decisions     []api.Decision    `json:"decisions"`
	Actions       []shownAction     `json:"actions"`
	Notifications []json.RawMessage `json:"notifications"`
}

func (c eventsShowCommand) Run(ctx context.Context, std streams) error {
	var e shownEvent
	if err := c.client().Get(ctx, remote.Path("events", c.ID), nil, &e); err != nil {
		return err
	}
	if !c.Body {
		e.Body = nil
	}
	for i := range e.Actions {
		e.Actions[i].withhold()
	}
	return c.print(std.out, e, e.print)
}

func (e shownEvent) print(w io.Writer) {
	show.Table(w, [][]string{
		{"event", e.ID}, {"name", e.Name}, {"object", e.Object.String()},
		{"created", moment(e.CreatedAt)}, {"received", moment(e.ReceivedAt) + " by " + string(e.Via)},
		{"state", coloured(string(e.State)) + " " + e.Reason},
	})
	for _, d := range e.Decisions {
		fmt.Fprintf(w, "decision %s: %s\n", d.ID, decided(d))
	}
	for _, a := range e.Actions {
		fmt.Fprintf(w, "action %s: %s on %s is %s: %s\n", a.ID, a.Kind, a.Target.ID, coloured(string(a.State)), a.Outcome)
	}
	if n := len(e.Notifications); n > 0 {
		fmt.Fprintf(w, "notifications: %d\n", n)
	}
	if len(e.Body) > 0 {
		_ = show.JSON(w, e.Body) // the writer keeps its errors
	}
}

type eventsReplayCommand struct {
	output
	remoteService
	ID     string `arg:"" optional:"" help:"The event (evt_…). You can select events with flags instead."`
	Object string `placeholder:"ID" help:"The events of this object."`
	State  string `enum:",poison,unhandled,stale,applied" default:"" placeholder:"STATE" help:"The events in this state: poison, unhandled, stale or applied."`
	From   since  `placeholder:"WHEN" help:"The events received at or after this time: a duration such as 2h (that long ago), a date or a time."`
	To     since  `placeholder:"WHEN" help:"The events received before this time."`
}

func (eventsReplayCommand) Help() string {
	return `Processing an event again is safe: nothing is done twice.

` + examples("idem events replay evt_…", "idem events replay --state poison --from 24h")
}

// Validate requires an event or a selection, and not both.
func (c eventsReplayCommand) Validate() error {
	selected := c.Object != "" || c.State != "" || !c.From.IsZero() || !c.To.IsZero()
	if c.ID == "" && !selected {
		return errors.New("nothing selected: give an event, or set --object, --state, --from or --to")
	}
	if c.ID != "" && selected {
		return errors.New("give an event or flags that select events, not both")
	}
	return c.remoteService.Validate()
}

func (c eventsReplayCommand) Run(ctx context.Context, std streams) error {
	var replayed api.Replayed
	var err error
	if c.ID != "" {
		err = c.client().Post(ctx, remote.Path("events", c.ID, "replay"), nil, &replayed)
	} else {
		err = c.client().Post(ctx, "replay", selection{c.Object, c.State, c.From.Time, c.To.Time}, &replayed)
	}
	if err != nil {
		return err
	}
	return c.print(std.out, map[string]int{"events": replayed.Replayed}, func(w io.Writer) {
		fmt.Fprintf(w, "events that are processed again: %d\n", replayed.Replayed)
	})
}

// selection selects the events to process again.
type selection struct {
	Object string    `json:"object,omitempty"`
	State  string    `json:"state,omitempty"`
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
}
