package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

type webhookCommand struct {
	Verify verifyCommand `cmd:"" help:"Verify the signature of a webhook whose body is on standard input. Exits 1 if it is invalid."`
	Sign   signCommand   `cmd:"" help:"Sign a webhook body from standard input and print the Persona-Signature header."`

	Plan  webhookPlanCommand  `cmd:"" help:"Compare the webhooks at Persona with a file."`
	Apply webhookApplyCommand `cmd:"" help:"Apply a file to the webhooks at Persona."`
}

type verifyCommand struct {
	output
	Secret    []string      `required:"" sep:"none" placeholder:"WBHSEC" help:"A secret of the webhook (wbhsec_…). Repeat the flag while a secret is being rotated."`
	Header    string        `required:"" placeholder:"SIGNATURE" help:"The value of the Persona-Signature header."`
	At        *int64        `placeholder:"UNIX" help:"Verify as of this Unix time, in seconds, instead of now."`
	Tolerance time.Duration `default:"5m" placeholder:"TIME" help:"How far the signature's time may be from now (${default}). A negative value accepts any time."`
}

func (verifyCommand) Help() string {
	return examples("idem webhook verify --secret wbhsec_… --header 't=1700000000,v1=…' < body.json",
		"# As of the time when it was received, with both secrets of a rotation",
		"idem webhook verify --secret wbhsec_new --secret wbhsec_old --header 't=…,v1=…' --at 1700000000 < body.json")
}

func (c verifyCommand) Run(std streams) error {
	body, err := readBody(std.in)
	if err != nil {
		return err
	}
	err = webhook.Verify(body, c.Header, c.Secret, webhook.WithTolerance(c.Tolerance), webhook.WithTime(orNow(c.At)))
	if err != nil {
		return err
	}
	return c.print(std.out, map[string]bool{"valid": true}, func(w io.Writer) { fmt.Fprintln(w, "ok") })
}

// Validate rejects a tolerance of zero.
func (c verifyCommand) Validate() error {
	if c.Tolerance == 0 {
		return errors.New("--tolerance 0 would reject every signature: use a duration such as 5m, or --tolerance=-1s to accept any age")
	}
	return nil
}

type signCommand struct {
	output
	Secret []string `required:"" sep:"none" placeholder:"WBHSEC" help:"The secret to sign with. Repeat the flag, newest first, to sign as Persona does during a rotation."`
	At     *int64   `placeholder:"UNIX" help:"Sign as of this Unix time, in seconds, instead of now."`
}

// Validate rejects an empty secret, which anyone can sign with.
func (c signCommand) Validate() error {
	for _, secret := range c.Secret {
		if strings.TrimSpace(secret) == "" {
			return errors.New("--secret is empty: set it to the webhook's secret (wbhsec_…)")
		}
	}
	return nil
}

func (signCommand) Help() string {
	return examples("idem webhook sign --secret wbhsec_… < body.json", "echo '{}' | idem webhook sign --secret wbhsec_… --at 1700000000")
}

func (c signCommand) Run(std streams) error {
	body, err := readBody(std.in)
	if err != nil {
		return err
	}
	signature := webhook.Sign(body, orNow(c.At), c.Secret...)
	return c.print(std.out, map[string]string{webhook.SignatureHeader: signature}, func(w io.Writer) { fmt.Fprintln(w, signature) })
}

// readBody reads a webhook's body, byte for byte.
func readBody(in io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(in, webhook.MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the body from standard input: %w", err)
	}
	if len(body) > webhook.MaxBody {
		return nil, fmt.Errorf("the body is larger than %d bytes, the most a webhook may have", webhook.MaxBody)
	}
	return body, nil
}

func orNow(unix *int64) time.Time {
	if unix == nil {
		return time.Now()
	}
	return time.Unix(*unix, 0)
}
