package idem

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxAnswer      = 16 << 20         // bytes
	longestRequest = 30 * time.Second // longest Retry-After that a call waits for
)

// call makes a request that may be repeated, and decodes the answer into a value. A nil body
// means GET.
func (c *Client) call(ctx context.Context, op, path string, query url.Values, body, into any) error {
	return c.send(ctx, op, c.url(path, query), body, "", into)
}

// once is [Client.call] for a change that must not happen twice: every attempt has the same
// idempotency key.
func (c *Client) once(ctx context.Context, op, path string, body, into any) error {
	return c.send(ctx, op, c.url(path, nil), body, crand.Text(), into)
}

func (c *Client) send(ctx context.Context, op, address string, body any, key string, into any) error {
	encoded := []byte(nil)
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return fmt.Errorf("idem: %s: encode the request: %w", op, err)
		}
	}
	for tries := 0; ; tries++ {
		err := c.try(ctx, op, address, encoded, key, into)
		wait, again := c.retry(ctx, err, tries)
		if err == nil || !again {
			return err
		}
		c.logger.WarnContext(ctx, "call of Idem failed; it will be repeated", "error", err, "wait", wait)
		if sleep(ctx, wait) != nil {
			return fmt.Errorf("idem: %s: %w", op, errors.Join(ctx.Err(), err))
		}
	}
}

// retry returns how long to wait before a call is repeated. again is false if it is not.
func (c *Client) retry(ctx context.Context, err error, tries int) (wait time.Duration, again bool) {
	if err == nil || ctx.Err() != nil || tries >= c.retries {
		return 0, false
	}
	var answered *Error
	var broken *transportError
	switch {
	case errors.As(err, &broken):
		return c.backoff(tries), true
	case errors.As(err, &answered) && answered.temporary() && answered.RetryAfter <= longestRequest:
		return max(c.backoff(tries), answered.RetryAfter), true
	}
	return 0, false
}

// backoff returns the wait after a number of tries.
func (c *Client) backoff(tries int) time.Duration {
	wait := min(c.longestWait, c.firstWait<<min(tries, 16))
	return wait/2 + time.Duration(rand.Float64()*float64(wait/2))
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// transportError says that there was no whole answer.
type transportError struct {
	op  string
	err error
}

func (e *transportError) Error() string { return "idem: " + e.op + ": " + e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

// broken wraps an error of the network. It leaves out the URL, which contains a reference id.
func broken(op string, err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return &transportError{op, err}
}

// url returns the URL of a path below the environment. The path is escaped already.
func (c *Client) url(path string, query url.Values) string {
	address := c.base + "/v1/" + string(c.environment) + "/" + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

// segment escapes a part of a path. Dots alone would be taken for a folder.
func segment(text string) string {
	if text == "." || text == ".." {
		return strings.ReplaceAll(text, ".", "%2E")
	}
	return url.PathEscape(text)
}

// request returns a request with the token. A nil body means GET.
func (c *Client) request(ctx context.Context, op, address string, body []byte) (*http.Request, error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, broken(op, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.authorize(req)
	return req, nil
}

func (c *Client) try(ctx context.Context, op, address string, body []byte, key string, into any) error {
	req, err := c.request(ctx, op, address, body)
	if err != nil {
		return err
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return broken(op, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return broken(op, err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return errorOf(op, res, answer)
	}
	if json.Unmarshal(answer, into) != nil { // the error of json would quote the answer
		return fmt.Errorf("idem: %s: the answer is not JSON as this version of the client knows it: is the base URL that of an Idem service?", op)
	}
	return nil
}
