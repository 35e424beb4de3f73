package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/forward"
	"github.com/idemhq/idem/cmd/idem/internal/listen"
	"github.com/idemhq/idem/cmd/idem/internal/listenview"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/cmd/idem/internal/webhookplan"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/reconcile"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/service"
)

type listenCommand struct {
	account
	ForwardTo string        `placeholder:"URL" help:"Where to forward events."`
	Forward   []string      `sep:"none" placeholder:"PATTERN=URL" help:"Where to forward the events whose names fit a pattern, such as inquiry.*=http://127.0.0.1:3000/inquiries. Those that fit no pattern go to --forward-to. Repeatable."`
	Webhook   string        `placeholder:"WBH" help:"Forward the events that this webhook at Persona (wbh_…) is subscribed to, with its secrets, API version and casing."`
	Secret    []string      `sep:"none" env:"PERSONA_WEBHOOK_SECRET" placeholder:"WBHSEC" help:"The secret to sign with. The default is that of --webhook or of --config. Repeat the flag, newest first, to sign with several."`
	State     string        `type:"path" placeholder:"FILE" help:"The file that stores the progress. The default is .idem/listen-ENVIRONMENT.json."`
	Since     since         `placeholder:"WHEN" help:"Without a state file, start at this time: a duration such as 1h (that long ago), a date or a time. The default is now."`
	Interval  time.Duration `default:"2s" placeholder:"TIME" help:"How often to request events (${default})."`
	Timeout   time.Duration `default:"5s" placeholder:"TIME" help:"How long to wait for an answer (${default}, as Persona does)."`
	Once      bool          `help:"Read the events once, try each one once, and exit. The exit code is 1 if an event was not accepted."`
	Plain     bool          `help:"Print lines instead of the live view."`
	JSON      bool          `name:"json" help:"Print a line of JSON for each attempt."`
}

func (listenCommand) Help() string {
	return `It reads Persona's list of events, so it needs no tunnel and no public address. When you start it again, it continues where it stopped. On a terminal it shows a live view: select an event, press enter for its details, or r to send it again.

Events of the list have no "included" objects: see docs/service.md.

` + examples(
		`# From the local sandbox`,
		`idem listen --local --forward-to http://127.0.0.1:3000/hooks --secret wbhsec_…`,
		`# From your sandbox environment at Persona, as one of its webhooks would bring it`,
		`idem listen --webhook wbh_… --forward-to http://127.0.0.1:3000/hooks`,
		`# To several places, and from an hour ago`,
		`idem listen --config idem.yaml --forward 'inquiry.*=http://127.0.0.1:3000/a' --forward 'report/*=http://127.0.0.1:3000/b' --since 1h`)
}

// Validate checks the addresses and durations.
func (c listenCommand) Validate() error {
	if c.ForwardTo == "" && len(c.Forward) == 0 {
		return errors.New("nowhere to forward to: set --forward-to or --forward")
	}
	if c.ForwardTo != "" {
		if err := listen.CheckURL(c.ForwardTo); err != nil {
			return fmt.Errorf("--forward-to: %w", err)
		}
	}
	if c.Interval <= 0 || c.Timeout <= 0 {
		return errors.New("--interval and --timeout must be greater than zero")
	}
	_, err := c.routes()
	return err
}

func (c listenCommand) routes() (listen.Routes, error) {
	routes := listen.Routes{Default: c.ForwardTo}
	for _, text := range c.Forward {
		route, err := listen.ParseRoute(text)
		if err != nil {
			return routes, fmt.Errorf("--forward: %w", err)
		}
		routes.ByName = append(routes.ByName, route)
	}
	return routes, nil
}

func (c listenCommand) Run(ctx context.Context, std streams) error {
	options, err := c.options(ctx)
	if err != nil {
		return refused(err)
	}
	if !c.JSON && !c.Plain && !c.Once && show.Terminal(std.out) && show.Terminal(std.in) {
		return c.runLive(ctx, std, options)
	}
	options.Report = func(d listen.Delivery) { _ = c.printDelivery(std.out, d) }
	options.Notice = func(text string) { fmt.Fprintln(std.err, "idem:", text) }
	listener, err := listen.New(options)
	if err != nil {
		return err
	}
	return refused(listener.Run(ctx))
}

// runLive forwards events and shows a live view. When one ends, so does the other.
func (c listenCommand) runLive(ctx context.Context, std streams, options listen.Options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var view *listenview.View
	options.Report = func(d listen.Delivery) { view.Report(d) }
	options.Notice = func(text string) { view.Notice(text) }
	listener, err := listen.New(options)
	if err != nil {
		return err
	}
	view = listenview.New(ctx, std.in, std.out, "Events of "+options.Source, listener.Resend)
	ended := make(chan error, 1)
	go func() {
		ended <- listener.Run(ctx)
		view.Quit()
	}()
	shown := view.Run()
	stop()
	return errors.Join(shown, refused(<-ended))
}

// options connects the list of events with the receivers.
func (c listenCommand) options(ctx context.Context) (listen.Options, error) {
	routes, err := c.routes()
	if err != nil {
		return listen.Options{}, err
	}
	limiter := persona.NewRateLimiter()
	client, err := c.client(persona.WithRateLimiter(limiter))
	if err != nil {
		return listen.Options{}, err
	}
	options := listen.Options{
		Routes: routes, StateFile: c.State, Interval: c.Interval, Once: c.Once,
		Sender: forward.Sender{Secrets: c.Secret, Timeout: c.Timeout},
	}
	if c.Webhook != "" {
		hook, err := client.Webhooks.Get(ctx, c.Webhook)
		if err != nil {
			return options, fmt.Errorf("read the webhook: %w", err)
		}
		if client, err = c.as(&options, hook, limiter); err != nil {
			return options, err
		}
	}
	if len(options.Sender.Secrets) == 0 {
		if options.Sender.Secrets, err = c.configuredSecrets(); err != nil {
			return options, err
		}
	}
	return options, c.read(ctx, &options, client, limiter)
}

// as selects the events and secrets of a webhook. It returns a client that reads events in
// the version and casing of the webhook.
func (c listenCommand) as(options *listen.Options, hook *persona.WebhookWithSecret, limiter *persona.RateLimiter) (*persona.Client, error) {
	if len(c.Secret) == 0 {
		options.Sender.Secrets = webhookplan.Secrets(hook, time.Now())
	}
	subscribed := hook.Attributes.EnabledEvents
	options.Wanted = func(name string) bool { return slices.Contains(subscribed, "*") || slices.Contains(subscribed, name) }
	form := []persona.Option{persona.WithRateLimiter(limiter)}
	if version := hook.Attributes.APIVersion; version != "" {
		form = append(form, persona.WithVersion(version))
	}
	if inflection := hook.Attributes.APIKeyInflection; inflection != "" {
		form = append(form, persona.WithKeyInflection(persona.Inflection(inflection)))
	}
	return c.client(form...)
}

// configuredSecrets returns the secrets of the service's configuration.
func (c listenCommand) configuredSecrets() ([]string, error) {
	missing := errors.New("no secret to sign with: set --webhook, --secret (or PERSONA_WEBHOOK_SECRET), or --config")
	if c.Config == "" {
		return nil, missing
	}
	cfg, err := service.LoadConfig(c.Config, os.Getenv)
	if err != nil {
		return nil, err
	}
	var secrets []string
	for _, secret := range cfg.Environments[service.Environment(c.Environment)].WebhookSecrets {
		secrets = append(secrets, secret.Reveal())
	}
	if len(secrets) == 0 {
		return nil, missing
	}
	return secrets, nil
}

// read sets how events are read, and from which time.
func (c listenCommand) read(ctx context.Context, options *listen.Options, client *persona.Client, limiter *persona.RateLimiter) error {
	list := reconcile.Persona{Client: client, RateLimiter: limiter}
	options.Lister = list
	options.Event = func(ctx context.Context, id string) (domain.Event, error) { return readEvent(ctx, client, id) }
	_, baseURL, err := c.settings()
	if err != nil {
		return err
	}
	options.Source = c.Environment + " at " + orDefaultURL(baseURL)
	if options.StateFile == "" {
		options.StateFile = filepath.Join(".idem", "listen-"+c.Environment+".json")
	}
	options.Since, options.SkipKnown = c.Since.Time, c.Since.IsZero()
	if options.Since.IsZero() {
		if options.Since, err = list.Clock(ctx); err != nil { // events are dated by Persona's clock
			return err
		}
		if options.Since.IsZero() {
			options.Since = time.Now()
		}
	}
	return nil
}

// orDefaultURL returns the address that the SDK uses.
func orDefaultURL(baseURL string) string {
	for _, url := range []string{baseURL, os.Getenv("PERSONA_BASE_URL")} {
		if url != "" {
			return url
		}
	}
	return persona.DefaultBaseURL
}

// readEvent reads one event in the form of a webhook's body.
func readEvent(ctx context.Context, client *persona.Client, id string) (domain.Event, error) {
	e, err := client.Events.Get(ctx, id)
	if err != nil {
		return domain.Event{}, fmt.Errorf("read event %s again: %w", id, err)
	}
	body, err := json.Marshal(map[string]json.RawMessage{"data": e.Raw})
	return domain.Event{ID: e.ID, Name: e.Attributes.Name, CreatedAt: e.Attributes.CreatedAt.Time, Body: body}, err
}

// printDelivery prints a line about an attempt.
func (c listenCommand) printDelivery(w io.Writer, d listen.Delivery) error {
	if d.Attempts == 0 {
		return nil // the attempt comes next
	}
	if c.JSON {
		return show.Line(w, map[string]any{
			"event": d.Event.ID, "name": d.Event.Name, "created_at": d.Event.CreatedAt, "object": d.Event.Object.ID, "to": d.URL,
			"attempt": d.Attempts, "status": d.Answer.Status, "error": d.Error, "milliseconds": d.Answer.Took.Milliseconds(), "state": d.Progress,
		})
	}
	return show.Text(w, func(w io.Writer) {
		to := d.URL
		if d.Error != "" {
			to += ":"
		}
		fmt.Fprintf(w, "%s %s %s → %s %s\n", d.Event.CreatedAt.Format(time.RFC3339), d.Event.Name, d.Event.ID, to, outcome(d))
	})
}

func outcome(d listen.Delivery) string {
	text := fmt.Sprintf("%d in %d ms", d.Answer.Status, d.Answer.Took.Milliseconds())
	if d.Error != "" {
		text = d.Error
	}
	switch d.Progress {
	case listen.Accepted:
		return show.Good(text)
	case listen.Failed:
		return show.Bad(fmt.Sprintf("%s, given up after %d attempts", text, d.Attempts))
	}
	return show.Doubtful(fmt.Sprintf("%s, attempt %d of %d", text, d.Attempts, forward.MaxAttempts))
}
