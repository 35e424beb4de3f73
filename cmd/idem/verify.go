package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
)

type verifySubject struct {
	output
	remoteService
	Reference   string `arg:"" help:"Your reference id of the person or business."`
	Flow        string `required:"" placeholder:"NAME" help:"The name of a flow in the service's configuration."`
	RedirectURI string `name:"redirect-uri" placeholder:"URL" help:"Where Persona's page leads at the end of a new inquiry."`
	Fields      string `placeholder:"FILE" help:"A file with a JSON object of values that fill in a new inquiry; - for the standard input. There is no flag for values, because other users of the machine can read flags."`
}

func (verifySubject) Help() string {
	return `The service reuses the live inquiry of the person, or starts one within the limits of the flow. The link and the session token that are printed are credentials.

The exit code is 1 if the service starts no inquiry, because the person was declined, has used all attempts, or must wait.

` + examples(
		"idem verify user-1042 --flow kyc",
		"# Fill in what is known already:",
		"idem verify user-1042 --flow kyc --fields - --redirect-uri https://host.example/verified < fields.json",
		"idem verify user-1042 --flow kyc --json",
	)
}

func (c verifySubject) Run(ctx context.Context, std streams) error {
	in := api.VerifyInput{Reference: api.Reference(c.Reference), Flow: c.Flow, RedirectURI: c.RedirectURI}
	var err error
	if in.Fields, err = c.fields(std.in); err != nil {
		return err
	}
	var answer api.Verified
	if err := c.client().Post(ctx, "verifications", in, &answer); err != nil {
		return err
	}
	if err := c.print(std.out, answer, func(w io.Writer) { printVerified(w, answer) }); err != nil {
		return err
	}
	if answer.Action == "refused" {
		return errors.New("no inquiry was started: " + whyRefused(answer))
	}
	return nil
}

// fields reads the values that fill in a new inquiry.
func (c verifySubject) fields(in io.Reader) (fields map[string]json.RawMessage, err error) {
	if c.Fields == "" {
		return nil, nil
	}
	var text []byte
	if c.Fields == "-" {
		text, err = io.ReadAll(in)
	} else {
		text, err = os.ReadFile(c.Fields)
	}
	if err != nil {
		return nil, fmt.Errorf("read the fields: %w", err)
	}
	if json.Unmarshal(text, &fields) != nil || fields == nil {
		return nil, errors.New("read the fields: it is not a JSON object") // the parser's error could quote a value
	}
	return fields, nil
}

func printVerified(w io.Writer, a api.Verified) {
	fmt.Fprintf(w, "%s: %s\n", show.Printable(a.Reference), coloured(string(a.Verdict)))
	switch a.Action {
	case "created":
		fmt.Fprintf(w, "a new inquiry: %s, attempt %d\n", a.Inquiry.ID, a.Attempts)
	case "reused":
		fmt.Fprintf(w, "the inquiry that there is: %s, which is %s\n", a.Inquiry.ID, a.Inquiry.Status)
	case "already_approved":
		fmt.Fprintln(w, "approved already: no inquiry is needed")
	}
	if a.Link != "" {
		fmt.Fprintf(w, "link   %s\n", a.Link)
	}
	if a.SessionToken != "" {
		fmt.Fprintf(w, "token  %s\n", a.SessionToken)
	}
	if a.ExpiresAt != nil && a.Link+a.SessionToken != "" {
		fmt.Fprintf(w, "until  %s\n", moment(*a.ExpiresAt))
	}
}

// whyRefused says why no inquiry was started, and what helps.
func whyRefused(a api.Verified) string {
	switch {
	case a.RetryAt != nil:
		return fmt.Sprintf("the person must wait until %s", moment(*a.RetryAt))
	case a.Reason == "attempts_used":
		return fmt.Sprintf("all attempts are used up; `idem verifications reset %s` allows more", a.ID)
	case a.Verdict == domain.VerdictDeclined:
		return fmt.Sprintf("the person was declined; `idem verifications reset %s` allows a new start", a.ID)
	}
	return string(a.Reason)
}
