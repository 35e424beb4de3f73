package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/doctor"
	"github.com/idemhq/idem/cmd/idem/internal/keys"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/rotate"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/service"
)

type keysCommand struct {
	Show   keysShowCommand   `cmd:"" help:"Show the age of the API keys and webhook secrets."`
	Rotate keysRotateCommand `cmd:"" help:"Replace API keys and webhook secrets while the service runs."`
}

// keysOf is embedded by the commands about the keys of a configuration.
type keysOf struct {
	Config      string   `type:"path" placeholder:"FILE" env:"IDEM_CONFIG" help:"The service's configuration file."`
	Environment string   `enum:"sandbox,production,all" default:"all" placeholder:"ENVIRONMENT" help:"The environment: sandbox, production or all (${default})."`
	Only        []string `enum:"api-key,webhook-secret" placeholder:"KIND" help:"Only these: api-key, webhook-secret. The default is both."`
	KeyID       string   `name:"key-id" placeholder:"ID" help:"The id at Persona (api_…) of the configured API key. It is needed once if Persona has several keys; then it is remembered. The default is api_key_id."`
}

// rotations returns what the flags select.
func (c keysOf) rotations(times keys.Times) ([]keys.Rotation, error) {
	cfg, err := service.LoadConfig(c.Config, os.Getenv)
	if err != nil {
		return nil, err
	}
	times.Quiet = cmp.Or(times.Quiet, service.KeyQuiet(cfg))
	var all []keys.Rotation
	for _, environment := range doctor.Environments(cfg) {
		if c.Environment != "all" && c.Environment != string(environment) {
			continue
		}
		for _, r := range keys.Of(cfg, environment, c.KeyID, times) {
			if len(c.Only) == 0 || slices.Contains(c.Only, r.Kind) {
				all = append(all, r)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the environment %s is not configured", c.Environment)
	}
	if c.KeyID != "" && c.Environment == "all" && len(cfg.Environments) > 1 {
		return nil, errors.New("--key-id belongs to one environment: add --environment")
	}
	return all, nil
}

type keysShowCommand struct {
	output
	keysOf
}

func (keysShowCommand) Help() string {
	return "The API key needs the permissions api_key.read and webhook.read.\n\n" + examples("idem keys show --config idem.yaml", "idem keys show --environment production --json")
}

func (c keysShowCommand) Run(ctx context.Context, std streams) error {
	rotations, err := c.rotations(keys.Times{})
	if err != nil {
		return err
	}
	ages := []keys.Age{}
	var failed error
	for _, r := range rotations {
		if age, err := r.Look(ctx); err != nil {
			failed = errors.Join(failed, advised(r, err))
		} else {
			ages = append(ages, age)
		}
	}
	if len(ages) == 0 && failed != nil {
		return failed
	}
	return errors.Join(failed, c.print(std.out, ages, func(w io.Writer) {
		rows := [][]string{{"ENVIRONMENT", "KIND", "ID", "CREATED", "LAST USED", "EXPIRES", "ROTATION DUE"}}
		for _, a := range ages {
			rows = append(rows, []string{string(a.Environment), a.Kind, strings.Join(a.IDs, ","), day(a.Created), day(a.LastUsed), day(a.Expires), day(a.Due)})
		}
		show.Table(w, rows)
	}))
}

// day prints a date, and a dash for none.
func day(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format(time.DateOnly)
}

type keysRotateCommand struct {
	output
	keysOf
	DryRun   bool          `help:"Say what would be done, and change nothing."`
	QuietFor time.Duration `placeholder:"TIME" help:"Expire the old API key when nobody has used it for this long. The default is three times the reconcile interval, and at least 30m."`
	Grace    time.Duration `default:"1h" placeholder:"TIME" help:"How long the old API key stays valid after that (${default})."`
	Overlap  time.Duration `default:"1h" placeholder:"TIME" help:"How long the old webhook secret stays valid (${default})."`
}

func (keysRotateCommand) Help() string {
	return `It writes the new key and the new secret to where the old ones are: api_key_file and webhook_secrets_file, or the configuration file. A running service takes them from there without a restart. It waits until the old key is not used any more before it expires it.

You can interrupt it at any time: the same command continues where it stopped. The API key needs the permissions api_key.read, api_key.write, webhook.read and webhook.write. With several nodes, each needs the new files within the overlap.

` + examples("idem keys rotate --config idem.yaml --dry-run", "idem keys rotate --config idem.yaml",
		"# Only the webhook secret, with a day to distribute it", "idem keys rotate --only webhook-secret --overlap 24h",
		"# When Persona has several keys", "idem keys rotate --environment production --key-id api_…")
}

// Validate checks the times.
func (c keysRotateCommand) Validate() error {
	if c.QuietFor < 0 || c.Grace < 0 || c.Grace > 30*24*time.Hour || c.Overlap < time.Second {
		return errors.New("--quiet-for and --grace must not be negative, --grace is at most 720h, and --overlap is at least 1s")
	}
	return nil
}

func (c keysRotateCommand) Run(ctx context.Context, std streams) error {
	rotations, err := c.rotations(keys.Times{Quiet: c.QuietFor, Grace: c.Grace, Overlap: c.Overlap})
	if err != nil {
		return err
	}
	if c.DryRun {
		return c.plan(ctx, rotations, std.out)
	}
	for _, r := range rotations {
		if r.Place == (rotate.Place{}) {
			return fmt.Errorf("the %s of the environment %s comes from a variable: put it into a file, where a new one can be written, or use --only", r.Kind, r.Environment)
		}
	}
	for _, r := range rotations {
		if err := r.Run(ctx, c.tell(std, r)); errors.Is(err, context.Canceled) {
			return errors.New("interrupted: the same command continues the rotation")
		} else if err != nil {
			return advised(r, err)
		}
	}
	return nil
}

// plan prints what would be done.
func (c keysRotateCommand) plan(ctx context.Context, rotations []keys.Rotation, out io.Writer) error {
	type planned struct {
		keys.Age
		Plan string `json:"plan"`
	}
	plans := []planned{}
	for _, r := range rotations {
		age, err := r.Look(ctx)
		if err != nil {
			return advised(r, err)
		}
		plans = append(plans, planned{age, r.Plan(age)})
	}
	return c.print(out, plans, func(w io.Writer) {
		for _, p := range plans {
			fmt.Fprintf(w, "%s %s: %s\n", p.Environment, p.Kind, p.Plan)
		}
	})
}

// step is what a step did, as JSON.
type step struct {
	Environment service.Environment `json:"environment"`
	Kind        string              `json:"kind"`
	Did         string              `json:"did,omitempty"`
	Next        string              `json:"next,omitempty"`
	Done        bool                `json:"done"`
}

// tell prints each step, and why it waits if that is new.
func (c keysRotateCommand) tell(std streams, r keys.Rotation) func(rotate.Status, error) {
	waiting := ""
	return func(status rotate.Status, err error) {
		if err != nil {
			fmt.Fprintf(std.err, "idem: %v; it is tried again\n", err)
			return
		}
		if c.JSON {
			if status.Did != "" || status.Done {
				_ = show.Line(std.out, step{r.Environment, r.Kind, status.Did, status.Next, status.Done}) // the rotation goes on
			}
			return
		}
		if status.Did != "" {
			fmt.Fprintf(std.out, "%s %s: %s\n", r.Environment, r.Kind, status.Did)
		}
		next, _, _ := strings.Cut(status.Next, " (last use")
		if next != waiting && next != "" {
			fmt.Fprintf(std.out, "%s %s: next: %s\n", r.Environment, r.Kind, next)
		}
		waiting = next
	}
}

// advised adds what to do to an error.
func advised(r keys.Rotation, err error) error {
	err = fmt.Errorf("%s of the environment %s: %w", r.Kind, r.Environment, err)
	if errors.Is(err, persona.ErrForbidden) {
		return fmt.Errorf("%w: the API key needs the permissions api_key.read and api_key.write, and webhook.read and webhook.write", err)
	}
	if errors.Is(err, rotate.ErrNoWebhook) {
		return fmt.Errorf("%w: create one with idem webhook apply, or add --only api-key", err)
	}
	return err
}
