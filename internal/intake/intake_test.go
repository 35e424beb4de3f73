package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/intake"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/persona/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "wbhsec_of_the_tests"

var signedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// inbox is an Appender that can be blocked and can fail.
type inbox struct {
	mu      sync.Mutex
	known   map[string]domain.Event
	batches []int
	err     error
	hold    chan struct{} // if set, a commit waits for it
	begun   chan struct{} // and reports here that it has started
}

func (b *inbox) AppendEvents(ctx context.Context, events []domain.Event) ([]bool, error) {
	if b.hold != nil {
		b.begun <- struct{}{}
		select {
		case <-b.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return nil, b.err
	}
	b.batches = append(b.batches, len(events))
	fresh := make([]bool, len(events))
	for i, e := range events {
		_, seen := b.known[e.ID]
		if fresh[i] = !seen; fresh[i] {
			b.known[e.ID] = e
		}
	}
	return fresh, nil
}

// fail makes every commit fail from now on; nil ends that.
func (b *inbox) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

// receiver is a running intake with its route.
type receiver struct {
	route http.Handler
	*intake.Intake
	stop func()
	log  *bytes.Buffer
}

func start(t *testing.T, b *inbox) receiver {
	t.Helper()
	if b.known == nil {
		b.known = map[string]domain.Event{}
	}
	var log bytes.Buffer
	in := intake.New(b, map[domain.Environment]intake.Source{domain.Sandbox: {Secrets: []string{secret}}}, nil, telemetry.New(),
		slog.New(slog.NewTextHandler(&lockedWriter{w: &log}, nil)), func() time.Time { return signedAt })
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/persona/{environment}", in)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { in.Run(ctx) })
	stop := func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return receiver{mux, in, stop, &log}
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func event(id string) string {
	return fmt.Sprintf(`{"data":{"type":"event","id":%q,"attributes":{"name":"inquiry.completed","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_1","attributes":{"status":"completed"}}}}}}`, id)
}

// send posts a signed body.
func (r receiver) send(body string) int {
	return r.do(func(*http.Request) {}, body)
}

func (r receiver) do(change func(*http.Request), body string) int {
	req := httptest.NewRequest("POST", "/webhooks/persona/sandbox", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), signedAt, secret))
	change(req)
	answer := httptest.NewRecorder()
	r.route.ServeHTTP(answer, req)
	return answer.Code
}

func TestBadRequestsAreRejectedAndNothingIsStored(t *testing.T) {
	sign := func(header string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(webhook.SignatureHeader, header) }
	}
	for name, test := range map[string]struct {
		change func(*http.Request)
		body   string
		want   int
	}{
		"no signature":                 {change: func(r *http.Request) { r.Header.Del(webhook.SignatureHeader) }, want: http.StatusUnauthorized},
		"a malformed signature":        {change: sign("t=now,v1=zz"), want: http.StatusUnauthorized},
		"a signature with another key": {change: sign(webhook.Sign([]byte(event("evt_1")), signedAt, "wbhsec_other")), want: http.StatusUnauthorized},
		"a stale signature":            {change: sign(webhook.Sign([]byte(event("evt_1")), signedAt.Add(-6*time.Minute), secret)), want: http.StatusUnauthorized},
		"a signature from the future":  {change: sign(webhook.Sign([]byte(event("evt_1")), signedAt.Add(6*time.Minute), secret)), want: http.StatusUnauthorized},
		"a length beyond the limit":    {change: func(r *http.Request) { r.ContentLength = webhook.MaxBody + 1 }, want: http.StatusRequestEntityTooLarge},
		"a body beyond the limit":      {change: func(r *http.Request) { r.ContentLength = -1 }, body: strings.Repeat(" ", webhook.MaxBody+1), want: http.StatusRequestEntityTooLarge},
		"a body that breaks off": {change: func(r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), brokenReader{}))
		}, want: http.StatusBadRequest},
		"another content type": {change: func(r *http.Request) { r.Header.Set("Content-Type", "text/xml") }, want: http.StatusUnsupportedMediaType},
		"no content type":      {change: func(r *http.Request) { r.Header.Del("Content-Type") }, want: http.StatusUnsupportedMediaType},
		"not JSON":             {body: "hello", want: http.StatusBadRequest},
		"not an event":         {body: `{"data":{"type":"inquiry","id":"inq_1"}}`, want: http.StatusBadRequest},
		"deep nesting":         {body: strings.Repeat("[", 100_000), want: http.StatusBadRequest},
		"an empty body":        {body: " ", want: http.StatusBadRequest},
		"another environment":  {change: func(r *http.Request) { r.URL.Path = "/webhooks/persona/production" }, want: http.StatusNotFound},
		"another method":       {change: func(r *http.Request) { r.Method = "GET" }, want: http.StatusMethodNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			b := &inbox{}
			r := start(t, b)
			body, change := test.body, test.change
			if body == "" {
				body = event("evt_1")
			}
			if change == nil {
				change = func(*http.Request) {}
			}
			if got := r.do(change, body); got != test.want {
				t.Errorf("answered %d, want %d", got, test.want)
			}
			r.stop()
			if len(b.known) != 0 {
				t.Error("something was stored")
			}
			if strings.Contains(r.log.String(), secret) {
				t.Error("the log contains the secret")
			}
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAKnownEventIsAcceptedAndIgnored(t *testing.T) {
	b := &inbox{}
	r := start(t, b)
	for range 3 {
		if got := r.send(event("evt_1")); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
	}
	r.stop()
	if e := b.known["evt_1"]; len(b.known) != 1 || e.State != domain.EventWaiting || e.Object != (domain.Ref{Type: "inquiry", ID: "inq_1"}) || string(e.Body) != event("evt_1") {
		t.Errorf("stored %+v", b.known)
	}
}

func TestAFailedCommitIsNotAnswered200(t *testing.T) {
	b := &inbox{}
	r := start(t, b)
	b.fail(errors.New("the disk is full"))
	if got := r.send(event("evt_1")); got != http.StatusServiceUnavailable {
		t.Errorf("answered %d", got)
	}
	b.fail(nil)
	if got := r.send(event("evt_1")); got != http.StatusOK {
		t.Errorf("answered %d when there was room again", got)
	}
}

func TestRequestsThatArriveDuringACommitShareATransaction(t *testing.T) {
	for name, test := range map[string]struct {
		arrive int   // during the first commit
		begun  int   // transactions started before one has ended
		want   []int // events per transaction at the end
	}{
		"few events wait for the end of the first transaction": {arrive: 31, begun: 1, want: []int{1, 31}},
		"many events do not wait, and share a transaction":     {arrive: 32, begun: 2, want: []int{1, 32}},
		"more than two transactions are never open":            {arrive: 300, begun: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &inbox{hold: make(chan struct{}), begun: make(chan struct{}, 400)}
				r := start(t, b)
				answers := make(chan int, 400)
				go func() { answers <- r.send(event("evt_first")) }()
				synctest.Wait()
				for i := range test.arrive {
					go func() { answers <- r.send(event(fmt.Sprintf("evt_%d", i))) }()
				}
				synctest.Wait()
				if len(b.begun) != test.begun {
					t.Errorf("%d transactions have begun", len(b.begun))
				}
				close(b.hold)
				for range 1 + test.arrive {
					if got := <-answers; got != http.StatusOK {
						t.Errorf("answered %d", got)
					}
				}
				r.stop()
				slices.Sort(b.batches)
				if test.want != nil && !slices.Equal(b.batches, test.want) || slices.Max(b.batches) > 128 {
					t.Errorf("the transactions had %v events", b.batches)
				}
			})
		})
	}
}

func TestWaitingRequestsAreAnswered503WhenTheServiceStops(t *testing.T) {
	b := &inbox{}
	r := start(t, b)
	r.stop()
	if got := r.send(event("evt_1")); got != http.StatusServiceUnavailable {
		t.Errorf("answered %d", got)
	}
}

func TestAnUnresponsiveDatabaseDoesNotBlockRequestsForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &inbox{hold: make(chan struct{}), begun: make(chan struct{}, 400)}
		r := start(t, b)
		answers := make(chan int, 1)
		go func() { answers <- r.send(event("evt_1")) }()
		if got := <-answers; got != http.StatusServiceUnavailable {
			t.Errorf("answered %d", got)
		}
		go func() { answers <- r.send(event("evt_1")) }()
		synctest.Wait()
		r.stop() // during a commit
		if got := <-answers; got != http.StatusServiceUnavailable {
			t.Errorf("answered %d while the service stopped", got)
		}
	})
}

// connection is a response writer that records its read deadline, with a body that records
// the deadline at the time of a read.
type connection struct {
	*httptest.ResponseRecorder
	deadline, seen time.Time
}

func (c *connection) SetReadDeadline(t time.Time) error {
	c.deadline = t
	return nil
}

func (c *connection) Read([]byte) (int, error) {
	c.seen = c.deadline
	return 0, os.ErrDeadlineExceeded
}

func TestASlowBodyHasADeadline(t *testing.T) {
	r := start(t, &inbox{})
	c := &connection{ResponseRecorder: httptest.NewRecorder()}
	req := httptest.NewRequest("POST", "/webhooks/persona/sandbox", c)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(webhook.SignatureHeader, webhook.Sign(nil, signedAt, "wbhsec_other"))
	r.route.ServeHTTP(c, req)
	if c.Code != http.StatusRequestTimeout || c.seen.IsZero() {
		t.Errorf("answered %d, the body could be read until %v", c.Code, c.seen)
	}
	if c.deadline.After(time.Now()) || c.deadline.IsZero() {
		t.Errorf("what is left of the body can be read until %v", c.deadline)
	}
}

func TestSecretsAreReplacedWhileEventsArrive(t *testing.T) {
	b := &inbox{}
	r := start(t, b)
	sign := func(secrets ...string) func(*http.Request) {
		return func(req *http.Request) {
			req.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(event("evt_1")), signedAt, secrets...))
		}
	}
	for _, step := range []struct {
		known  []string
		signed []string
		want   int
	}{
		{[]string{secret}, []string{"wbhsec_new", secret}, http.StatusOK},
		{[]string{"wbhsec_new", secret}, []string{secret}, http.StatusOK},
		{[]string{"wbhsec_new"}, []string{"wbhsec_new", secret}, http.StatusOK},
		{[]string{"wbhsec_new"}, []string{secret}, http.StatusUnauthorized},
		{nil, []string{secret}, http.StatusUnauthorized},
	} {
		r.SetSecrets(domain.Sandbox, step.known)
		if got := r.do(sign(step.signed...), event("evt_1")); got != step.want {
			t.Errorf("signed with %v, known %v: answered %d, want %d", step.signed, step.known, got, step.want)
		}
	}
}

func TestEventsOfUnknownTypesAreMarkedUnhandled(t *testing.T) {
	b := &inbox{}
	r := start(t, b)
	for id, body := range map[string]string{
		"evt_name": strings.Replace(event("evt_name"), "inquiry.completed", "inquiry.teleported", 1),
		"evt_kind": strings.Replace(event("evt_kind"), `"type":"inquiry"`, `"type":"moon-phase"`, 1),
	} {
		if got := r.send(body); got != http.StatusOK {
			t.Fatalf("%s: answered %d", id, got)
		}
		if e := b.known[id]; e.State != domain.EventUnhandled {
			t.Errorf("%s is %s", id, e.State)
		}
	}
}
