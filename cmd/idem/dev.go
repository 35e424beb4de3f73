package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/idemhq/idem/cmd/idem/internal/dev"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/sandbox"
)

type devCommand struct {
	output
	Listen        string `placeholder:"ADDRESS" help:"Where the service and the status page listen. The default is 127.0.0.1:8080, or a free port if that is taken."`
	SandboxListen string `placeholder:"ADDRESS" help:"Where the sandbox listens. The default is 127.0.0.1:8090, or a free port if that is taken."`
	Data          string `default:".idem" placeholder:"FOLDER" help:"The folder for the service's database (${default}). The sandbox stores nothing."`
	Verbose       bool   `short:"v" help:"Print the service's full log, not only warnings and errors."`
}

func (devCommand) Help() string {
	return examples("idem dev", "idem dev --listen 127.0.0.1:9000 --data /tmp/idem-dev --verbose",
		"# For scripts: one line of JSON with the addresses once everything runs", "idem dev --json")
}

// Validate rejects what cannot be listened at.
func (c devCommand) Validate() error {
	for flag, address := range map[string]string{"--listen": c.Listen, "--sandbox-listen": c.SandboxListen} {
		if _, _, err := net.SplitHostPort(address); address != "" && err != nil {
			return fmt.Errorf("%s must be host:port, such as 127.0.0.1:8080: %w", flag, err)
		}
	}
	return nil
}

func (c devCommand) Run(ctx context.Context, std streams) error {
	level := slog.LevelWarn
	if c.Verbose {
		level = slog.LevelInfo
	}
	logger := telemetry.NewLogger(std.err, "text", level)
	options := dev.Options{Data: c.Data, Service: c.Listen, Sandbox: c.SandboxListen, Logger: logger}
	if !c.JSON {
		options.Told = func(n notify.Notification) { printNotification(std.out, n) }
	}
	err := dev.Run(ctx, options, func(at dev.Addresses) {
		if c.JSON {
			_ = show.Line(std.out, map[string]string{"service": at.Service, "sandbox": at.Sandbox, "api_token": dev.Token, "persona_api_key": sandbox.SandboxKey, "data": c.Data})
			return
		}
		printDev(std.out, at, c.Data)
	})
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: choose another address with --listen or --sandbox-listen", err)
	}
	return err
}

// printNotification prints what the host application would have been told.
func printNotification(w io.Writer, n notify.Notification) {
	about := n.Reference
	if n.Object != nil {
		about = cmp.Or(about, n.Object.ID)
	}
	fmt.Fprintln(w, strings.Join(strings.Fields(fmt.Sprintf("notification: %s %s %s", n.Type, about, cmp.Or(string(n.Verdict), n.Status, n.Reason))), " "))
}

func printDev(w io.Writer, at dev.Addresses, data string) {
	fmt.Fprintf(w, `Idem is running: a sandbox, a service and a status page.

  %-32[1]s status page: create an applicant and watch what happens
  %-32[9]s the service's API; its token is "%[7]s"
  %-32[10]s the sandbox, a local Persona: what it holds and did
  %-32[3]s the service's data: delete it to start over

Verify one of your users with one call, and open the link in its answer:

  curl -s %[1]s/v1/sandbox/verifications -H 'Authorization: Bearer %[7]s' -H 'Content-Type: application/json' -d '{"reference": "user-1", "flow": "%[8]s"}'

Or try it by hand in another terminal. Create an inquiry for one of your users:

  API=%[2]s/api/v1
  KEY='Authorization: Bearer %[4]s'
  INQUIRY=$(curl -s $API/inquiries -H "$KEY" -H 'Content-Type: application/json' -d '{"data": {"attributes": {"inquiry-template-id": "%[5]s"}}, "meta": {"auto-create-account-reference-id": "user-1042"}}' | grep -o 'inq_[A-Za-z0-9]*' | head -n 1)

Let the user pass verification:

  curl -s $API/inquiries/$INQUIRY/perform-simulate-actions -H "$KEY" -H 'Content-Type: application/json' -d '{"meta": {"simulate-actions": [{"type": "start_inquiry"}, {"type": "create_passed_verification", "data": {"verification-template-id": "%[6]s"}}, {"type": "complete_inquiry"}]}}'

Ask whether the user may proceed, and why:

  curl -s %[1]s/v1/sandbox/subjects/user-1042 -H 'Authorization: Bearer %[7]s'
  curl -s %[1]s/v1/sandbox/decisions?object=$INQUIRY -H 'Authorization: Bearer %[7]s'

Or use the commands tail, subjects, events and actions:

  export IDEM_URL=%[1]s IDEM_API_TOKEN=%[7]s
  %[11]s subjects show user-1042

What your application would be told is printed below, one line for each notification.

Stop with Ctrl-C.
`, at.Service, at.Sandbox, data, sandbox.SandboxKey, sandbox.InquiryTemplateID, sandbox.GovernmentIDTemplateID, dev.Token, dev.Flow, at.Service+"/docs", at.Sandbox+"/_sandbox/", os.Args[0])
}
