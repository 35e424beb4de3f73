package faulttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
)

// shaky is the web server of a host application. Now and then it fails, hangs, or takes a
// notification without an answer; the wire can kill the service before and after it takes
// one.
type shaky struct {
	wire *wire
	next http.Handler

	mu   sync.Mutex
	draw *rand.Rand
}

func newShaky(wire *wire, seed, stream uint64, next http.Handler) *httptest.Server {
	return httptest.NewServer(&shaky{wire: wire, next: next, draw: rand.New(rand.NewPCG(seed, stream))})
}

// ServeHTTP implements [http.Handler].
func (s *shaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	fate := s.draw.Float64()
	s.mu.Unlock()
	if s.wire.pass(beforeTold) {
		panic(http.ErrAbortHandler) // it never arrives
	}
	switch {
	case fate < 0.01:
		<-r.Context().Done() // until the service gives it up
		return
	case fate < 0.06:
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	answer := httptest.NewRecorder()
	s.next.ServeHTTP(answer, r)
	if s.wire.pass(afterTold) || fate > 0.95 {
		panic(http.ErrAbortHandler) // the service does not hear that it was taken
	}
	w.WriteHeader(answer.Code)
}

// host is a host application that receives notifications with the official library of
// Standard Webhooks.
type host struct {
	*httptest.Server
	hook   *standardwebhooks.Webhook
	secret string

	mu       sync.Mutex
	taken    map[string]int // how often it took each notification, by the id
	verdicts map[string]notify.Notification
	numbers  map[string]int64 // the number of the last notification of each subject
	last     int64            // the greatest sequence that it took
	repeated int
	problems []string
}

func newHost(wire *wire, seed uint64) (*host, error) {
	secret := deliver.NewSecret().Reveal()
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, err
	}
	h := &host{hook: hook, secret: secret, taken: map[string]int{}, verdicts: map[string]notify.Notification{}, numbers: map[string]int64{}}
	h.Server = newShaky(wire, seed, 7, http.HandlerFunc(h.receive))
	return h, nil
}

// receive takes a notification.
func (h *host) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		h.problem("a message cannot be read: %v", err)
		return
	}
	// The clock that nodes share may differ from this test's by more than the tolerance.
	if err := h.hook.VerifyIgnoringTimestamp(body, r.Header); err != nil {
		h.problem("a message is not signed: %v", err)
		return
	}
	var m notify.Message
	if err := json.Unmarshal(body, &m); err != nil || m.Data.ID != r.Header.Get("webhook-id") {
		h.problem("a message is %s, error %v", body, err)
		return
	}
	h.take(m.Data)
}

func (h *host) problem(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.problems = append(h.problems, fmt.Sprintf(format, args...))
}

// take does with a notification what docs/service.md tells receivers to do, and notes when
// one comes for the first time before those that were before it.
func (h *host) take(n notify.Notification) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = max(h.last, n.Sequence)
	if h.taken[n.ID]++; h.taken[n.ID] > 1 {
		h.repeated++
		return
	}
	if n.Reference == "" {
		return
	}
	if n.SubjectSequence != h.numbers[n.Reference]+1 {
		h.problems = append(h.problems, fmt.Sprintf("of %s number %d came after number %d", n.Reference, n.SubjectSequence, h.numbers[n.Reference]))
	}
	h.numbers[n.Reference] = n.SubjectSequence
	if n.Type == domain.NotifyVerdictChanged {
		h.verdicts[n.Reference] = n
	}
}

// settings are those of a service that tells the host.
func (h *host) settings() []string {
	return []string{"IDEM_ALLOW_PRIVATE_ADDRESSES=true", "IDEM_SANDBOX_NOTIFICATIONS_URL=" + h.URL, "IDEM_SANDBOX_NOTIFICATIONS_SECRETS=" + h.secret}
}

// told waits until every notification that there is was delivered.
func (w *world) told(left *string, what func() string) {
	w.t.Helper()
	eventually(w.t, 4*time.Minute, func() bool {
		newest, err := get[notify.Notification](w, "notifications?limit=1")
		if err != nil {
			*left = fmt.Sprintf("the notifications cannot be listed: %v", err)
			return false
		}
		w.host.mu.Lock()
		last := w.host.last
		w.host.mu.Unlock()
		if len(newest) > 0 && newest[0].Sequence > last {
			*left = fmt.Sprintf("the host took notification %d last, and there is %d", last, newest[0].Sequence)
			return false
		}
		if *left = w.hosts.behind(w); *left != "" {
			return false
		}
		for _, state := range []string{"waiting", "held"} {
			open, err := get[json.RawMessage](w, "deliveries?limit=1&state="+state)
			if *left = fmt.Sprintf("of the deliveries %s are %s, error %v", open, state, err); err != nil || len(open) > 0 {
				return false
			}
		}
		return true
	}, what)
}

// compareTold demands that the host took every notification, those of a subject in order,
// and that the last verdict that it was told of each subject is the one that stands.
func (l *ledger) compareTold() {
	l.host.mu.Lock()
	defer l.host.mu.Unlock()
	for _, problem := range l.host.problems {
		l.wrongVerdict("%s", problem)
	}
	for _, n := range all(l.world, l.rows.Notifications) {
		if l.host.taken[n.ID] == 0 {
			l.lost("the host was not told %s %s (%s) of %s", n.Type, n.ID, strconv.FormatInt(n.Sequence, 10), n.Subject)
		}
	}
	for reference, row := range l.subjects() {
		last := domain.VerdictNone
		if n, told := l.host.verdicts[reference]; told {
			last = n.Verdict
		}
		if last != row.Verdict {
			l.wrongVerdict("the host believes that %s is %s, and it is %s", reference, last, row.Verdict)
		}
	}
	l.figures.told, l.figures.toldAgain = len(l.host.taken), l.host.repeated
}
