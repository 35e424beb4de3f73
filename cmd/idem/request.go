package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/idemhq/idem/cmd/idem/internal/show"
	"github.com/idemhq/idem/persona"
)

type requestCommand struct {
	account
	Method         string   `arg:"" help:"The method: GET, POST, PATCH or DELETE."`
	Path           string   `arg:"" help:"The path below the API's address, with or without a query, such as /inquiries/inq_…."`
	Data           string   `short:"d" placeholder:"JSON" help:"The body: JSON, @FILE, or - for standard input."`
	Query          []string `short:"q" sep:"none" placeholder:"NAME=VALUE" help:"A query parameter, such as 'filter[status]=completed'. Repeatable."`
	Header         []string `short:"H" sep:"none" placeholder:"NAME:VALUE" help:"A header, such as 'Key-Inflection: camel'. Repeatable."`
	IdempotencyKey string   `placeholder:"KEY" help:"The idempotency key of a POST. The default is a random one."`
	JSON           bool     `name:"json" help:"Print errors as JSON on standard output. Answers are always JSON."`
}

func (requestCommand) Help() string {
	return `Retries, rate limits and errors are those of the SDK. Redirect the output to save a file such as a PDF.

The exit code is 1 if Persona rejected the call or could not be reached, and 3 if it is not known whether the call took effect.

` + examples(
		`idem request GET /inquiries -q 'filter[reference-id]=user-1042' -q 'page[size]=1'`,
		`idem request POST /inquiries/inq_…/approve -d '{"meta": {"comment": "checked by hand"}}'`,
		`idem request POST /accounts -d @account.json --environment production --config idem.yaml`,
		`idem request GET /inquiries/inq_…/print > inquiry.pdf`,
		`# At the local sandbox`,
		`idem request GET /webhooks --local`)
}

func (c requestCommand) Run(ctx context.Context, std streams) error {
	call, err := c.options()
	if err != nil {
		return err
	}
	body, err := c.body(std.in)
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	var answer []byte
	if err := client.Do(ctx, c.Method, pathOf(c.Path), body, &answer, call...); err != nil {
		return c.failed(std.out, err)
	}
	var indented bytes.Buffer
	if json.Indent(&indented, bytes.TrimSpace(answer), "", "  ") == nil && indented.Len() > 0 {
		answer = append(indented.Bytes(), '\n')
	}
	_, err = std.out.Write(answer)
	return err
}

// pathOf also accepts a path without its slash, and the links of an answer, which start
// with /api/v1.
func pathOf(path string) string {
	path = "/" + strings.TrimPrefix(path, "/")
	if rest, ok := strings.CutPrefix(path, "/api/v1/"); ok {
		return "/" + rest
	}
	return path
}

func (c requestCommand) options() (opts []persona.Option, err error) {
	for _, parameter := range c.Query {
		name, value, ok := strings.Cut(parameter, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--query %q is not NAME=VALUE", parameter)
		}
		opts = append(opts, persona.WithQuery(name, value))
	}
	headers, err := readHeaders(c.Header)
	for name, values := range headers {
		opts = append(opts, persona.WithHeader(name, values[0]))
	}
	if c.IdempotencyKey != "" {
		opts = append(opts, persona.WithIdempotencyKey(c.IdempotencyKey))
	}
	return opts, err
}

// body returns the body to send, or nil.
func (c requestCommand) body(in io.Reader) (any, error) {
	if c.Data == "" {
		return nil, nil
	}
	body, err := readData(in, c.Data)
	if err != nil {
		return nil, err
	}
	if len(c.Header) == 0 && !json.Valid(body) { // a header can set another content type
		return nil, errors.New("the body is not JSON: quote it, or read it with -d @FILE")
	}
	return body, nil
}

// failed prints the error of a call.
func (c requestCommand) failed(out io.Writer, err error) error {
	var refusal *persona.Error
	if c.JSON && errors.As(err, &refusal) {
		err = errors.Join(err, show.JSON(out, map[string]any{
			"operation": refusal.Operation, "status": refusal.Status, "request_id": refusal.RequestID, "errors": refusal.Errors,
		}))
		return err
	}
	return refused(err)
}

// readData returns the value of a flag such as --data: the text itself, the contents of
// @FILE, or standard input for -.
func readData(in io.Reader, text string) ([]byte, error) {
	switch file, isFile := strings.CutPrefix(text, "@"); {
	case text == "-":
		b, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("read the body from standard input: %w", err)
		}
		return b, nil
	case isFile:
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the body: %w", err)
		}
		return b, nil
	}
	return []byte(text), nil
}
