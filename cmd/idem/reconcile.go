package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/service"
)

type reconcileCommand struct {
	Config      string `type:"path" placeholder:"FILE" env:"IDEM_CONFIG" help:"The service's configuration file. Environment variables override the file."`
	Environment string `enum:"sandbox,production,all" default:"all" help:"The environment to reconcile: sandbox, production or all (${default})."`
	Since       since  `placeholder:"WHEN" help:"Go back at least this far: a duration such as 72h, a date, or a time such as 2026-01-02T03:04:05Z. By default it goes back to the start of the last reconciliation; the first one reads all that Persona lists, which is three months."`
}

// since is a moment, written as such or as how long ago it was.
type since struct{ time.Time }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *since) UnmarshalText(text []byte) error {
	if ago, err := time.ParseDuration(string(text)); err == nil && ago > 0 {
		s.Time = time.Now().Add(-ago)
		return nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, string(text)); err == nil {
			s.Time = at
			return nil
		}
	}
	return fmt.Errorf("%q is neither a duration such as 72h nor a time such as 2026-01-02 or 2026-01-02T03:04:05Z", text)
}

func (c reconcileCommand) Run(ctx context.Context, std streams) error {
	cfg, err := service.LoadConfig(c.Config, os.Getenv)
	if err != nil {
		return err
	}
	s, err := service.New(ctx, cfg, slog.New(slog.DiscardHandler)) // the report says it all
	if err != nil {
		return err
	}
	defer s.Close()
	reconciled := false
	for _, env := range []service.Environment{service.Sandbox, service.Production} {
		if _, configured := cfg.Environments[env]; !configured || !slices.Contains([]string{"all", string(env)}, c.Environment) {
			continue
		}
		reconciled = true
		bar := newBar(std.err)
		run, err := s.Reconcile(ctx, env, service.ReconcileOptions{Since: c.Since.Time, Progress: bar.show})
		bar.end()
		if err != nil {
			return fmt.Errorf("%s: %w; the events stored so far are kept, and the next run resumes from there", env, err)
		}
		printReconciliation(std.out, run)
	}
	if !reconciled {
		return fmt.Errorf("the environment %s is not configured", c.Environment)
	}
	return nil
}

func printReconciliation(w io.Writer, r service.Reconciliation) {
	fmt.Fprintf(w, "%s: %d events checked, %d missed events stored, %d historical events stored\n", r.Environment, r.Seen, r.Missed, r.History)
	if r.Missed > 0 {
		fmt.Fprintf(w, "  oldest missed event: %s\n", r.OldestMissed.Format(time.RFC3339))
	}
	if r.Lost {
		fmt.Fprintf(w, "  Persona's list starts at %s, after the last reconciliation: events may be lost\n", r.OldestSeen.Format(time.RFC3339))
	}
}

// bar shows on a terminal how far a reconciliation has come.
type bar struct {
	w     io.Writer
	shown bool
}

// newBar returns a bar, which draws nothing unless w is a terminal.
func newBar(w io.Writer) *bar {
	if file, ok := w.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &bar{w: w}
		}
	}
	return &bar{w: io.Discard}
}

func (b *bar) show(r service.Reconciliation) {
	b.shown = true
	fmt.Fprintf(b.w, "\r%s %s", r.Environment, drawBar(r))
}

// drawBar draws how much of a reconciliation is done.
func drawBar(r service.Reconciliation) string {
	const width = 30
	full := int(r.Done * width)
	return fmt.Sprintf("[%s%s] %3.0f %%  %d events, back to %s", strings.Repeat("#", full), strings.Repeat(".", width-full), r.Done*100, r.Seen, r.OldestSeen.Format(time.DateTime))
}

func (b *bar) end() {
	if b.shown {
		fmt.Fprintln(b.w)
	}
}
