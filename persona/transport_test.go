package persona_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/idemhq/idem/persona"
)

const testKey = "persona_sandbox_test"

// reply is one answer of a script: a status with headers and a body, or a broken
// connection, before the answer or cut within its body.
type reply struct {
	status int
	header map[string]string
	body   string
	broken bool
	cut    bool
}

// script answers requests one after the other, and remembers them. The last answer is
// given again.
type script struct {
	replies []reply

	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

// RoundTrip implements [http.RoundTripper], so that tests need no network and can run
// under a clock of their own.
func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	body, _ := io.ReadAll(r.Body)
	s.requests, s.bodies = append(s.requests, r), append(s.bodies, string(body))
	next := s.replies[min(len(s.requests), len(s.replies))-1]
	if next.broken {
		return nil, errors.New("connection reset by peer")
	}
	w := httptest.NewRecorder()
	for name, value := range next.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(next.status)
	io.WriteString(w, next.body)
	res := w.Result()
	if next.cut {
		res.Body = io.NopCloser(io.MultiReader(res.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	res.Request = r
	return res, nil
}

// keys are the idempotency keys of the requests.
func (s *script) keys() []string {
	var keys []string
	for _, r := range s.requests {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
	}
	return keys
}

func (s *script) client(t *testing.T, opts ...persona.Option) *persona.Client {
	t.Helper()
	client, err := persona.NewClient(append([]persona.Option{
		persona.WithAPIKey(testKey), persona.WithBaseURL("https://persona.example.com/api/v1"),
		persona.WithHTTPClient(&http.Client{Transport: s}), persona.WithBackoff(time.Millisecond, 2*time.Millisecond),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

const anInquiry = `{"data":{"type":"inquiry","id":"inq_1","attributes":{"status":"approved"},"relationships":{}}}`

func ok(body string) reply { return reply{status: 200, body: body} }

func refused(status int, header map[string]string) reply {
	return reply{status: status, header: header, body: `{"errors":[{"title":"Record not found","details":"Jane Roe is unknown","source":{"pointer":"/data"}}]}`}
}

func TestHeadersOfARequest(t *testing.T) {
	s := &script{replies: []reply{ok(anInquiry)}}
	client := s.client(t)
	if _, err := client.Inquiries.Get(t.Context(), "inq/1 ?", persona.WithInclude("account", "reports"), persona.WithFields("inquiry", "status", "tags")); err != nil {
		t.Fatal(err)
	}
	r := s.requests[0]
	for header, want := range map[string]string{
		"Authorization": "Bearer " + testKey, "Persona-Version": "2025-12-08", "Key-Inflection": "kebab", "Idempotency-Key": "",
	} {
		if got := r.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	if got := r.URL.EscapedPath(); got != "/api/v1/inquiries/inq%2F1%20%3F" {
		t.Errorf("path %s", got)
	}
	if q := r.URL.Query(); q.Get("include") != "account,reports" || q.Get("fields[inquiry]") != "status,tags" {
		t.Errorf("query %v", q)
	}
}

func TestOptionsOfACallApplyOnlyToIt(t *testing.T) {
	s := &script{replies: []reply{ok(anInquiry)}}
	client := s.client(t, persona.WithVersion("2023-01-05"), persona.WithKeyInflection(persona.Snake))
	call := func(opts ...persona.Option) {
		if _, err := client.Inquiries.Get(t.Context(), "inq_1", opts...); err != nil {
			t.Fatal(err)
		}
	}
	call(persona.WithHeader("X-Trace", "1"), persona.WithQuery("a", "b"), persona.WithVersion("2025-12-08"))
	call()
	if r := s.requests[1]; r.Header.Get("X-Trace") != "" || r.URL.RawQuery != "" || r.Header.Get("Persona-Version") != "2023-01-05" || r.Header.Get("Key-Inflection") != "snake" {
		t.Errorf("the second call has the first one's options: %v %s", r.Header, r.URL.RawQuery)
	}
}

func TestAnIDThatLeadsElsewhereIsRejected(t *testing.T) {
	s := &script{replies: []reply{ok(anInquiry)}}
	client := s.client(t)
	for _, id := range []string{"", ".", ".."} {
		if _, err := client.Inquiries.Get(t.Context(), id); err == nil || !strings.Contains(err.Error(), "inquiry-id") {
			t.Errorf("id %q: error %v", id, err)
		}
	}
	if len(s.requests) != 0 {
		t.Errorf("%d requests were sent", len(s.requests))
	}
}

func TestWhenACallIsRetried(t *testing.T) {
	get := func(ctx context.Context, c *persona.Client) error {
		_, err := c.Inquiries.Get(ctx, "inq_1")
		return err
	}
	post := func(ctx context.Context, c *persona.Client) error {
		_, err := c.Inquiries.Approve(ctx, "inq_1", persona.InquiryApproveParams{})
		return err
	}
	patch := func(ctx context.Context, c *persona.Client) error {
		_, err := c.Inquiries.Update(ctx, "inq_1", persona.InquiryUpdateParams{Note: persona.Set("x")})
		return err
	}
	search := func(ctx context.Context, c *persona.Client) error {
		for _, err := range c.Inquiries.Search(ctx, persona.InquirySearchParams{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	emptyList := ok(`{"data":[],"links":{"prev":null,"next":null}}`)
	limited := refused(429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "7"})
	for name, test := range map[string]struct {
		call     func(context.Context, *persona.Client) error
		replies  []reply
		opts     []persona.Option
		sent     int
		want     error // nil for success
		sameKey  bool  // all attempts had one key, and it was not empty
		unknown  bool  // the outcome is unknown
		atLeast  time.Duration
		lessThan time.Duration
	}{
		"a GET after a network error":                       {call: get, replies: []reply{{broken: true}, ok(anInquiry)}, sent: 2},
		"a GET after a 500":                                 {call: get, replies: []reply{refused(500, nil), ok(anInquiry)}, sent: 2},
		"a GET no more than five times":                     {call: get, replies: []reply{refused(503, nil)}, sent: 5, want: persona.ErrUnavailable},
		"a GET not at all when told so":                     {call: get, replies: []reply{refused(503, nil)}, opts: []persona.Option{persona.WithMaxRetries(0)}, sent: 1, want: persona.ErrUnavailable},
		"a GET not after a 404":                             {call: get, replies: []reply{refused(404, nil)}, sent: 1, want: persona.ErrNotFound},
		"a POST after a network error, with the same key":   {call: post, replies: []reply{{broken: true}, {broken: true}, ok(anInquiry)}, sent: 3, sameKey: true},
		"a GET whose answer breaks off":                     {call: get, replies: []reply{{status: 200, body: "{", cut: true}, ok(anInquiry)}, sent: 2},
		"a POST whose answer breaks off, with the same key": {call: post, replies: []reply{{status: 200, body: "{", cut: true}, ok(anInquiry)}, sent: 2, sameKey: true},
		"a POST whose answers all break off":                {call: post, replies: []reply{{status: 200, body: "{", cut: true}}, sent: 5, want: persona.ErrOutcomeUnknown, unknown: true, sameKey: true},
		"a PATCH not when its answer breaks off":            {call: patch, replies: []reply{{status: 200, body: "{", cut: true}}, sent: 1, want: persona.ErrOutcomeUnknown, unknown: true},
		"a POST not after a 409 that breaks off":            {call: post, replies: []reply{{status: 409, body: "{", cut: true}}, sent: 1, want: persona.ErrConflict},
		"a POST not after a 500":                            {call: post, replies: []reply{refused(500, nil)}, sent: 1, want: persona.ErrOutcomeUnknown, unknown: true},
		"a POST after a 502, with the same key":             {call: post, replies: []reply{refused(502, nil), ok(anInquiry)}, sent: 2, sameKey: true},
		"a POST after a 503, with the same key":             {call: post, replies: []reply{refused(503, nil), ok(anInquiry)}, sent: 2, sameKey: true},
		"a POST after a 504, with the same key":             {call: post, replies: []reply{refused(504, nil)}, sent: 5, want: persona.ErrOutcomeUnknown, unknown: true, sameKey: true},
		"a POST not after a 505":                            {call: post, replies: []reply{refused(505, nil)}, sent: 1, want: persona.ErrOutcomeUnknown, unknown: true},
		"a PATCH not after a 503":                           {call: patch, replies: []reply{refused(503, nil)}, sent: 1, want: persona.ErrOutcomeUnknown, unknown: true},
		"a POST not after a 408":                            {call: post, replies: []reply{refused(408, nil)}, sent: 1, want: persona.ErrOutcomeUnknown, unknown: true},
		"a POST after a 429, with the same key":             {call: post, replies: []reply{limited, ok(anInquiry)}, sent: 2, sameKey: true, atLeast: 7 * time.Second, lessThan: 8 * time.Second},
		"a POST whose network stays broken":                 {call: post, replies: []reply{{broken: true}}, sent: 5, want: persona.ErrOutcomeUnknown, unknown: true, sameKey: true},
		"a PATCH not after a network error":                 {call: patch, replies: []reply{{broken: true}}, sent: 1, want: persona.ErrOutcomeUnknown, unknown: true},
		"a PATCH after a 429":                               {call: patch, replies: []reply{limited, ok(anInquiry)}, sent: 2, atLeast: 7 * time.Second},
		"a search after a 500":                              {call: search, replies: []reply{refused(500, nil), emptyList}, sent: 2},
		"after the quota resets":                            {call: get, replies: []reply{refused(429, map[string]string{"RateLimit-Remaining": "100", "RateLimit-Reset": "3", "Quota-Remaining": "0", "Quota-Reset": "20"}), ok(anInquiry)}, sent: 2, atLeast: 20 * time.Second, lessThan: 21 * time.Second},
		"after 5 s where the answer does not say":           {call: get, replies: []reply{refused(429, nil), ok(anInquiry)}, sent: 2, atLeast: 5 * time.Second, lessThan: 6 * time.Second},
		"not where it would have to wait for too long":      {call: get, replies: []reply{refused(429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "600"})}, sent: 1, want: persona.ErrRateLimited, lessThan: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{replies: test.replies}
				client := s.client(t, test.opts...)
				start := time.Now()
				err := test.call(t.Context(), client)
				took := time.Since(start)
				if !errors.Is(err, test.want) {
					t.Errorf("error %v, want %v", err, test.want)
				}
				if errors.Is(err, persona.ErrOutcomeUnknown) != test.unknown {
					t.Errorf("the outcome is unknown: %v", !test.unknown)
				}
				if len(s.requests) != test.sent {
					t.Errorf("sent %d times, want %d", len(s.requests), test.sent)
				}
				if took < test.atLeast || test.lessThan > 0 && took >= test.lessThan {
					t.Errorf("took %s", took)
				}
				if keys := s.keys(); test.sameKey {
					for _, key := range keys {
						if key == "" || key != keys[0] {
							t.Errorf("keys %q", keys)
						}
					}
				}
			})
		})
	}
}

func TestAWaitingCallEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{refused(429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "50"})}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		start := time.Now()
		_, err := s.client(t).Inquiries.Get(ctx, "inq_1")
		if !errors.Is(err, context.Canceled) || time.Since(start) != 3*time.Second {
			t.Errorf("error %v after %s", err, time.Since(start))
		}
		if errors.Is(err, persona.ErrOutcomeUnknown) {
			t.Error("a GET has no outcome to be unknown")
		}
	})
}

func TestACallDoesNotWaitBeyondItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{refused(429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "50"})}}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := s.client(t).Inquiries.Get(ctx, "inq_1")
		var refusal *persona.Error
		if !errors.As(err, &refusal) || refusal.RetryAfter() != 50*time.Second || time.Since(start) != 0 {
			t.Errorf("error %v after %s", err, time.Since(start))
		}
	})
}

// silence answers with headers and, until it is closed, with nothing else.
type silence struct{ closed chan struct{} }

func (s silence) Read([]byte) (int, error) {
	<-s.closed
	return 0, errors.New("closed")
}

func (s silence) Close() error {
	close(s.closed)
	return nil
}

func TestAnAttemptEndsWithItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent int
		never := func(persona.Doer) persona.Doer {
			return func(r *http.Request) (*http.Response, error) {
				sent++
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
		}
		start := time.Now()
		s := &script{}
		_, err := s.client(t, persona.WithMiddleware(never), persona.WithTimeout(10*time.Second), persona.WithMaxRetries(1)).Inquiries.Get(t.Context(), "inq_1")
		if err == nil || !strings.Contains(err.Error(), "no answer within 10s") || sent != 2 || time.Since(start) < 20*time.Second {
			t.Errorf("error %v after %d attempts and %s", err, sent, time.Since(start))
		}
	})
}

func TestTheTimeoutDoesNotApplyToTheBodyOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{replies: []reply{{status: 200, body: "%PDF"}}}
		pdf, err := s.client(t, persona.WithTimeout(time.Second)).Inquiries.Print(t.Context(), "inq_1")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if b, err := io.ReadAll(pdf); err != nil || string(b) != "%PDF" {
			t.Errorf("read %q, error %v", b, err)
		}
		pdf.Close()
	})
}

func TestAnAnswerWhoseBodyStallsEndsWithItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := func(persona.Doer) persona.Doer {
			return func(r *http.Request) (*http.Response, error) {
				body := silence{make(chan struct{})}
				context.AfterFunc(r.Context(), func() { body.Close() })
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body)}, nil
			}
		}
		_, err := (&script{}).client(t, persona.WithMiddleware(stuck), persona.WithTimeout(time.Second)).Inquiries.Get(t.Context(), "inq_1")
		if err == nil || !strings.Contains(err.Error(), "no answer within 1s") {
			t.Errorf("error %v", err)
		}
	})
}

func TestIdempotencyKeys(t *testing.T) {
	s := &script{replies: []reply{ok(anInquiry)}}
	client := s.client(t)
	approve := func(opts ...persona.Option) {
		if _, err := client.Inquiries.Approve(t.Context(), "inq_1", persona.InquiryApproveParams{}, opts...); err != nil {
			t.Fatal(err)
		}
	}
	approve()
	approve()
	approve(persona.WithIdempotencyKey("mine"))
	if _, err := client.Inquiries.Redact(t.Context(), "inq_1", persona.WithIdempotencyKey("mine")); err != nil {
		t.Fatal(err)
	}
	keys := s.keys()
	if len(keys[0]) != 32 || keys[0] == keys[1] {
		t.Errorf("the automatic keys are %q and %q", keys[0], keys[1])
	}
	if keys[2] != "mine" || keys[3] != "" {
		t.Errorf("the caller's key was sent as %q on a POST, %q on a DELETE", keys[2], keys[3])
	}
}

func TestRereadAfterA500(t *testing.T) {
	broken := errors.New("no answer")
	for name, test := range map[string]struct {
		done    bool
		err     error
		replies []reply
		sent    int
		want    error
	}{
		"it took effect":           {done: true, replies: []reply{refused(500, nil)}, sent: 1, want: persona.ErrTookEffect},
		"it did not: a new key":    {replies: []reply{refused(500, nil), ok(anInquiry)}, sent: 2},
		"that cannot be found out": {err: broken, replies: []reply{refused(500, nil)}, sent: 1, want: broken},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: test.replies}
			_, err := s.client(t).Inquiries.Approve(t.Context(), "inq_1", persona.InquiryApproveParams{},
				persona.WithReread(func(context.Context) (bool, error) { return test.done, test.err }))
			if !errors.Is(err, test.want) || len(s.requests) != test.sent {
				t.Errorf("error %v after %d requests", err, len(s.requests))
			}
			if keys := s.keys(); len(keys) == 2 && (keys[0] == keys[1] || keys[1] == "") {
				t.Errorf("keys %q", keys)
			}
			if test.err != nil && !errors.Is(err, persona.ErrOutcomeUnknown) {
				t.Error("the outcome should be unknown")
			}
		})
	}
}

func TestTheKeyIsKeptAfterAGatewaysError(t *testing.T) {
	s := &script{replies: []reply{refused(503, nil), ok(anInquiry)}}
	asked := 0
	_, err := s.client(t).Inquiries.Approve(t.Context(), "inq_1", persona.InquiryApproveParams{},
		persona.WithReread(func(context.Context) (bool, error) { asked++; return false, nil }))
	if keys := s.keys(); err != nil || asked != 1 || len(keys) != 2 || keys[0] != keys[1] {
		t.Errorf("error %v, keys %q, asked %d times", err, keys, asked)
	}
}

func TestRetryOf(t *testing.T) {
	for status, want := range map[int]persona.Retry{
		301: persona.RetryNever, 400: persona.RetryNever, 401: persona.RetryNever, 403: persona.RetryNever, 404: persona.RetryNever,
		409: persona.RetryNever, 422: persona.RetryNever, 408: persona.RetryNewKey, 429: persona.RetrySameKey, 500: persona.RetryNewKey,
		501: persona.RetryNewKey, 502: persona.RetrySameKey, 503: persona.RetrySameKey, 504: persona.RetrySameKey, 505: persona.RetryNewKey,
	} {
		s := &script{replies: []reply{refused(status, nil)}}
		_, err := s.client(t, persona.WithMaxRetries(0)).Inquiries.Get(t.Context(), "inq_1")
		if got := persona.RetryOf(fmt.Errorf("read the inquiry: %w", err)); got != want {
			t.Errorf("after %d: %d, want %d", status, got, want)
		}
	}
	s := &script{replies: []reply{{broken: true}}}
	_, err := s.client(t, persona.WithMaxRetries(0)).Inquiries.Get(t.Context(), "inq_1")
	for name, test := range map[string]struct {
		err  error
		want persona.Retry
	}{
		"no error":              {nil, persona.RetryNever},
		"an error of a program": {errors.New("other"), persona.RetryNever},
		"a broken connection":   {err, persona.RetrySameKey},
		"an answer too long":    {persona.ErrTooLarge, persona.RetryNever},
		"it took effect":        {persona.ErrTookEffect, persona.RetryNever},
		"another environment":   {&persona.EnvironmentError{}, persona.RetryNever},
	} {
		if got := persona.RetryOf(test.err); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

func TestErrorsCanBeDistinguished(t *testing.T) {
	for status, want := range map[int]error{
		400: persona.ErrBadRequest, 401: persona.ErrUnauthorized, 403: persona.ErrForbidden, 404: persona.ErrNotFound, 409: persona.ErrConflict,
		422: persona.ErrInvalid, 429: persona.ErrRateLimited, 500: persona.ErrUnavailable, 503: persona.ErrUnavailable, 418: persona.ErrBadRequest,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			s := &script{replies: []reply{refused(status, map[string]string{"Request-Id": "req_1"})}}
			_, err := s.client(t, persona.WithMaxRetries(0)).Inquiries.Get(t.Context(), "inq_1", persona.WithQuery("q", "secret-value"))
			if !errors.Is(err, want) {
				t.Fatalf("error %v is not %v", err, want)
			}
			var refusal *persona.Error
			if !errors.As(err, &refusal) || refusal.Operation != "Inquiries.Get" || refusal.RequestID != "req_1" || refusal.Errors[0].Pointer != "/data" || refusal.Errors[0].Details == "" {
				t.Errorf("error %+v", refusal)
			}
			for _, hidden := range []string{"Jane Roe", "secret-value", testKey} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("the error says %q: %v", hidden, err)
				}
			}
		})
	}
}

func TestNetworkErrorsAndLogsContainNoQueryAndNoKey(t *testing.T) {
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := &script{replies: []reply{{broken: true}, refused(404, nil), ok(anInquiry)}}
	client := s.client(t, persona.WithLogger(logger), persona.WithMaxRetries(0))
	for range 3 {
		_, err := client.Inquiries.Get(t.Context(), "inq_1", persona.WithQuery("q", "secret-value"))
		if err != nil && (strings.Contains(err.Error(), "secret-value") || strings.Contains(err.Error(), testKey)) {
			t.Errorf("error %v", err)
		}
	}
	text := log.String()
	for _, hidden := range []string{"secret-value", testKey, "Jane Roe", "approved"} {
		if strings.Contains(text, hidden) {
			t.Errorf("the log contains %q:\n%s", hidden, text)
		}
	}
	if strings.Count(text, "operation=Inquiries.Get") != 3 || !strings.Contains(text, "status=404") || !strings.Contains(text, "connection reset") {
		t.Errorf("the log:\n%s", text)
	}
}

func TestTheOutcomeIsKnownIfNoConnectionWasMade(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	client, err := persona.NewClient(persona.WithAPIKey(testKey), persona.WithBaseURL(url+"/api/v1"), persona.WithMaxRetries(1), persona.WithBackoff(time.Millisecond, time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Inquiries.MarkForReview(t.Context(), "inq_1")
	var transport *persona.TransportError
	if !errors.As(err, &transport) || errors.Is(err, persona.ErrOutcomeUnknown) {
		t.Errorf("error %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var followed bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	client, err := persona.NewClient(persona.WithAPIKey(testKey), persona.WithBaseURL(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string][]persona.Option{
		"by the client":                 nil,
		"by an HTTP client of one call": {persona.WithHTTPClient(&http.Client{})},
	} {
		if _, err := client.Inquiries.Get(t.Context(), "inq_1", opts...); err == nil || followed {
			t.Errorf("%s: error %v, followed %v", name, err, followed)
		}
	}
}

func TestOptionsOfACallAreCheckedBeforeSending(t *testing.T) {
	for name, opt := range map[string]persona.Option{
		"a key of the other environment":       persona.WithAPIKey("persona_production_1"),
		"no key":                               persona.WithAPIKey(""),
		"a key with a line break":              persona.WithAPIKey("persona\nsandbox"),
		"a base URL that is none":              persona.WithBaseURL("api.example.com"),
		"an idempotency key with a line break": persona.WithIdempotencyKey("a\nb"),
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: []reply{ok(anInquiry)}}
			client := s.client(t, persona.WithEnvironment(persona.Sandbox))
			_, err := client.Inquiries.Approve(t.Context(), "inq_1", persona.InquiryApproveParams{}, opt)
			if err == nil || errors.Is(err, persona.ErrOutcomeUnknown) || len(s.requests) > 0 {
				t.Errorf("error %v, %d requests", err, len(s.requests))
			}
		})
	}
}

func TestExtremeValuesOfOptions(t *testing.T) {
	for name, opts := range map[string][]persona.Option{
		"an answer of any length":    {persona.WithMaxResponse(math.MaxInt64)},
		"any time for an attempt":    {persona.WithTimeout(0)},
		"no wait between attempts":   {persona.WithBackoff(0, 0)},
		"a negative wait is none":    {persona.WithBackoff(-time.Second, -time.Second)},
		"a wait that would overflow": {persona.WithBackoff(math.MaxInt64, time.Millisecond)},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: []reply{refused(503, nil), {broken: true}, ok(anInquiry)}}
			inquiry, err := s.client(t, opts...).Inquiries.Get(t.Context(), "inq_1")
			if err != nil || inquiry.ID != "inq_1" {
				t.Errorf("inquiry %+v, error %v", inquiry, err)
			}
		})
	}
}

func TestAnAnswerThatIsTooLongIsRejected(t *testing.T) {
	s := &script{replies: []reply{ok(anInquiry)}}
	if _, err := s.client(t, persona.WithMaxResponse(20)).Inquiries.Get(t.Context(), "inq_1"); !errors.Is(err, persona.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}

func TestAnAnswerThatIsNotADocumentIsAnError(t *testing.T) {
	for _, body := range []string{"", "hello", `{"data":`, `[]`, `{}`, `{"data":null}`, `{"data":[]}`} {
		s := &script{replies: []reply{ok(body)}}
		if _, err := s.client(t).Inquiries.Get(t.Context(), "inq_1"); err == nil {
			t.Errorf("body %q was accepted", body)
		}
	}
}

func TestWithResponseReturnsTheRawResponse(t *testing.T) {
	s := &script{replies: []reply{{status: 200, header: map[string]string{"Request-Id": "req_9"}, body: anInquiry}, refused(409, map[string]string{"Request-Id": "req_10"})}}
	client := s.client(t)
	var response *persona.Response
	if _, err := client.Inquiries.MarkForReview(t.Context(), "inq_1", persona.WithResponse(&response)); err != nil {
		t.Fatal(err)
	}
	if response.Status != 200 || response.RequestID != "req_9" || string(response.Body) != anInquiry || response.IdempotencyKey == "" || response.Attempts != 1 {
		t.Errorf("response %+v", response)
	}
	if _, err := client.Inquiries.MarkForReview(t.Context(), "inq_1", persona.WithResponse(&response)); err == nil || response.Status != 409 || len(response.Body) == 0 {
		t.Errorf("response %+v, error %v", response, err)
	}
}

func TestMiddlewareSeesEveryAttemptInOrder(t *testing.T) {
	var seen []string
	mark := func(name string) persona.Middleware {
		return func(next persona.Doer) persona.Doer {
			return func(r *http.Request) (*http.Response, error) {
				seen = append(seen, name)
				return next(r)
			}
		}
	}
	s := &script{replies: []reply{{broken: true}, ok(anInquiry)}}
	if _, err := s.client(t, persona.WithMiddleware(mark("outer"), mark("inner"))).Inquiries.Get(t.Context(), "inq_1"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(seen, " "); got != "outer inner outer inner" {
		t.Errorf("seen %s", got)
	}
}

func TestProductionRejectsSimulateActionsBeforeAnyCall(t *testing.T) {
	for name, opts := range map[string][]persona.Option{
		"by its environment": {persona.WithAPIKey("opaque"), persona.WithEnvironment(persona.Production)},
		"by its key":         {persona.WithAPIKey("persona_production_1")},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: []reply{ok(anInquiry)}}
			_, err := s.client(t, opts...).Inquiries.PerformSimulateActions(t.Context(), "inq_1", persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{{Type: "approve_inquiry"}}})
			var refusal *persona.EnvironmentError
			if !errors.As(err, &refusal) || len(s.requests) != 0 {
				t.Errorf("error %v after %d requests", err, len(s.requests))
			}
		})
	}
}
