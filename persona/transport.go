package persona

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"
)

// Response is the HTTP response of a call: see [WithResponse].
type Response struct {
	Status         int
	Header         http.Header
	Body           []byte // nil for streams
	RequestID      string // req_…
	IdempotencyKey string // of the last attempt; empty if none was sent
	Attempts       int
}

// exchange is a call with all its attempts.
type exchange struct {
	config
	op        *Operation
	url       string
	body      body
	answer    []byte // body of the last answer, up to one byte longer than allowed; empty for a stream
	key       string
	attempts  int
	uncertain bool // the call may have been received without an answer
}

// do makes a call, retries it if that is safe, and returns the answer. The body of a stream
// is not read.
func (c *Client) do(ctx context.Context, op *Operation, ids []string, params any, opts []Option) (*exchange, *http.Response, error) {
	x := &exchange{config: c.config.with(opts), op: op}
	if err := x.prepare(ids, params); err != nil {
		return nil, nil, err
	}
	res, err := x.send(ctx)
	return x, res, err
}

// send makes attempts until one of them ends the call. All requests are sent here.
func (x *exchange) send(ctx context.Context) (*http.Response, error) {
	for {
		res, err := x.attempt(ctx)
		wait, again := x.retry(ctx, res, err)
		if !again {
			if err != nil {
				return nil, x.failed(err)
			}
			if succeeded(res) {
				return res, nil
			}
			return nil, x.refused(res)
		}
		if res != nil {
			stop, rereadErr := x.beforeRetry(ctx, res)
			if rereadErr != nil || stop {
				return nil, rereadErr
			}
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, x.failed(err)
		}
	}
}

// prepare validates the call and encodes what all its attempts share.
func (x *exchange) prepare(ids []string, params any) error {
	if err := x.allowed(); err != nil {
		return err
	}
	fail := func(err error) error { return fmt.Errorf("persona: %s: %w", x.op.Name(), err) }
	path, err := escapePath(x.op.Path, ids)
	if err != nil {
		return fail(err)
	}
	encodeQuery(x.query, params)
	if x.body, err = encodeBody(x.op.body, params); err != nil {
		return fail(err)
	}
	for name, value := range headersOf(params) {
		x.header.Set(name, value)
	}
	x.address(path)
	return nil
}

// allowed rejects a call that must not be made.
func (x *exchange) allowed() error {
	if err := x.check(); err != nil {
		return fmt.Errorf("%s: %w", x.op.Name(), err)
	}
	if x.op.ID == simulateOperation && (x.environment == Production || keyEnvironment(x.apiKey) == Production) {
		return fmt.Errorf("persona: %s: %w", x.op.Name(), &EnvironmentError{Production, "inquiries are simulated in the sandbox only"})
	}
	return nil
}

// address sets the URL and the idempotency key. path is escaped.
func (x *exchange) address(path string) {
	base := x.baseURL
	if x.op.privacy {
		base = strings.TrimSuffix(base, "/api/v1") + "/api/privacy/v1"
	}
	if x.page != "" {
		x.query.Set("page[after]", x.page)
		x.query.Del("page[before]")
	}
	x.url = base + path
	if len(x.query) > 0 {
		x.url += "?" + x.query.Encode()
	}
	if x.op.takesKey() {
		if x.key = x.idempotencyKey; x.key == "" {
			x.key = newKey()
		}
	}
}

// simulateOperation is the only operation that Persona has only in the sandbox.
const simulateOperation = "inquiries-perform-simulate-actions"

// attempt sends the request once.
func (x *exchange) attempt(ctx context.Context) (*http.Response, error) {
	if err := x.limiter.wait(ctx); err != nil {
		return nil, err
	}
	x.attempts++
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(x.timeout, func() { cancel(fmt.Errorf("no answer within %s", x.timeout)) })
	end := func() {
		late.Stop()
		cancel(nil)
	}
	req, err := x.request(ctx)
	if err != nil {
		end()
		return nil, err
	}
	send := Doer(x.httpClient.Do)
	for i := len(x.middleware) - 1; i >= 0; i-- {
		send = x.middleware[i](send)
	}
	start := time.Now()
	res, err := send(req)
	if err == nil {
		x.limiter.learn(res.Header, time.Now())
		if x.response != nil {
			*x.response = &Response{
				Status: res.StatusCode, Header: res.Header, RequestID: res.Header.Get("Request-Id"),
				IdempotencyKey: x.key, Attempts: x.attempts,
			}
		}
		if x.stream && succeeded(res) {
			late.Stop()
			res.Body = stream{res.Body, end}
			x.log(ctx, res, nil, time.Since(start))
			return res, nil
		}
		if unread := x.read(res); succeeded(res) {
			err = unread // an incomplete answer is an error, but for an error answer the status is enough
		}
	}
	if err != nil {
		x.uncertain = x.uncertain || !notSent(err)
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
	}
	x.log(ctx, res, err, time.Since(start))
	end()
	if err != nil {
		return nil, err
	}
	return res, nil
}

func succeeded(res *http.Response) bool { return res.StatusCode >= 200 && res.StatusCode < 300 }

// stream is a body that ends its attempt when it is closed.
type stream struct {
	io.ReadCloser
	end func()
}

// Close implements [io.Closer].
func (s stream) Close() error {
	defer s.end()
	return s.ReadCloser.Close()
}

func (x *exchange) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, x.op.HTTPMethod, x.url, bytes.NewReader(x.body.bytes))
	if err != nil {
		return nil, err
	}
	req.Header = x.header.Clone()
	set := func(name, value string) {
		if value != "" && req.Header.Get(name) == "" {
			req.Header.Set(name, value)
		}
	}
	if !x.op.keyless {
		set("Authorization", "Bearer "+x.apiKey)
	}
	set("Accept", "application/json")
	set("Persona-Version", x.version)
	set("Key-Inflection", string(x.inflection))
	set("User-Agent", "idem-persona-go")
	set("Content-Type", x.body.contentType)
	set("Idempotency-Key", x.key)
	return req, nil
}

// retry reports whether the call is retried, and after how long.
func (x *exchange) retry(ctx context.Context, res *http.Response, err error) (wait time.Duration, again bool) {
	if x.attempts > x.maxRetries || ctx.Err() != nil {
		return 0, false
	}
	backoff := rand.N(max(0, min(x.backoffMax, doubled(x.backoffBase, x.attempts-1))) + 1)
	switch {
	case err != nil:
		return backoff, !x.op.changes() || x.op.takesKey()
	case res.StatusCode == http.StatusTooManyRequests:
		if wait = resetAfter(res.Header); wait == 0 {
			wait = doubled(rateBackoff, x.attempts-1)
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return 0, false
		}
		return wait, wait <= x.maxWait
	}
	switch retryOfStatus(res.StatusCode) {
	case RetrySameKey:
		return backoff, !x.op.changes() || x.op.takesKey()
	case RetryNewKey:
		return backoff, !x.op.changes() || x.op.takesKey() && x.reread != nil
	default:
		return 0, false
	}
}

// doubled returns d doubled n times, limited to one hour.
func doubled(d time.Duration, n int) time.Duration {
	d = min(d, time.Hour)
	for ; n > 0 && d > 0 && d < time.Hour; n-- {
		d = min(2*d, time.Hour)
	}
	return d
}

// rateBackoff is the first wait after a 429 without the time of the reset (Persona docs:
// Rate limiting).
const rateBackoff = 5 * time.Second

// beforeRetry examines the answer of the last attempt. After a server error it calls reread
// to find out whether the call took effect. If it did not, and Persona has stored the
// error, the next attempt gets a new key.
func (x *exchange) beforeRetry(ctx context.Context, res *http.Response) (stop bool, err error) {
	if res.StatusCode == http.StatusTooManyRequests || !x.op.takesKey() || x.reread == nil {
		return false, nil
	}
	done, err := x.reread(ctx)
	switch {
	case err != nil:
		return true, fmt.Errorf("persona: %s: find out whether it took effect: %w", x.op.Name(), errors.Join(err, ErrOutcomeUnknown))
	case done:
		return true, fmt.Errorf("%s: %w", x.op.Name(), ErrTookEffect)
	}
	if retryOfStatus(res.StatusCode) == RetryNewKey {
		x.key = newKey()
	}
	return false, nil
}

// failed returns the error of a call without an answer.
func (x *exchange) failed(err error) error {
	return &TransportError{Operation: x.op.Name(), Err: withoutURL(err), outcomeUnknown: x.op.changes() && x.uncertain}
}

// notSent reports whether err means that no connection was established.
func notSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// refused returns the error of a call with an unsuccessful answer.
func (x *exchange) refused(res *http.Response) error {
	e := newError(x.op.Name(), res.StatusCode, res.Header, x.answer)
	e.outcomeUnknown = x.op.changes() && (res.StatusCode >= 500 || res.StatusCode == http.StatusRequestTimeout)
	return e
}

// read reads the answer's body up to the limit and closes it.
func (x *exchange) read(res *http.Response) (err error) {
	defer res.Body.Close()
	x.answer, err = io.ReadAll(io.LimitReader(res.Body, x.maxResponse+1))
	if err == nil && x.response != nil && int64(len(x.answer)) <= x.maxResponse {
		(*x.response).Body = x.answer
	}
	return err
}

func (x *exchange) log(ctx context.Context, res *http.Response, err error, took time.Duration) {
	if x.logger == nil {
		return
	}
	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("operation", x.op.Name()),
		slog.String("method", x.op.HTTPMethod),
		slog.Int("attempt", x.attempts),
		slog.Duration("took", took),
	}
	if err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.Any("error", withoutURL(err)))
	} else {
		if res.StatusCode >= 400 {
			level = slog.LevelWarn
		}
		attrs = append(attrs, slog.Int("status", res.StatusCode), slog.String("request_id", res.Header.Get("Request-Id")))
	}
	x.logger.LogAttrs(ctx, level, "persona call", attrs...)
}
