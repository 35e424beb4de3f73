package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/idemhq/idem/cmd/idem/internal/dev"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/sandbox"
)

type devCommand struct {
	output
	Data    string `default:".idem" placeholder:"FOLDER" help:"The folder for the service's database (${default}). The sandbox stores nothing."`
	Verbose bool   `short:"v" help:"Print the service's full log, not only warnings and errors."`
}

func (devCommand) Help() string {
	return examples("idem dev", "idem dev --data /tmp/idem-dev --verbose",
		"# For scripts: one line of JSON with the addresses once everything runs", "idem dev --json")
}

func (c devCommand) Run(ctx context.Context, std streams) error {
	level := slog.LevelWarn
	if c.Verbose {
		level = slog.LevelInfo
	}
	logger := telemetry.NewLogger(std.err, "text", level)
	return dev.Run(ctx, c.Data, logger, func(at dev.Addresses) {
		if c.JSON {
			_ = show.Line(std.out, map[string]string{"service": at.Service, "sandbox": at.Sandbox, "api_token": dev.Token, "persona_api_key": sandbox.SandboxKey, "data": c.Data})
			return
		}
		printDev(std.out, at, c.Data)
	})
}

func printDev(w io.Writer, at dev.Addresses, data string) {
	fmt.Fprintf(w, `Idem is running: a sandbox, a service and a status page.

  %-24[1]s status page: create an applicant and watch what happens
  %-24[2]s sandbox, a local Persona; its API is under /api/v1
  %-24[3]s service data: delete it to start over

Or try it by hand in another terminal. Create an inquiry for one of your users:

  API=%[2]s/api/v1
  KEY='Authorization: Bearer %[4]s'
  INQUIRY=$(curl -s $API/inquiries -H "$KEY" -H 'Content-Type: application/json' -d '{"data": {"attributes": {"inquiry-template-id": "%[5]s"}}, "meta": {"auto-create-account-reference-id": "user-1042"}}' | grep -o 'inq_[A-Za-z0-9]*' | head -n 1)

Let the user pass verification:

  curl -s $API/inquiries/$INQUIRY/perform-simulate-actions -H "$KEY" -H 'Content-Type: application/json' -d '{"meta": {"simulate-actions": [{"type": "start_inquiry"}, {"type": "create_passed_verification", "data": {"verification-template-id": "%[6]s"}}, {"type": "complete_inquiry"}]}}'

Ask whether the user may proceed, and why:

  curl -s %[1]s/v1/sandbox/subjects/user-1042 -H 'Authorization: Bearer %[7]s'
  curl -s %[1]s/v1/sandbox/decisions?object=$INQUIRY -H 'Authorization: Bearer %[7]s'

Stop with Ctrl-C.
`, at.Service, at.Sandbox, data, sandbox.SandboxKey, sandbox.InquiryTemplateID, sandbox.GovernmentIDTemplateID, dev.Token)
}
