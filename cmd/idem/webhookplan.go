package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/cmd/idem/internal/webhookplan"
	"github.com/idemhq/idem/persona"
)

const webhookFileHelp = `The file lists webhooks, which are identified by their names. Other webhooks and settings that the file omits do not change:

    webhooks:
      - name: idem
        url: https://idem.example.com/webhooks/persona/sandbox
        events: ["*"]
        enabled: true              # the default
        description: for Idem
        api_version: "2025-12-08"
        key_inflection: kebab      # kebab, snake or camel
        attributes_blocklist: []
        file_access_token_expires_in: 21600

included_allowlist, relationship_allowlist and payload_filter have the form of Persona's API.

`

type webhookPlanCommand struct {
	output
	account
	File     string `arg:"" help:"The file with the webhooks."`
	ExitCode bool   `help:"Exit with 1 if there are differences."`
}

func (webhookPlanCommand) Help() string {
	return webhookFileHelp + examples("idem webhook plan webhooks.yaml --config idem.yaml", "idem webhook plan webhooks.yaml --environment production --exit-code --json")
}

func (c webhookPlanCommand) Run(ctx context.Context, std streams) error {
	_, steps, err := planned(ctx, c.account, c.File, std.err)
	if err != nil {
		return refused(err)
	}
	if err := c.print(std.out, steps, func(w io.Writer) { printSteps(w, steps) }); err != nil {
		return err
	}
	if c.ExitCode && webhookplan.Differs(steps) {
		return errors.New("the webhooks differ from the file")
	}
	return nil
}

// planned compares the webhooks at Persona with a file. It prints warnings to w.
func planned(ctx context.Context, a account, path string, w io.Writer) (*persona.Client, []webhookplan.Step, error) {
	file, err := webhookplan.Read(path)
	if err != nil {
		return nil, nil, err
	}
	for _, warning := range file.Warnings() {
		fmt.Fprintln(w, "warning:", warning)
	}
	client, err := a.client()
	if err != nil {
		return nil, nil, err
	}
	existing, err := webhookplan.Existing(ctx, client)
	if err != nil {
		return nil, nil, err
	}
	steps, err := webhookplan.Plan(existing, file)
	return client, steps, err
}

func printSteps(w io.Writer, steps []webhookplan.Step) {
	for _, step := range steps {
		head := strings.TrimSpace(step.Action + " " + step.Name + " " + step.ID)
		switch step.Action {
		case webhookplan.Create:
			head = show.Good(head)
		case webhookplan.Update:
			head = show.Doubtful(head)
		}
		fmt.Fprintln(w, head)
		for _, change := range step.Changes {
			fmt.Fprintln(w, "  "+change.Text())
		}
		if step.Status != "" {
			fmt.Fprintln(w, "  status: "+step.Status)
		}
	}
	if !webhookplan.Differs(steps) {
		fmt.Fprintln(w, "nothing to change")
	}
}

type webhookApplyCommand struct {
	output
	account
	File       string `arg:"" help:"The file with the webhooks."`
	Yes        bool   `short:"y" help:"Do not ask for confirmation. Required when standard input is not a terminal."`
	SecretFile string `type:"path" placeholder:"FILE" help:"Append the secrets of new webhooks to this file, for webhook_secrets_file. A new file is readable only by you."`
}

func (webhookApplyCommand) Help() string {
	return webhookFileHelp + examples("idem webhook apply webhooks.yaml --config idem.yaml", "idem webhook apply webhooks.yaml --environment production --yes --secret-file /run/secrets/persona-webhook")
}

func (c webhookApplyCommand) Run(ctx context.Context, std streams) error {
	client, steps, err := planned(ctx, c.account, c.File, std.err)
	if err != nil {
		return refused(err)
	}
	if !c.JSON {
		if err := show.Text(std.out, func(w io.Writer) { printSteps(w, steps) }); err != nil {
			return err
		}
	}
	if webhookplan.Differs(steps) && !c.Yes {
		if err := confirm(std, fmt.Sprintf("Change the webhooks of the environment %s?", c.Environment)); err != nil {
			return err
		}
	}
	done, err := webhookplan.Apply(ctx, client, steps)
	err = errors.Join(refused(err), c.keepSecrets(std.err, done))
	if c.JSON {
		return errors.Join(err, show.JSON(std.out, done))
	}
	if err == nil && webhookplan.Differs(steps) {
		fmt.Fprintln(std.out, c.applied(done))
	}
	return err
}

// applied says what was done, and where the secrets are.
func (c webhookApplyCommand) applied(done []webhookplan.Done) string {
	if c.SecretFile != "" && slices.ContainsFunc(done, func(d webhookplan.Done) bool { return d.Secret != "" }) {
		return "applied; the secrets of new webhooks are in " + c.SecretFile
	}
	return "applied"
}

// keepSecrets appends the secrets of new webhooks to the secret file.
func (c webhookApplyCommand) keepSecrets(w io.Writer, done []webhookplan.Done) error {
	for _, d := range done {
		switch {
		case d.Secret == "":
		case c.SecretFile == "":
			fmt.Fprintf(w, "To see the secret of %s: idem request GET /webhooks/%s\n", d.Name, d.ID)
		default:
			if err := appendSecret(c.SecretFile, d.Secret); err != nil {
				return fmt.Errorf("keep the secret of %s: %w", d.ID, err)
			}
		}
	}
	return nil
}

func appendSecret(path, secret string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, secret)
	return errors.Join(err, file.Close())
}

// confirm asks for confirmation on the terminal.
func confirm(std streams, question string) error {
	if !show.Terminal(std.in) {
		return errors.New("nothing was changed: there is no terminal to confirm on; add --yes")
	}
	fmt.Fprintf(std.err, "%s [y/N] ", question)
	answer, err := bufio.NewReader(std.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was changed")
}
