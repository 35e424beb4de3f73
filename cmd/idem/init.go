package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/idemhq/idem/cmd/idem/internal/setup"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/persona"
)

type initCommand struct {
	output
	Environment string `enum:"sandbox,production" default:"sandbox" placeholder:"ENVIRONMENT" help:"The environment to set up: sandbox or production (${default})."`
	Local       bool   `help:"Use the local sandbox (http://127.0.0.1:8090, or --base-url)."`
	BaseURL     string `name:"base-url" placeholder:"URL" help:"The address of Persona's API."`

	URL       string `name:"url" placeholder:"URL" help:"The address at which Persona reaches the service, such as https://idem.example.com."`
	NoWebhook bool   `help:"Do not create a webhook. Use idem listen to bring the events to the service, if Persona cannot reach this machine."`
	Name      string `default:"idem" placeholder:"NAME" help:"The name of the webhook at Persona (${default}). An existing webhook with this name is updated."`

	File   string `default:"idem.yaml" placeholder:"FILE" help:"The configuration file to create, or to add the environment to (${default})."`
	Policy string `placeholder:"FILE" help:"Your policy file, relative to the configuration file. The default is the built-in policy."`
	Listen string `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"The address that the service listens on, for a new file (${default})."`
	Data   string `default:".idem" placeholder:"FOLDER" help:"The folder of the service's database, for a new file (${default})."`
}

func (initCommand) Help() string {
	return `It tests the API key, creates and enables a webhook for every event at Persona, and writes a configuration file that only you can read. The key comes from PERSONA_API_KEY. On a terminal, it asks for what is missing.

` + examples(
		`# Your sandbox environment at Persona`,
		`idem init --url https://idem.example.com`,
		`# A machine that Persona cannot reach`,
		`idem init --no-webhook`,
		`# The local sandbox, and later production, in the same file`,
		`idem init --local`,
		`idem init --environment production --url https://idem.example.com`)
}

// Validate rejects flags that contradict each other.
func (c initCommand) Validate() error {
	if c.NoWebhook && c.URL != "" {
		return errors.New("--url is the address of the webhook: it cannot be combined with --no-webhook")
	}
	if c.NoWebhook && c.Environment == "production" {
		return errors.New("production needs a webhook: idem listen is for development")
	}
	if c.Local && c.Environment == "production" {
		return errors.New("--local is for the environment sandbox")
	}
	return nil
}

// connected is what was set up.
type connected struct {
	Environment string `json:"environment"`
	File        string `json:"file"`
	Webhook     string `json:"webhook,omitempty"`
	Address     string `json:"address,omitempty"` // of the webhook
	Made        string `json:"made,omitempty"`    // what was done to the webhook
}

func (c initCommand) Run(ctx context.Context, std streams) error {
	configured, err := setup.Configured(c.File, c.Environment)
	if err != nil {
		return err
	}
	if configured {
		return fmt.Errorf("%s already configures the environment %s: remove it there, or choose another file with --file", c.File, c.Environment)
	}
	ask := &asker{in: std.in, out: std.err, lines: bufio.NewReader(std.in)}
	e, client, err := c.connect(ask)
	if err != nil {
		return err
	}
	address, err := c.address(ask)
	if err != nil {
		return err
	}
	if err := setup.Try(ctx, client, address != ""); err != nil {
		return refused(err)
	}
	done := connected{Environment: c.Environment, File: c.File, Address: address}
	if address == "" {
		e.Secrets = []string{"wbhsec_" + strings.ToLower(rand.Text())} // for idem listen
	} else {
		hook, err := setup.Connect(ctx, client, c.Name, address)
		if err != nil {
			return refused(err)
		}
		e.Secrets, done.Webhook, done.Made = hook.Secrets, hook.ID, hook.Made
	}
	if err := setup.Write(c.File, e, c.Listen, c.Data); err != nil {
		return err
	}
	return c.print(std.out, done, func(w io.Writer) { c.printNext(w, done) })
}

// connect returns the environment and a client with its API key.
func (c initCommand) connect(ask *asker) (setup.Environment, *persona.Client, error) {
	e := setup.Environment{Name: c.Environment, Policy: c.Policy}
	key, baseURL, err := account{Environment: c.Environment, Local: c.Local, BaseURL: c.BaseURL}.settings()
	if err != nil {
		return e, nil, err
	}
	e.BaseURL = cmp.Or(baseURL, os.Getenv("PERSONA_BASE_URL"))
	e.APIKey = cmp.Or(key, os.Getenv("PERSONA_API_KEY"))
	if e.APIKey == "" {
		if e.APIKey, err = ask.secret("API key of the environment " + c.Environment + " (it is not shown)"); err != nil {
			return e, nil, fmt.Errorf("no API key: set PERSONA_API_KEY, or use --local for the local sandbox: %w", err)
		}
	}
	opts := []persona.Option{persona.WithAPIKey(e.APIKey)}
	if e.BaseURL != "" {
		opts = append(opts, persona.WithBaseURL(e.BaseURL))
	}
	client, err := newClient(c.Environment, opts...)
	return e, client, err
}

// address returns the address of the webhook, or "" for no webhook.
func (c initCommand) address(ask *asker) (string, error) {
	if c.NoWebhook {
		return "", nil
	}
	base := c.URL
	if base == "" && c.Local {
		base = localURL(c.Listen)
	}
	if base == "" {
		var err error
		if base, err = ask.line("Address at which Persona reaches the service, such as https://idem.example.com"); err != nil {
			return "", fmt.Errorf("no address: set --url, or --no-webhook if Persona cannot reach this machine: %w", err)
		}
	}
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("%q is not a web address such as https://idem.example.com", base)
	case c.Environment == "production" && u.Scheme != "https":
		return "", errors.New("production needs an https address: events hold personal data")
	}
	return strings.TrimRight(base, "/") + "/webhooks/persona/" + c.Environment, nil
}

func (c initCommand) printNext(w io.Writer, done connected) {
	fmt.Fprintf(w, "%s The environment %s is configured in %s.\n", show.Good("ok"), done.Environment, done.File)
	if done.Webhook != "" {
		fmt.Fprintf(w, "Webhook %s is enabled and brings every event to %s.\n", done.Webhook, done.Address)
	}
	fmt.Fprintf(w, "\nNext:\n\n  idem serve --config %[1]s\n  idem doctor --config %[1]s\n", done.File)
	if done.Webhook == "" {
		fmt.Fprintf(w, "  idem listen --config %s --forward-to %s/webhooks/persona/%s\n", done.File, localURL(c.Listen), done.Environment)
	}
	if c.Local {
		fmt.Fprintln(w, "  idem trigger approve --local --undecided")
	}
	fmt.Fprintln(w, "\nTo look at what the service does, set IDEM_API_TOKEN to the api_token of the file: idem tail")
}

// asker asks on a terminal.
type asker struct {
	in    io.Reader
	out   io.Writer
	lines *bufio.Reader
}

var errNoTerminal = errors.New("there is no terminal to ask on")

func (a *asker) line(question string) (string, error) {
	if !show.Terminal(a.in) {
		return "", errNoTerminal
	}
	fmt.Fprintf(a.out, "%s: ", question)
	answer, err := a.lines.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return strings.TrimSpace(answer), nil
}

// secret asks without showing the answer.
func (a *asker) secret(question string) (string, error) {
	if !show.Terminal(a.in) {
		return "", errNoTerminal
	}
	fmt.Fprintf(a.out, "%s: ", question)
	answer, err := term.ReadPassword(int(a.in.(*os.File).Fd())) // a terminal is a file
	fmt.Fprintln(a.out)
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return strings.TrimSpace(string(answer)), nil
}
