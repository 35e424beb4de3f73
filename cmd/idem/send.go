package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/forward"
	"github.com/idemhq/idem/cmd/idem/internal/show"
)

type sendCommand struct {
	output
	URL     string        `arg:"" help:"Where to send the webhook, such as http://127.0.0.1:8080/webhooks/persona/sandbox."`
	Data    string        `short:"d" default:"-" placeholder:"JSON" help:"The body: the text itself, @FILE, or - for standard input (the default). It is sent byte for byte, whether or not it is an event."`
	Secret  []string      `required:"" sep:"none" env:"PERSONA_WEBHOOK_SECRET" placeholder:"WBHSEC" help:"The secret to sign with. Repeat the flag, newest first, to sign as Persona does during a rotation."`
	Header  []string      `short:"H" sep:"none" placeholder:"NAME:VALUE" help:"Another header. Repeatable."`
	At      *int64        `placeholder:"UNIX" help:"Sign as of this Unix time, in seconds, instead of now."`
	Attempt int           `default:"1" placeholder:"N" help:"The number of the attempt in the headers, from 1 to 8 (${default})."`
	Timeout time.Duration `default:"5s" placeholder:"TIME" help:"How long to wait for the answer (${default}, as Persona does)."`
}

func (sendCommand) Help() string {
	return `Persona accepts the answers 200, 201, 202 and 204; after any other answer the exit code is 1. Redirects are not followed.

` + examples(
		`idem send http://127.0.0.1:8080/webhooks/persona/sandbox --secret wbhsec_… -d @event.json`,
		`idem send http://127.0.0.1:3000/hooks --secret wbhsec_… < event.json`,
		`# A receiver must reject this: the signature is ten minutes old`,
		`idem send http://127.0.0.1:3000/hooks --secret wbhsec_… -d @event.json --at $(($(date +%s) - 600))`)
}

// Validate checks the address and the numbers.
func (c sendCommand) Validate() error {
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is not a web address such as http://127.0.0.1:3000/hooks", c.URL)
	}
	if c.Attempt < 1 || c.Attempt > forward.MaxAttempts {
		return fmt.Errorf("--attempt must be from 1 to %d", forward.MaxAttempts)
	}
	if c.Timeout <= 0 {
		return errors.New("--timeout must be greater than zero")
	}
	return signCommand{Secret: c.Secret}.Validate()
}

func (c sendCommand) Run(ctx context.Context, std streams) error {
	headers, err := readHeaders(c.Header)
	if err != nil {
		return err
	}
	body, err := readData(std.in, c.Data)
	if err != nil {
		return err
	}
	at := orNow(c.At)
	sender := forward.Sender{Secrets: c.Secret, Header: headers, Timeout: c.Timeout, At: at}
	answer, err := sender.Send(ctx, c.URL, body, forward.Attempt{Number: c.Attempt, First: at})
	if err != nil {
		return fmt.Errorf("send to %s: %w", c.URL, err)
	}
	result := sent{answer.Accepted(), answer.Status, answer.Took.Milliseconds(), string(answer.Body)}
	if err := c.print(std.out, result, result.print); err != nil {
		return err
	}
	if !result.Accepted {
		return fmt.Errorf("the receiver answered %d: Persona would retry", result.Status)
	}
	return nil
}

// sent is the result of sending a webhook.
type sent struct {
	Accepted bool   `json:"accepted"`
	Status   int    `json:"status"`
	Millis   int64  `json:"milliseconds"`
	Body     string `json:"body"` // the first four kibibytes of it
}

func (s sent) print(w io.Writer) {
	status := fmt.Sprintf("%d %s", s.Status, http.StatusText(s.Status))
	if s.Accepted {
		status = show.Good(status)
	} else {
		status = show.Bad(status)
	}
	fmt.Fprintf(w, "%s in %d ms\n", status, s.Millis)
	if body := strings.TrimSpace(s.Body); body != "" {
		fmt.Fprintln(w, show.Printable(body))
	}
}

// readHeaders reads headers of the form NAME:VALUE.
func readHeaders(lines []string) (http.Header, error) {
	headers := http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("--header %q is not NAME:VALUE", line)
		}
		headers[textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))] = []string{strings.TrimSpace(value)}
	}
	return headers, nil
}
