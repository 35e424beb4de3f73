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

	"github.com/idemhq/idem/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands are the commands there are.
type commands struct {
	Serve     serveCommand     `cmd:"" help:"Run the service."`
	Reconcile reconcileCommand `cmd:"" help:"Fetch Persona's events and store those whose webhook never arrived."`
	Replay    replayCommand    `cmd:"" help:"Process events again, or retry a dead action."`
	Demo      demoCommand      `cmd:"" help:"Run the six steps of the tutorial and check every outcome."`
	Dev       devCommand       `cmd:"" help:"Run a sandbox, a service and a status page on this machine."`
	Sandbox   sandboxCommand   `cmd:"" help:"Run a local Persona, or list the operations it supports."`
	Webhook   webhookCommand   `cmd:"" help:"Verify and sign webhooks."`
	Policy    policyCommand    `cmd:"" help:"Check a policy file, or print the built-in policy."`
	API       apiCommand       `cmd:"" name:"api" help:"List the operations of Persona's API that the SDK supports."`
	Version   versionCommand   `cmd:"" help:"Print the versions of Idem, Go and Persona's API."`
}

// run runs a command until it is done or the context ends, and returns the exit code.
func run(ctx context.Context, args []string, std streams) int {
	helped := false
	parser, err := kong.New(&commands{},
		kong.Name("idem"), kong.Description("Integrate with Persona's identity verification: run the service, or a local sandbox for development."),
		kong.Writers(std.out, std.err), kong.Exit(func(int) { helped = true }),
		kong.Vars{"fault_kinds": strings.Join(sandbox.FaultKinds(), ", ")},
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))
	if err != nil {
		fmt.Fprintln(std.err, "idem:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if helped {
		return exitDone
	}
	if err != nil {
		fmt.Fprintf(std.err, "idem: %v\nRun `%s --help`.\n", err, named(err))
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(std.err, "idem:", err)
		return exitFailed
	}
	return exitDone
}

// named is the command that was called wrongly, as far as it is known.
func named(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context.Selected() != nil {
		return parse.Context.Selected().FullPath()
	}
	return "idem"
}
