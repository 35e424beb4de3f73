package intake_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

// wrong posts a body that is signed with another key.
func (r receiver) wrong(from, body string) int {
	return r.do(func(req *http.Request) {
		req.RemoteAddr = from
		req.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), signedAt, "wbhsec_other"))
	}, body)
}

// signed posts a signed body from an address.
func (r receiver) signed(from, body string) int {
	return r.do(func(req *http.Request) { req.RemoteAddr = from }, body)
}

// long returns an event of half a mebibyte.
func long(id string) string { return event(id) + strings.Repeat(" ", 1<<19) }

func TestASenderOfManyUnsignedBytesIsThrottled(t *testing.T) {
	r := start(t, &inbox{})
	const attacker, other = "192.0.2.1:4711", "192.0.2.2:4711"
	for range 32 {
		if got := r.wrong(attacker, long("evt_1")); got != http.StatusUnauthorized && got != http.StatusTooManyRequests {
			t.Fatalf("answered %d", got)
		}
	}
	if got := r.wrong(attacker, long("evt_1")); got != http.StatusTooManyRequests {
		t.Errorf("another long body was answered with %d", got)
	}
	if got := r.do(func(req *http.Request) { req.RemoteAddr, req.ContentLength = attacker, -1 }, long("evt_2")); got != http.StatusTooManyRequests {
		t.Errorf("a long body without a Content-Length was answered with %d", got)
	}
	if got := r.wrong(attacker, event("evt_1")); got != http.StatusUnauthorized {
		t.Errorf("a short body was answered with %d", got)
	}
	if got := r.wrong(other, long("evt_1")); got != http.StatusUnauthorized {
		t.Errorf("another address was answered with %d", got)
	}
	if got := r.signed(other, long("evt_3")); got != http.StatusOK {
		t.Errorf("a signed request of another address was answered with %d", got)
	}
}

func TestOneSignedRequestClearsAnAddress(t *testing.T) {
	r := start(t, &inbox{})
	const balancer = "192.0.2.1:4711"
	for range 33 {
		r.wrong(balancer, long("evt_1"))
	}
	if got := r.signed(balancer, event("evt_1")); got != http.StatusOK {
		t.Fatalf("a signed request was answered with %d", got)
	}
	for range 33 {
		if got := r.wrong(balancer, long("evt_2")); got != http.StatusUnauthorized {
			t.Fatalf("a wrongly signed request was answered with %d", got)
		}
	}
	if got := r.signed(balancer, long("evt_2")); got != http.StatusOK {
		t.Errorf("a long signed request was answered with %d", got)
	}
}

func TestRequestsWithoutASignatureAreRejectedUnread(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"no signature":             func(r *http.Request) { r.Header.Del(webhook.SignatureHeader) },
		"a malformed signature":    func(r *http.Request) { r.Header.Set(webhook.SignatureHeader, "t=1") },
		"two of them":              func(r *http.Request) { r.Header.Add(webhook.SignatureHeader, "t=1,v1=0") },
		"another type":             func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		"a length above the limit": func(r *http.Request) { r.ContentLength = 2 << 20 },
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, &inbox{})
			body := &counted{Reader: strings.NewReader(long("evt_1"))}
			got := r.do(func(req *http.Request) {
				change(req)
				req.Body = body
			}, long("evt_1"))
			if got < 400 || body.reads > 0 {
				t.Errorf("answered %d after %d reads", got, body.reads)
			}
		})
	}
}

type counted struct {
	*strings.Reader
	reads int
}

func (c *counted) Read(p []byte) (int, error) {
	c.reads++
	return c.Reader.Read(p)
}

func (*counted) Close() error { return nil }

// stalled is a connection whose body sends one byte and then nothing until its deadline.
type stalled struct {
	*httptest.ResponseRecorder

	mu       sync.Mutex
	sent     bool
	deadline time.Time
	changed  chan struct{}
}

func newStalled() *stalled {
	return &stalled{ResponseRecorder: httptest.NewRecorder(), changed: make(chan struct{}, 4)}
}

func (s *stalled) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	s.deadline = t
	s.mu.Unlock()
	s.changed <- struct{}{}
	return nil
}

func (s *stalled) Read(p []byte) (int, error) {
	for {
		s.mu.Lock()
		sent, left := s.sent, time.Until(s.deadline)
		s.sent = true
		s.mu.Unlock()
		if !sent {
			return copy(p, "{"), nil
		}
		if left <= 0 {
			return 0, os.ErrDeadlineExceeded
		}
		select {
		case <-s.changed:
		case <-time.After(left):
		}
	}
}

func TestSlowRequestsAreEvictedAndGenuineOnesAreNot(t *testing.T) {
	for name, address := range map[string]func(i int) string{
		"from many addresses": func(i int) string { return fmt.Sprintf("10.0.%d.%d:1", i>>8, i&255) },
		"from one address":    func(int) string { return "192.0.2.1:1" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, &inbox{})
				var mu sync.Mutex
				answers := map[int]int{}
				var sending sync.WaitGroup
				for i := range 5000 {
					sending.Go(func() {
						c := newStalled()
						req := httptest.NewRequest("POST", "/webhooks/persona/sandbox", c)
						req.RemoteAddr = address(i)
						req.ContentLength = 6000
						req.Header.Set("Content-Type", "application/json")
						req.Header.Set(webhook.SignatureHeader, webhook.Sign(nil, signedAt, "wbhsec_other"))
						r.route.ServeHTTP(c, req)
						mu.Lock()
						answers[c.Code]++
						mu.Unlock()
					})
				}
				synctest.Wait()
				for i := range 200 {
					if got := r.signed("192.0.2.1:1", event(fmt.Sprintf("evt_%d", i))); got != http.StatusOK {
						t.Fatalf("a signed request was answered with %d", got)
					}
				}
				sending.Wait()
				if answers[http.StatusServiceUnavailable] < 800 || answers[http.StatusRequestTimeout] < 800 || len(answers) != 2 {
					t.Errorf("the slow requests were answered with %v", answers)
				}
				r.stop()
			})
		})
	}
}

func TestTheReadDeadlineIsClearedAfterTheBody(t *testing.T) {
	r := start(t, &inbox{})
	c := newStalled()
	body := event("evt_1")
	req := httptest.NewRequest("POST", "/webhooks/persona/sandbox", bytes.NewReader([]byte(body)))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), signedAt, secret))
	r.route.ServeHTTP(c, req)
	if c.Code != http.StatusOK || !c.deadline.IsZero() {
		t.Errorf("answered %d, with a deadline of %v", c.Code, c.deadline)
	}
}

func TestAnEventThatCannotBeProcessedIsRejected(t *testing.T) {
	for name, change := range map[string]func(body string) string{
		"the object's id is a dot":       func(b string) string { return strings.Replace(b, "inq_1", ".", 1) },
		"the object's id is two dots":    func(b string) string { return strings.Replace(b, "inq_1", "..", 1) },
		"the object's id holds a slash":  func(b string) string { return strings.Replace(b, "inq_1", "a/b", 1) },
		"the object's id holds a query":  func(b string) string { return strings.Replace(b, "inq_1", "a?b", 1) },
		"the object's id is empty":       func(b string) string { return strings.Replace(b, "inq_1", "", 1) },
		"the object's id holds a NUL":    func(b string) string { return strings.Replace(b, "inq_1", `a\u0000`, 1) },
		"the object's id is not UTF-8":   func(b string) string { return strings.Replace(b, "inq_1", "a\xff", 1) },
		"the object's id is in capitals": func(b string) string { return strings.Replace(b, `"id":"inq_1"`, `"ID":"inq_1"`, 1) },
		"the object's type is missing":   func(b string) string { return strings.Replace(b, `"type":"inquiry",`, "", 1) },
		"there is no payload":            func(b string) string { return strings.Replace(b, `"payload"`, `"pay"`, 1) },
		"the event's id is two dots":     func(b string) string { return strings.Replace(b, "evt_1", "..", 1) },
		"the event's id is empty":        func(b string) string { return strings.Replace(b, "evt_1", "", 1) },
		"the name holds a space":         func(b string) string { return strings.Replace(b, "inquiry.completed", "inquiry completed", 1) },
		"there is no time":               func(b string) string { return strings.Replace(b, `"created-at"`, `"at"`, 1) },
		"the time is malformed":          func(b string) string { return strings.Replace(b, "2026-03-01T12:00:00.000Z", "yesterday", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			b := &inbox{}
			r := start(t, b)
			if got := r.send(change(event("evt_1"))); got != http.StatusBadRequest {
				t.Errorf("answered %d", got)
			}
			r.stop()
			if len(b.known) != 0 {
				t.Error("something was stored")
			}
		})
	}
}

func TestBodiesOfEveryLengthAreReadCompletely(t *testing.T) {
	b := &inbox{}
	r := start(t, b)
	for _, length := range []int{300, 8191, 8192, 8193, 32767, 32768, 32769, 131071, 131072, 131073, 1 << 19, 1<<20 - 1, 1 << 20} {
		for _, announced := range []bool{true, false} {
			id := fmt.Sprintf("evt_%d_%v", length, announced)
			body := event(id)
			body += strings.Repeat(" ", length-len(body))
			got := r.do(func(req *http.Request) {
				if !announced {
					req.ContentLength = -1
				}
			}, body)
			b.mu.Lock()
			if got != http.StatusOK || string(b.known[id].Body) != body {
				t.Errorf("%d bytes, announced %v: answered %d, %d are stored", length, announced, got, len(b.known[id].Body))
			}
			b.mu.Unlock()
		}
	}
}
