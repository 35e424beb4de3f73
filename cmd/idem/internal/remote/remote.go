// Package remote is a client of a running service's HTTP API, for the commands.
package remote

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer is the maximum number of bytes that are read of an answer.
const maxAnswer = 32 << 20

// timeout is how long a request may take.
const timeout = 30 * time.Second

// Client calls the API of a service for one environment.
type Client struct {
	URL         string // of the service, such as http://127.0.0.1:8080
	Token       string // of its API
	Environment string // empty for paths that are not below an environment
}

// Error is an error answer of the service.
type Error struct {
	Status  int
	Problem string // what the service says
}

func (e *Error) Error() string {
	switch {
	case e.Status == http.StatusUnauthorized:
		return "the service refuses the token: set --token or IDEM_API_TOKEN to its api_token"
	case e.Problem == "":
		return fmt.Sprintf("the service answered %d", e.Status)
	}
	return fmt.Sprintf("the service answered %d: %s", e.Status, e.Problem)
}

// Page is a page of a list.
type Page[T any] struct {
	Data []T    `json:"data"`
	Next string `json:"next,omitempty"`
}

// Path escapes and joins the parts of a path. It also escapes the dots of "." and "..", which
// would otherwise lead elsewhere.
func Path(parts ...string) string {
	escaped := make([]string, len(parts))
	for i, part := range parts {
		escaped[i] = url.PathEscape(part)
		if part == "." || part == ".." {
			escaped[i] = strings.ReplaceAll(part, ".", "%2E")
		}
	}
	return strings.Join(escaped, "/")
}

// Get reads a path below the environment.
func (c Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.do(ctx, http.MethodGet, path, nil, out)
}

// Post sends a body, nil for none, to a path below the environment.
func (c Client) Post(ctx context.Context, path string, body, out any) error {
	return c.do(ctx, http.MethodPost, path, body, out)
}

// Patch changes what is at a path below the environment.
func (c Client) Patch(ctx context.Context, path string, body, out any) error {
	return c.do(ctx, http.MethodPatch, path, body, out)
}

// Delete deletes what is at a path below the environment.
func (c Client) Delete(ctx context.Context, path string) error {
	return c.do(ctx, http.MethodDelete, path, nil, nil)
}

func (c Client) do(ctx context.Context, method, path string, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
		content = bytes.NewReader(b)
	}
	if c.Environment != "" {
		path = url.PathEscape(c.Environment) + "/" + path
	}
	address := strings.TrimRight(c.URL, "/") + "/v1/" + path
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.transport().Do(req)
	if err != nil {
		return unreachable(c.URL, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return unreachable(c.URL, err)
	}
	if res.StatusCode == http.StatusNoContent {
		return nil
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return &Error{res.StatusCode, problem(answer)}
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s answered something that is not of Idem's API: is --url right?", c.URL)
	}
	return nil
}

// transport returns a client that follows no redirects, because the token would be sent
// along.
func (c Client) transport() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// unreachable adds what to do to a network error. It drops the URL, whose query can
// contain ids.
func unreachable(address string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("cannot reach the service at %s: %w: is it running, and is --url right?", address, err)
}

// problem returns the message of an error answer (RFC 9457, or plain text).
func problem(answer []byte) string {
	var p struct {
		Type, Title, Detail string
		Errors              []struct{ Message, Location string }
	}
	if json.Unmarshal(answer, &p) != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(string(answer)), "\n")
		return line[:min(len(line), 200)]
	}
	parts := []string{cmp.Or(p.Detail, p.Title)}
	if p.Type == "/problems/invalid-request" && len(p.Errors) > 0 {
		parts = nil // the detail only says that there are errors
	}
	for _, e := range p.Errors {
		parts = append(parts, e.Location+": "+e.Message)
	}
	return strings.Join(parts, "; ")
}
