package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/idemhq/idem/cmd/idem/internal/completion"
	"github.com/idemhq/idem/cmd/idem/internal/scenario"
	"github.com/idemhq/idem/internal/spelling"
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
	Reconcile reconcileCommand `cmd:"" group:"service" help:"Fetch Persona's events and store those whose webhook never arrived."`
	Replay    replayCommand    `cmd:"" group:"service" help:"Process events or a dead action again, in the database."`
	Export    exportCommand    `cmd:"" group:"service" help:"Write subjects, decisions and other data as CSV or NDJSON."`

	Verify        verifySubject        `cmd:"" group:"running" help:"Verify a person or business: reuse the live inquiry, or start one, and print a link."`
	Verifications verificationsCommand `cmd:"" group:"running" help:"List verifications, make links, allow a new start, or cancel an inquiry."`
	Subjects      subjectsCommand      `cmd:"" group:"running" help:"List people and businesses with their verdicts, or show one."`
	Tail          tailCommand          `cmd:"" group:"running" help:"Follow events, decisions, actions and notifications."`
	Events        eventsCommand        `cmd:"" group:"running" help:"List, show and replay events."`
	Actions       actionsCommand       `cmd:"" group:"running" help:"List actions, or replay or discard a dead one."`
	Endpoints     endpointsCommand     `cmd:"" group:"running" help:"Manage and test the addresses that receive notifications."`
	Deliveries    deliveriesCommand    `cmd:"" group:"running" help:"List, show and replay deliveries of notifications."`
	Tokens        tokensCommand        `cmd:"" group:"running" help:"Create, list and revoke tokens of the API."`

	Completion completionCommand `cmd:"" group:"other" help:"Print a script that completes commands and flags in your shell."`
	Versions   versionCommand    `cmd:"" group:"other" name:"version" help:"Print the versions of Idem, Go and Persona's API."`
}

// groups are the headings of the commands in the help.
func groups() []kong.Group {
	return []kong.Group{
		{Key: "develop", Title: "Develop:"},
		{Key: "persona", Title: "Work with Persona:"},
		{Key: "service", Title: "Run the service:"},
		{Key: "running", Title: "Work with a running service (set IDEM_API_TOKEN):"},
		{Key: "other", Title: "Other:"},
	}
}

// newParser returns the parser of the command line. Exit is called after a flag such as
// --help has printed something.
func newParser(ctx context.Context, std streams, exit func(int)) (*kong.Kong, error) {
	parser, err := kong.New(&commands{},
		kong.Name("idem"), kong.Description("Integrate with Persona's identity verification: run the service, or a local sandbox for development."),
		kong.Writers(std.out, std.err), kong.Exit(exit), kong.ExplicitGroups(groups()),
		kong.Vars{"fault_kinds": strings.Join(sandbox.FaultKinds(), ", "), "scenarios": strings.Join(scenario.Names(), ", "), "views": strings.Join(service.ExportViews(), ","), "view_names": strings.Join(service.ExportViews(), ", ")},
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, FlagsLast: true}))
	if err != nil {
		return nil, err
	}
	parser.Model.HelpFlag.Help = "Show this help."
	for _, command := range parser.Model.Children {
		for _, sub := range command.Children { // they would inherit the heading of the command
			sub.Group = &kong.Group{Key: "commands", Title: "Commands:"}
		}
	}
	return parser, nil
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
		fmt.Fprintf(std.err, "idem: %s\nRun `%s --help`.\n", corrected(err.Error()), named(err))
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

// choice is what kong says about a value that is none of a list.
var choice = regexp.MustCompile(`^(.* must be one of )("[^ ]*") but got "(.*)"$`)

// corrected adds the nearest value to an error about a value that is none of a list. The list
// can begin with an empty value, which stands for a flag that is not given.
func corrected(problem string) string {
	match := choice.FindStringSubmatch(problem)
	if match == nil {
		return problem
	}
	list := strings.TrimPrefix(match[2], `"",`)
	values := strings.Split(strings.Trim(list, `"`), `","`)
	return fmt.Sprintf("%s%s but got %q%s", match[1], list, match[3], spelling.DidYouMean(match[3], values))
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
