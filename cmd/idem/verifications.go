package main

import (
	"context"
	"fmt"
	"io"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/internal/api"
)

type verificationsCommand struct {
	List   verificationsList   `cmd:"" help:"List how far people and businesses are in flows, newest first."`
	Show   verificationsShow   `cmd:"" help:"Show a verification with its inquiries."`
	Link   verificationsLink   `cmd:"" help:"Make a one-time link to the newest inquiry, which must be open or in review."`
	Reset  verificationsReset  `cmd:"" help:"Allow a new start, although all attempts are used up or the person was declined."`
	Cancel verificationsCancel `cmd:"" help:"Cancel the live inquiry at Persona, unless the person has finished it."`
}

type verificationsList struct {
	output
	remoteService
	list
	Reference string `placeholder:"REFERENCE" help:"Only those of this person or business."`
	Flow      string `placeholder:"NAME" help:"Only those in this flow."`
}

func (verificationsList) Help() string {
	return examples("idem verifications list --reference user-1042", "idem verifications list --flow kyc --json")
}

func (c verificationsList) Run(ctx context.Context, std streams) error {
	var page remote.Page[api.Verification]
	query := with(with(c.query("before"), "reference", c.Reference), "flow", c.Flow)
	if err := c.client().Get(ctx, "verifications", query, &page); err != nil {
		return err
	}
	return c.print(std.out, page, func(w io.Writer) {
		rows := [][]string{{"VERIFICATION", "REFERENCE", "FLOW", "ATTEMPTS", "STARTED", "INQUIRY"}}
		for _, v := range page.Data {
			rows = append(rows, []string{v.ID, show.Printable(v.Reference), v.Flow, fmt.Sprint(v.Attempts), sinceWhen(v.StartedAt), v.InquiryID})
		}
		show.Table(w, rows)
		printNext(w, page.Next)
	})
}

// oneVerification is embedded by the commands about one verification.
type oneVerification struct {
	output
	remoteService
	ID string `arg:"" help:"The verification (vfy_…)."`
}

type verificationsShow struct{ oneVerification }

func (verificationsShow) Help() string { return examples("idem verifications show vfy_…") }

func (c verificationsShow) Run(ctx context.Context, std streams) error {
	var v api.Verification
	if err := c.client().Get(ctx, remote.Path("verifications", c.ID), nil, &v); err != nil {
		return err
	}
	return c.print(std.out, v, func(w io.Writer) { printVerification(w, v) })
}

func printVerification(w io.Writer, v api.Verification) {
	fmt.Fprintf(w, "%s: %s in the flow %s, attempts %d\n", v.ID, show.Printable(v.Reference), v.Flow, v.Attempts)
	if v.ResetAt != nil {
		fmt.Fprintf(w, "reset %s\n", moment(*v.ResetAt))
	}
	for _, e := range v.Earlier {
		fmt.Fprintf(w, "%s  %s\n", moment(e.StartedAt), e.ID)
	}
	if v.InquiryID != "" {
		fmt.Fprintf(w, "%s  %s\n", sinceWhen(v.StartedAt), v.InquiryID)
	}
	if v.Starting {
		fmt.Fprintln(w, "an inquiry was requested, and it is not known yet whether Persona created it")
	}
}

type verificationsLink struct{ oneVerification }

func (verificationsLink) Help() string {
	return "The link is a credential.\n\n" + examples("idem verifications link vfy_…")
}

func (c verificationsLink) Run(ctx context.Context, std streams) error {
	var answer api.Verified
	if err := c.client().Post(ctx, remote.Path("verifications", c.ID, "links"), nil, &answer); err != nil {
		return err
	}
	return c.print(std.out, answer, func(w io.Writer) { printVerified(w, answer) })
}

// becauseOf is embedded by the commands that need a reason.
type becauseOf struct {
	Reason string `required:"" placeholder:"TEXT" help:"Why, for the audit trail; without personal data."`
}

// change posts the reason to an operation on the verification.
func (c oneVerification) change(ctx context.Context, std streams, operation, reason, done string) error {
	var v api.Verification
	if err := c.client().Post(ctx, remote.Path("verifications", c.ID, operation), map[string]string{"reason": reason}, &v); err != nil {
		return err
	}
	return c.print(std.out, v, func(w io.Writer) {
		fmt.Fprintln(w, done)
		printVerification(w, v)
	})
}

type verificationsReset struct {
	oneVerification
	becauseOf
}

func (verificationsReset) Help() string {
	return "A live inquiry stays the one there is.\n\n" + examples("idem verifications reset vfy_… --reason 'the camera was broken'")
}

func (c verificationsReset) Run(ctx context.Context, std streams) error {
	return c.change(ctx, std, "reset", c.Reason, "a new start is allowed")
}

type verificationsCancel struct {
	oneVerification
	becauseOf
}

func (verificationsCancel) Help() string {
	return "The attempt stays used.\n\n" + examples("idem verifications cancel vfy_… --reason 'the person left'")
}

func (c verificationsCancel) Run(ctx context.Context, std streams) error {
	return c.change(ctx, std, "cancel", c.Reason, "no inquiry is open")
}
