package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/progress"
	"github.com/idemhq/idem/service"
)

type reconcileCommand struct {
	output
	Config      string `type:"path" placeholder:"FILE" env:"IDEM_CONFIG" help:"The service's configuration file. Environment variables override the file."`
	Environment string `enum:"sandbox,production,all" default:"all" placeholder:"ENVIRONMENT" help:"The environment to reconcile: sandbox, production or all (${default})."`
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

func (reconcileCommand) Help() string {
	return examples("idem reconcile --config idem.yaml", "idem reconcile --environment production --since 72h")
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
	runs := []reconciled{}
	for _, env := range []service.Environment{service.Sandbox, service.Production} {
		if _, configured := cfg.Environments[env]; !configured || !slices.Contains([]string{"all", string(env)}, c.Environment) {
			continue
		}
		bar := progress.New(std.err, string(env))
		run, err := s.Reconcile(ctx, env, service.ReconcileOptions{Since: c.Since.Time, Progress: func(r service.Reconciliation) {
			bar.Show(r.Done, fmt.Sprintf("%s: %d events, back to %s", env, r.Seen, r.OldestSeen.Format(time.DateTime)))
		}})
		bar.End()
		if err != nil {
			return fmt.Errorf("%s: %w; the events stored so far are kept, and the next run resumes from there", env, err)
		}
		runs = append(runs, reconciled{run})
		if !c.JSON { // each as soon as it is known
			printReconciliation(std.out, run)
		}
	}
	if len(runs) == 0 {
		return fmt.Errorf("the environment %s is not configured", c.Environment)
	}
	return c.print(std.out, runs, func(io.Writer) {})
}

// reconciled is what a reconciliation found, as JSON.
type reconciled struct{ service.Reconciliation }

// MarshalJSON implements [json.Marshaler].
func (r reconciled) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Environment  service.Environment `json:"environment"`
		Seen         int                 `json:"checked"`
		Missed       int                 `json:"missed"`
		History      int                 `json:"historical"`
		OldestMissed time.Time           `json:"oldest_missed,omitzero"`
		OldestSeen   time.Time           `json:"oldest_checked,omitzero"`
		Lost         bool                `json:"may_be_lost"`
	}{r.Environment, r.Seen, r.Missed, r.History, r.OldestMissed, r.OldestSeen, r.Lost})
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
