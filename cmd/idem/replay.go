package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/idemhq/idem/service"
)

type replayCommand struct {
	output
	Config      string `type:"path" placeholder:"FILE" env:"IDEM_CONFIG" help:"The service's configuration file. Environment variables override the file."`
	Environment string `enum:"sandbox,production" required:"" placeholder:"ENVIRONMENT" help:"The environment: sandbox or production."`
	Event       string `placeholder:"ID" help:"Replay this event."`
	Object      string `placeholder:"ID" help:"Replay the events of this object."`
	State       string `placeholder:"STATE" enum:",poison,unhandled,stale,applied" default:"" help:"Replay the events in this state: poison, unhandled, stale or applied."`
	From        since  `placeholder:"WHEN" help:"Replay the events received at or after this time: a duration such as 2h (that long ago), a date or a time."`
	To          since  `placeholder:"WHEN" help:"Replay the events received before this time."`
	Action      string `placeholder:"ID" help:"Retry this dead action. Cannot be combined with the flags that select events."`
	By          string `default:"command line" placeholder:"NAME" help:"Your name for the audit trail (${default})."`
}

// Validate rejects flags that contradict each other.
func (c replayCommand) Validate() error {
	events := c.Event + c.Object + c.State
	if c.Action == "" && events == "" && c.From.IsZero() && c.To.IsZero() {
		return errors.New("nothing selected: set --event, --object, --state, --from, --to or --action")
	}
	if !c.From.IsZero() && !c.To.IsZero() && !c.From.Before(c.To.Time) {
		return errors.New("--from must be before --to")
	}
	if c.Action != "" && (events != "" || !c.From.IsZero() || !c.To.IsZero()) {
		return errors.New("--action cannot be combined with flags that select events")
	}
	return nil
}

func (replayCommand) Help() string {
	return examples("idem replay --environment production --state poison",
		"idem replay --environment production --from 2026-11-01 --to 2026-11-02",
		"idem replay --environment production --action axn_…")
}

func (c replayCommand) Run(ctx context.Context, std streams) error {
	env := service.Environment(c.Environment)
	s, err := openService(ctx, c.Config, env)
	if err != nil {
		return err
	}
	defer s.Close()
	if c.Action != "" {
		if err := s.ReplayAction(ctx, env, c.Action, c.By); err != nil {
			return err
		}
		return c.print(std.out, map[string]int{"actions": 1}, func(w io.Writer) { fmt.Fprintln(w, "the action is performed again") })
	}
	n, err := s.Replay(ctx, env, service.Selection{Event: c.Event, Object: c.Object, State: c.State, From: c.From.Time, To: c.To.Time}, c.By)
	if err != nil {
		return err
	}
	return c.print(std.out, map[string]int{"events": n}, func(w io.Writer) { fmt.Fprintf(w, "events that are processed again: %d\n", n) })
}

// openService opens the service's database without running the service, for a command that
// works on one environment. The command's own output and error say everything, so the
// service logs nothing.
func openService(ctx context.Context, config string, env service.Environment) (*service.Service, error) {
	cfg, err := service.LoadConfig(config, os.Getenv)
	if err != nil {
		return nil, err
	}
	if _, configured := cfg.Environments[env]; !configured {
		return nil, fmt.Errorf("the environment %s is not configured", env)
	}
	return service.New(ctx, cfg, slog.New(slog.DiscardHandler))
}
