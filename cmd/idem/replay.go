package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/idemhq/idem/service"
)

type replayCommand struct {
	Config      string `type:"path" placeholder:"FILE" env:"IDEM_CONFIG" help:"The configuration of the service; environment variables stand above it."`
	Environment string `enum:"sandbox,production" required:"" help:"The environment: sandbox or production."`
	Event       string `placeholder:"ID" help:"One event."`
	Object      string `placeholder:"ID" help:"The events of one object."`
	State       string `placeholder:"STATE" enum:",poison,unhandled,stale,applied" default:"" help:"The events in this state: poison, unhandled, stale or applied."`
	From        since  `placeholder:"WHEN" help:"The events that were received since then: a duration such as 2h, a date or a time."`
	To          since  `placeholder:"WHEN" help:"The events that were received before then."`
	Action      string `placeholder:"ID" help:"One dead action, instead of events."`
	By          string `default:"command line" help:"Who asks, for the audit trail (${default})."`
}

// Validate refuses what cannot be meant.
func (c replayCommand) Validate() error {
	events := c.Event + c.Object + c.State
	if c.Action == "" && events == "" && c.From.IsZero() && c.To.IsZero() {
		return errors.New("say what to replay: --event, --object, --state, --from and --to, or --action")
	}
	if !c.From.IsZero() && !c.To.IsZero() && !c.From.Before(c.To.Time) {
		return errors.New("--from must be before --to")
	}
	if c.Action != "" && (events != "" || !c.From.IsZero() || !c.To.IsZero()) {
		return errors.New("--action stands alone")
	}
	return nil
}

func (c replayCommand) Run(ctx context.Context, std streams) error {
	cfg, err := service.LoadConfig(c.Config, os.Getenv)
	if err != nil {
		return err
	}
	env := service.Environment(c.Environment)
	if _, configured := cfg.Environments[env]; !configured {
		return fmt.Errorf("the environment %s is not configured", env)
	}
	s, err := service.New(ctx, cfg, slog.New(slog.DiscardHandler)) // the report says it all
	if err != nil {
		return err
	}
	defer s.Close()
	if c.Action != "" {
		if err := s.ReplayAction(ctx, env, c.Action, c.By); err != nil {
			return err
		}
		fmt.Fprintln(std.out, "the action waits again")
		return nil
	}
	n, err := s.Replay(ctx, env, service.Selection{Event: c.Event, Object: c.Object, State: c.State, From: c.From.Time, To: c.To.Time}, c.By)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%d events wait again\n", n)
	return nil
}
