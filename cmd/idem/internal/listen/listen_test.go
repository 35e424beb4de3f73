package listen

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/idemhq/idem/cmd/idem/internal/forward"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestARouteFitsNames(t *testing.T) {
	routes := Routes{Default: "http://default", ByName: []Route{
		{"inquiry.*", "http://inquiries"}, {"*.approved", "http://approved"}, {"report/*.matched", "http://matches"}, {"inquiry.approved", "http://inquiries"},
	}}
	for name, want := range map[string][]string{
		"inquiry.created":          {"http://inquiries"},
		"inquiry.approved":         {"http://inquiries", "http://approved"},
		"transaction.approved":     {"http://approved"},
		"report/watchlist.matched": {"http://matches"},
		"report/watchlist.ready":   {"http://default"},
		"inquiry":                  {"http://default"},
	} {
		if got := routes.For(name); !slices.Equal(got, want) {
			t.Errorf("%s goes to %q, want %q", name, got, want)
		}
	}
	if got := (Routes{ByName: routes.ByName}).For("account.created"); got != nil {
		t.Errorf("without a default it goes to %q", got)
	}
}

func TestARouteThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{"inquiry.*", "=http://127.0.0.1", "inquiry.*=127.0.0.1:3000", "inquiry.*=ftp://127.0.0.1"} {
		if _, err := ParseRoute(text); err == nil {
			t.Errorf("%q is a route", text)
		}
	}
}

// source is Persona's list with all of its events on one page.
type source struct {
	mu     sync.Mutex
	events []domain.Event // the newest first
	err    error
}

func (s *source) happen(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	event := domain.Event{ID: id, Name: "inquiry.approved", CreatedAt: time.Now(), Body: []byte(`{"id":"` + id + `"}`)}
	s.events = append([]domain.Event{event}, s.events...)
}

func (s *source) Page(context.Context, string, int) ([]domain.Event, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events), "", s.err
}

func (s *source) event(_ context.Context, id string) (domain.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.ID == id {
			return e, nil
		}
	}
	return domain.Event{}, persona.ErrNotFound
}

// receiver answers with a status that can be changed, and counts what it was sent.
type receiver struct {
	*httptest.Server
	status atomic.Int64
	mu     sync.Mutex
	got    []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.status.Store(http.StatusOK)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body := make([]byte, 1000)
		n, _ := q.Body.Read(body)
		r.mu.Lock()
		r.got = append(r.got, string(body[:n]))
		r.mu.Unlock()
		w.WriteHeader(int(r.status.Load()))
	}))
	t.Cleanup(func() {
		r.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return r
}

func (r *receiver) received() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// options listen to a source for a receiver.
func options(t *testing.T, s *source, r *receiver) Options {
	t.Helper()
	return Options{
		Lister: s, Event: s.event, Routes: Routes{Default: r.URL}, Sender: forward.Sender{Timeout: 5 * time.Second},
		StateFile: filepath.Join(t.TempDir(), "state.json"), Source: "a test", Since: time.Now().Add(-time.Minute),
		Interval: 5 * time.Millisecond, Report: func(Delivery) {}, Notice: func(string) {},
	}
}

// run listens once.
func run(t *testing.T, o Options) error {
	t.Helper()
	o.Once = true
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return l.Run(t.Context())
}

func TestWhatWasAcceptedIsNotForwardedAgain(t *testing.T) {
	s, r := &source{}, newReceiver(t)
	o := options(t, s, r)
	s.happen("evt_1")
	for range 2 {
		if err := run(t, o); err != nil {
			t.Fatal(err)
		}
	}
	s.happen("evt_2")
	if err := run(t, o); err != nil {
		t.Fatal(err)
	}
	if got := r.received(); !slices.Equal(got, []string{`{"id":"evt_1"}`, `{"id":"evt_2"}`}) {
		t.Errorf("received: %q", got)
	}
}

func TestAListenerThatBeginsNowLeavesOutWhatTheListShows(t *testing.T) {
	s, r := &source{}, newReceiver(t)
	o := options(t, s, r)
	o.SkipKnown = true
	s.happen("evt_1")
	if err := run(t, o); err != nil {
		t.Fatal(err)
	}
	s.happen("evt_2")
	if err := run(t, o); err != nil {
		t.Fatal(err)
	}
	if got := r.received(); !slices.Equal(got, []string{`{"id":"evt_2"}`}) {
		t.Errorf("received: %q", got)
	}
}

func TestWhatWasNotAcceptedIsForwardedAfterARestart(t *testing.T) {
	s, r := &source{}, newReceiver(t)
	o := options(t, s, r)
	s.happen("evt_1")
	r.status.Store(http.StatusInternalServerError)
	if err := run(t, o); !errors.Is(err, ErrUndelivered) {
		t.Errorf("the first run ends with %v", err)
	}
	kept, err := os.ReadFile(o.StateFile)
	if err != nil || !strings.Contains(string(kept), "evt_1") || strings.Contains(string(kept), `"id"`) {
		t.Errorf("the state is %s, error %v", kept, err)
	}
	r.status.Store(http.StatusOK)
	if err := run(t, o); err != nil {
		t.Errorf("the second run ends with %v", err)
	}
	if got := r.received(); len(got) != 2 {
		t.Errorf("received: %q", got)
	}
}

func TestAnEventThatPersonaForgotIsSaidAndLeftOut(t *testing.T) {
	s, r := &source{}, newReceiver(t)
	o := options(t, s, r)
	s.happen("evt_1")
	r.status.Store(http.StatusInternalServerError)
	_ = run(t, o) // it is left open
	s.events = nil
	var notices []string
	o.Notice = func(text string) { notices = append(notices, text) }
	if err := run(t, o); err != nil {
		t.Error(err)
	}
	if len(notices) != 1 || !strings.Contains(notices[0], "evt_1 is no longer at Persona") {
		t.Errorf("it says %q", notices)
	}
}

func TestAStateFileIsForOneSourceAndOneProcess(t *testing.T) {
	s, r := &source{}, newReceiver(t)
	o := options(t, s, r)
	if err := run(t, o); err != nil {
		t.Fatal(err)
	}
	other := o
	other.Source = "another account"
	if _, err := New(other); err == nil || !strings.Contains(err.Error(), "is about the events of a test") {
		t.Errorf("for another source: %v", err)
	}
	first, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "in use by another") {
		t.Errorf("for another process: %v", err)
	}
	if err := first.file.close(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(o.StateFile, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "is not a state file") {
		t.Errorf("for a broken file: %v", err)
	}
}

func TestAnEventCanBeSentAgain(t *testing.T) {
	s, r := &source{}, newReceiver(t)
	o := options(t, s, r)
	s.happen("evt_1")
	accepted := make(chan Delivery, 10)
	o.Report = func(d Delivery) {
		if d.Progress == Accepted {
			accepted <- d
		}
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	<-accepted
	l.Resend("evt_1", r.URL)
	if d := <-accepted; d.Attempts != 1 {
		t.Errorf("it is attempt %d", d.Attempts)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAnErrorOfTheNetworkIsSaidAndAKeyThatIsRefusedEndsIt(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it waits for a retry")
	}
	s, r := &source{err: errors.New("no network")}, newReceiver(t)
	o := options(t, s, r)
	noticed := make(chan string, 10)
	o.Notice = func(text string) { noticed <- text }
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run(t.Context()) }()
	if text := <-noticed; !strings.Contains(text, "will try again: no network") {
		t.Errorf("it says %q", text)
	}
	s.mu.Lock()
	s.err = persona.ErrUnauthorized
	s.mu.Unlock()
	if err := <-ended; !errors.Is(err, persona.ErrUnauthorized) {
		t.Errorf("it ends with %v", err)
	}
}

func TestAnAttemptThatFailsIsRepeatedLaterAndNotForEver(t *testing.T) {
	now := time.Now()
	d := Delivery{Progress: Waiting}
	var delays []string
	for range forward.MaxAttempts - 1 {
		d.attempted(forward.Answer{Status: 500}, nil, now)
		delays = append(delays, fmt.Sprint(d.Next.Sub(now)))
	}
	if want := []string{"1s", "2s", "4s", "8s", "16s", "32s", "1m0s"}; !slices.Equal(delays, want) {
		t.Errorf("the delays are %v", delays)
	}
	if d.attempted(forward.Answer{}, errors.New("refused"), now); d.Progress != Failed || d.Error != "refused" {
		t.Errorf("after the last attempt it is %s, %q", d.Progress, d.Error)
	}
}
