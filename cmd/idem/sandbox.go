package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/serve"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

type sandboxCommand struct {
	output
	Listen     string  `default:"127.0.0.1:8090" placeholder:"ADDRESS" help:"The address to listen on (${default}). Port 0 picks a free port."`
	URL        string  `name:"url" placeholder:"URL" help:"The public address for links and files, such as that of a tunnel. The default is the address the sandbox listens on."`
	Coverage   bool    `help:"List the operations that are served or missing and the events that are emitted or silent, then exit."`
	RetryScale float64 `default:"1" placeholder:"F" help:"Multiply the delays between webhook retries, which are up to 32 hours, by F: 0.001 turns 1h into 3.6s."`
	RateLimit  *int    `placeholder:"N" help:"Calls per minute for each environment. The default is the seed's limit, or 300."`

	Seed          string    `type:"existingfile" placeholder:"FILE" help:"A YAML file with initial templates, keys, webhooks, accounts, limits and faults. See examples/sandbox/seed.yaml."`
	State         string    `type:"path" placeholder:"FILE" help:"Load the state from this file and save it there. Without it the state is lost when the sandbox stops."`
	Clock         time.Time `format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME" help:"The initial time, such as 2026-01-02T03:04:05Z. The default is now."`
	RemoteControl bool      `help:"Allow other machines to use the inspector and the control API under /_sandbox/."`

	Fault     []fault `sep:"none" placeholder:"KIND" help:"A fault to inject, such as kind=lost_delivery,event=inquiry.approved,rate=0.1. It applies to both environments unless you add environment=sandbox or environment=production. Repeatable. Kinds: ${fault_kinds}."`
	FaultSeed uint64  `placeholder:"N" help:"The random seed for faults with a rate (${default}). The same seed repeats a run." default:"0"`
}

// fault is a fault in the form of the command line.
type fault struct{ sandbox.Fault }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (f *fault) UnmarshalText(text []byte) (err error) {
	f.Fault, err = sandbox.ParseFault(string(text))
	return err
}

// Validate rejects values that are out of range or contradict each other.
func (c sandboxCommand) Validate() error {
	if c.RetryScale <= 0 {
		return errors.New("--retry-scale must be greater than zero")
	}
	if c.State != "" && !c.Clock.IsZero() {
		return errors.New("--clock cannot be combined with --state: the state file contains the time")
	}
	if c.RateLimit != nil && *c.RateLimit <= 0 {
		return errors.New("--rate-limit must be greater than zero")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("--listen must be host:port, such as 127.0.0.1:8090: %w", err)
	}
	return nil
}

func (c sandboxCommand) Run(ctx context.Context, std streams) error {
	if c.Coverage {
		return c.printCoverage(std.out)
	}
	debug.SetGCPercent(25) // most of the memory stays in use, so collecting early keeps it small
	seed, err := c.readSeed()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("%w: choose another address with --listen, such as 127.0.0.1:0 for a free port", err)
	}
	defer listener.Close()
	options := sandbox.Options{URL: c.publicURL(listener.Addr()), RetryScale: c.RetryScale, Clock: c.Clock, FaultSeed: c.FaultSeed, Seed: seed, RemoteControl: c.RemoteControl}
	if c.RateLimit != nil {
		options.RateLimit = *c.RateLimit
	}
	sb, err := sandbox.New(options)
	if err != nil {
		return fmt.Errorf("start the sandbox: %w", err)
	}
	defer sb.Close()
	for _, f := range c.Fault {
		if err := sb.AddFault(f.Fault); err != nil {
			return err
		}
	}
	if c.State != "" {
		if err := sb.Load(c.State); err != nil {
			return fmt.Errorf("load --state %s: %w", c.State, err)
		}
	}
	c.printStarted(std.out, "http://"+listener.Addr().String())
	if c.State == "" {
		return serve.HTTP(ctx, listener, sb)
	}
	return serveAndKeep(ctx, listener, sb, c.State)
}

// publicURL returns the address of links and files. It is empty for a sandbox that listens on
// every address of the machine: then each caller's address is used.
func (c sandboxCommand) publicURL(listens net.Addr) string {
	if tcp, ok := listens.(*net.TCPAddr); c.URL == "" && ok && tcp.IP.IsUnspecified() {
		return ""
	}
	return cmp.Or(strings.TrimSuffix(c.URL, "/"), "http://"+listens.String())
}

// serveAndKeep serves a sandbox and saves its state in a file. If one of both fails or ends,
// the other ends too. The state is saved last.
func serveAndKeep(ctx context.Context, listener net.Listener, sb *sandbox.Sandbox, state string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	keeping, last := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() {
		served <- serve.HTTP(ctx, listener, sb)
		last()
	}()
	kept := sb.Keep(keeping, state)
	stop()
	return errors.Join(<-served, kept)
}

func (c sandboxCommand) readSeed() (*sandbox.Seed, error) {
	if c.Seed == "" {
		return nil, nil
	}
	file, err := os.Open(c.Seed)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return sandbox.ReadSeed(c.Seed, file)
}

func (sandboxCommand) Help() string {
	return examples("idem sandbox",
		"# Keep the state, and make the retries of webhooks a thousand times faster",
		"idem sandbox --state sandbox.json --retry-scale 0.001",
		"# One in ten approvals gets no answer", "idem sandbox --fault kind=lost_answer,operation=Inquiries.Approve,rate=0.1",
		"# For scripts: one line of JSON with the address once it listens", "idem sandbox --listen 127.0.0.1:0 --json")
}

// printCoverage prints what the sandbox serves and emits.
func (c sandboxCommand) printCoverage(w io.Writer) error {
	served, missing := sandbox.Coverage()
	emitted, silent := sandbox.EventCoverage()
	result := map[string]any{"served": names(served), "missing": names(missing), "emitted": emitted, "silent": silent}
	return c.print(w, result, printCoverage)
}

func names(operations []persona.Operation) []string {
	names := []string{}
	for _, op := range operations {
		names = append(names, op.Name())
	}
	return names
}

// printStarted says where the sandbox is and how to use it.
func (c sandboxCommand) printStarted(w io.Writer, url string) {
	if c.JSON {
		_ = show.Line(w, map[string]string{"url": url, "persona_base_url": url + "/api/v1", "persona_api_key": sandbox.SandboxKey, "production_key": sandbox.ProductionKey})
		return
	}
	printSandbox(w, url, c.State)
}

func printCoverage(w io.Writer) {
	served, missing := sandbox.Coverage()
	list := func(word string, operations []persona.Operation) {
		for _, op := range operations {
			fmt.Fprintf(w, "%-8s %s %s %s\n", word, op.HTTPMethod, op.Path, op.Name())
		}
	}
	list("served", served)
	list("missing", missing)
	emitted, silent := sandbox.EventCoverage()
	for _, name := range emitted {
		fmt.Fprintf(w, "emitted  %s\n", name)
	}
	for _, name := range silent {
		fmt.Fprintf(w, "silent   %s\n", name)
	}
	fmt.Fprintf(w, "%d of %d operations are served, %d are missing\n", len(served), len(served)+len(missing), len(missing))
	fmt.Fprintf(w, "%d of %d events are emitted\n", len(emitted), len(emitted)+len(silent))
}

func printSandbox(w io.Writer, url, state string) {
	kept := "Its state is not saved."
	if state != "" {
		kept = "Its state is saved in " + state + "."
	}
	fmt.Fprintf(w, `The sandbox is at %[1]s

  export PERSONA_BASE_URL=%[1]s/api/v1
  export PERSONA_API_KEY=%[2]s

  production key           %[3]s
  inquiry template         %[4]s
  government-id template   %[5]s
  selfie template          %[6]s
  database template        %[7]s
  case template            %[8]s
  account type             %[9]s

Create an inquiry:

  curl -s %[1]s/api/v1/inquiries -H 'Authorization: Bearer %[2]s' \
    -H 'Content-Type: application/json' \
    -d '{"data":{"attributes":{"inquiry-template-id":"%[4]s"}}}'

Inspect what happened, move the clock and inject faults: %[1]s/_sandbox/

  curl -s %[1]s/_sandbox/state
  curl -s %[1]s/_sandbox/calls
  curl -s %[1]s/_sandbox/clock -d '{"advance":"24h"}'

Act as a person would; docs/sandbox.md lists the acts:

  curl -s %[1]s/_sandbox/act -d '{"do":"submit","id":"inq_…","type":"verification/selfie","outcome":"requires_retry"}'

Stop with Ctrl-C. %[10]s
`, url, sandbox.SandboxKey, sandbox.ProductionKey, sandbox.InquiryTemplateID, sandbox.GovernmentIDTemplateID,
		sandbox.SelfieTemplateID, sandbox.DatabaseTemplateID, sandbox.CaseTemplateID, sandbox.AccountTypeID, kept)
}
