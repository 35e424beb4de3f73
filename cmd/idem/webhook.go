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
	Verify verifyCommand `cmd:"" help:"Read a webhook's body, and say whether its signature holds. Exits 1 when it does not."`
	Sign   signCommand   `cmd:"" help:"Read a webhook's body, and print the header that Persona would send."`
}

type verifyCommand struct {
	Secret    []string      `required:"" sep:"none" placeholder:"WBHSEC" help:"A secret of the webhook (wbhsec_…). Repeat it while a secret is being rotated."`
	Header    string        `required:"" placeholder:"SIGNATURE" help:"The value of the Persona-Signature header."`
	At        *int64        `placeholder:"UNIX" help:"Check as of this time, in seconds since 1970, instead of now."`
	Tolerance time.Duration `default:"5m" help:"How far the signature's time may be away (${default}); below zero for any."`
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
	_, err = fmt.Fprintln(std.out, "ok")
	return err
}

// Validate refuses a tolerance that cannot be meant.
func (c verifyCommand) Validate() error {
	if c.Tolerance == 0 {
		return errors.New("--tolerance 0 would accept nothing: give a duration such as 5m, or --tolerance=-1s for any age")
	}
	return nil
}

type signCommand struct {
	Secret []string `required:"" sep:"none" placeholder:"WBHSEC" help:"The secret to sign with, the newest first. Repeat it to sign as during a rotation."`
	At     *int64   `placeholder:"UNIX" help:"Sign as of this time, in seconds since 1970, instead of now."`
}

// Validate refuses an empty secret, which anyone can sign with.
func (c signCommand) Validate() error {
	for _, secret := range c.Secret {
		if strings.TrimSpace(secret) == "" {
			return errors.New("--secret is empty: give the webhook's secret (wbhsec_…)")
		}
	}
	return nil
}

func (c signCommand) Run(std streams) error {
	body, err := readBody(std.in)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.out, webhook.Sign(body, orNow(c.At), c.Secret...))
	return err
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
