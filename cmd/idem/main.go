package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/idemhq/idem/cmd/idem/internal/completion"
	"github.com/idemhq/idem/cmd/idem/internal/scenario"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
	"github.com/idemhq/idem/service"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitUnknown = 3 // it is not known whether a call to Persona's API took effect
)

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands are the commands there are.
type commands struct {
	Version versionFlag `name:"version" help:"Print the version and exit."`

	Init    initCommand    `cmd:"" group:"develop" help:"Set up an environment: test the API key, create the webhook, write the configuration."`
	Dev     devCommand     `cmd:"" group:"develop" help:"Run a sandbox, a service and a status page on this machine."`
	Sandbox sandboxCommand `cmd:"" group:"develop" help:"Run a local Persona, or list the operations it supports."`
	Demo    demoCommand    `cmd:"" group:"develop" help:"Run the six steps of the tutorial and check every outcome."`
	Policy  policyCommand  `cmd:"" group:"develop" help:"Check a policy file, or print the built-in policy."`

	Trigger triggerCommand `cmd:"" group:"develop" help:"Run a scenario for an invented person in a sandbox environment."`
	Listen  listenCommand  `cmd:"" group:"develop" help:"Forward Persona's events to a URL, without a tunnel."`
	Send    sendCommand    `cmd:"" group:"develop" help:"Send a signed webhook to a URL."`

	Request requestCommand `cmd:"" group:"persona" help:"Call any path of Persona's API."`
	Webhook webhookCommand `cmd:"" group:"persona" help:"Verify and sign webhooks, and configure them at Persona."`
	API     apiCommand     `cmd:"" group:"persona" name:"api" help:"List the operations of Persona's API that the SDK supports."`

	Serve     serveCommand     `cmd:"" group:"service" help:"Run the service."`
	Doctor    doctorCommand    `cmd:"" group:"service" help:"Check the configuration, the service, and the API key and webhook at Persona."`
	Keys      keysCommand      `cmd:"" group:"service" help:"Show and rotate API keys and webhook secrets."`
	Tail      tailCommand      `cmd:"" group:"service" help:"Follow events, decisions, actions and notifications of a running service."`
	Verify    verifySubject    `cmd:"" group:"service" help:"Verify a person or business: reuse the live inquiry, or start one, and print a link."`
	Subjects  subjectsCommand  `cmd:"" group:"service" help:"List people and businesses with their verdicts, or show one."`
	Events    eventsCommand    `cmd:"" group:"service" help:"List, show and resend events of a running service."`
	Actions   actionsCommand   `cmd:"" group:"service" help:"List actions of a running service, or retry or discard a dead one."`
	Tokens    tokensCommand    `cmd:"" group:"service" help:"Create, list and revoke tokens of the API."`
	Reconcile reconcileCommand `cmd:"" group:"service" help:"Fetch Persona's events and store those whose webhook never arrived."`
	Endpoints endpointsCommand `cmd:"" group:"service" help:"Manage and test the addresses that receive notifications."`
	Export    exportCommand    `cmd:"" group:"service" help:"Write subjects, decisions and other data as CSV or NDJSON."`
	Replay    replayCommand    `cmd:"" group:"service" help:"Process events again, or retry a dead action."`

	Deliveries    deliveriesCommand    `cmd:"" group:"service" help:"List, show and replay deliveries of notifications."`
	Verifications verificationsCommand `cmd:"" group:"service" help:"List verifications, make links, allow a new start, or cancel an inquiry."`

	Completion completionCommand `cmd:"" group:"other" help:"Print a script that completes commands and flags in your shell."`
	Versions   versionCommand    `cmd:"" group:"other" name:"version" help:"Print the versions of Idem, Go and Persona's API."`
}

// groups are the headings of the commands in the help.
func groups() []kong.Group {
	return []kong.Group{
		{Key: "develop", Title: "Develop:"},
		{Key: "persona", Title: "Work with Persona:"},
		{Key: "service", Title: "Run the service:"},
		{Key: "other", Title: "Other:"},
	}
}

// newParser returns the parser of the command line. Exit is called after a flag such as
// --help has printed something.
func newParser(ctx context.Context, std streams, exit func(int)) (*kong.Kong, error) {
	return kong.New(&commands{},
		kong.Name("idem"), kong.Description("Integrate with Persona's identity verification: run the service, or a local sandbox for development."),
		kong.Writers(std.out, std.err), kong.Exit(exit), kong.ExplicitGroups(groups()),
		kong.Vars{"fault_kinds": strings.Join(sandbox.FaultKinds(), ", "), "scenarios": strings.Join(scenario.Names(), ", "), "views": strings.Join(service.ExportViews(), ",")},
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, FlagsLast: true}))
}

// run runs a command until it is done or the context ends, and returns the exit code.
func run(ctx context.Context, args []string, std streams) int {
	helped := false
	parser, err := newParser(ctx, std, func(int) { helped = true })
	if err != nil {
		fmt.Fprintln(std.err, "idem:", err)
		return exitFailed
	}
	if len(args) > 1 && args[0] == completion.Command {
		completer := completion.Completer{App: parser.Model, Values: map[string][]string{"scenario": scenario.Names()}}
		completion.Write(std.out, args[1], completer.Candidates(args[2:]))
		return exitDone
	}
	command, err := parser.Parse(asking(args))
	if helped {
		return exitDone
	}
	if err != nil {
		fmt.Fprintf(std.err, "idem: %v\nRun `%s --help`.\n", err, named(err))
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(std.err, "idem:", err)
		return exitCode(err)
	}
	return exitDone
}

// asking turns no arguments, and `help COMMAND`, into --help.
func asking(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(args[1:len(args):len(args)], "--help")
	}
	return args
}

func exitCode(err error) int {
	if errors.Is(err, persona.ErrOutcomeUnknown) {
		return exitUnknown
	}
	return exitFailed
}

// named is the command that was called wrongly, as far as it is known.
func named(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context.Selected() != nil {
		return parse.Context.Selected().FullPath()
	}
	return "idem"
}
