package faulttest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

// A killPoint is a point at which a process is killed.
type killPoint int

const (
	starting     killPoint = iota // the process was just started and may not be ready
	working                       // it is ready
	beforeEffect                  // a call that changes something was sent, but has not taken effect
	afterEffect                   // it has taken effect, but the answer was not sent
	beforeHeard                   // OnVerdict called its function, which has stored nothing
	afterLink                     // a link was created, which the sandbox does not show, but the answer was not sent
	whileStoring                  // a webhook was delivered but not answered
	afterAnswer                   // a webhook was answered, but the answer does not arrive
	beforeTold                    // a notification was sent to the host, which has not taken it
	afterTold                     // the host has taken it, but the answer was not sent
	afterHeard                    // the function has stored the verdict, but has not returned
	killPoints                    // number of moments
)

// wire is the proxy between the service and the sandbox, in both directions. It records
// acknowledged events and calls, and can run a function at a kill point.
type wire struct {
	sandbox  http.Handler
	service  func() string // where the service listens; "" if it does not
	webhooks *httptest.Server
	calls    *httptest.Server

	mu           sync.Mutex
	acknowledged map[string]time.Time // events that the service answered with 200, and when it first did
	repeated     int                  // webhooks of events that were acknowledged before
	refused      int                  // webhooks that were answered with 503
	trap         killPoint
	hook         func() // nil if none is set
	toHang       int    // how many of the next calls hang
	hanging      int    // how many are hanging
	abandoned    int    // how many hanging calls the service gave up
}

func newWire(sandbox http.Handler, service func() string) *wire {
	w := &wire{sandbox: sandbox, service: service, acknowledged: map[string]time.Time{}}
	w.webhooks = httptest.NewServer(http.HandlerFunc(w.deliver))
	w.calls = httptest.NewServer(http.HandlerFunc(w.call))
	return w
}

func (w *wire) close() {
	w.webhooks.Close()
	w.calls.Close()
}

// set sets the function to run once at a kill point.
func (w *wire) set(at killPoint, hook func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trap, w.hook = at, hook
}

// pass runs the function that is set for a kill point, and reports whether there was one.
func (w *wire) pass(at killPoint) bool {
	w.mu.Lock()
	hook := w.hook
	if w.trap != at {
		hook = nil
	}
	if hook != nil {
		w.hook = nil
	}
	w.mu.Unlock()
	if hook != nil {
		hook()
	}
	return hook != nil
}

// deliver delivers a webhook to the service.
func (w *wire) deliver(res http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	address := w.service()
	if err != nil || address == "" {
		http.Error(res, "the service is not listening", http.StatusBadGateway)
		return
	}
	onward, err := http.NewRequestWithContext(req.Context(), req.Method, "http://"+address+req.URL.Path, bytes.NewReader(body))
	if err != nil {
		http.Error(res, err.Error(), http.StatusBadGateway)
		return
	}
	onward.Header = req.Header.Clone()
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		w.pass(whileStoring)
	}()
	answer, err := http.DefaultTransport.RoundTrip(onward)
	<-killed
	if err != nil {
		http.Error(res, "the service does not answer", http.StatusBadGateway)
		return
	}
	answer.Body.Close()
	if answer.StatusCode == http.StatusServiceUnavailable {
		w.mu.Lock()
		w.refused++
		w.mu.Unlock()
	}
	if answer.StatusCode == http.StatusOK {
		w.recordAcknowledged(body)
		if w.pass(afterAnswer) {
			panic(http.ErrAbortHandler) // the sandbox gets no answer and retries
		}
	}
	res.WriteHeader(answer.StatusCode)
}

// recordAcknowledged records an acknowledged event.
func (w *wire) recordAcknowledged(body []byte) {
	event, err := webhook.Parse(body)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		return
	}
	if _, before := w.acknowledged[event.ID]; before {
		w.repeated++
		return
	}
	w.acknowledged[event.ID] = time.Now()
}

// rejected503 returns how many webhooks the service answered with 503.
func (w *wire) rejected503() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}

// hang makes some of the next calls about inquiries and cases take effect and then hang
// until the service gives them up.
func (w *wire) hang(calls int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.toHang = calls
}

// hung returns how many calls are hanging, and how many were given up.
func (w *wire) hung() (hanging, abandoned int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hanging, w.abandoned
}

// mustHang decides whether a call hangs.
func (w *wire) mustHang(req *http.Request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.toHang == 0 || !strings.Contains(req.URL.Path, "/inquiries/") && !strings.Contains(req.URL.Path, "/cases/") {
		return false
	}
	w.toHang--
	w.hanging++
	return true
}

// call forwards a call of the service to the sandbox.
func (w *wire) call(res http.ResponseWriter, req *http.Request) {
	if w.mustHang(req) {
		w.sandbox.ServeHTTP(httptest.NewRecorder(), req)
		<-req.Context().Done()
		w.mu.Lock()
		w.hanging--
		w.abandoned++
		w.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	if req.Method == http.MethodGet {
		w.sandbox.ServeHTTP(res, req)
		return
	}
	if w.pass(beforeEffect) {
		panic(http.ErrAbortHandler) // the call is lost
	}
	answer := httptest.NewRecorder()
	w.sandbox.ServeHTTP(answer, req) // if the sandbox loses the answer, so does the wire
	w.pass(afterEffect)
	if strings.HasSuffix(req.URL.Path, "/generate-one-time-link") {
		w.pass(afterLink)
	}
	for name, values := range answer.Header() {
		res.Header()[name] = values
	}
	res.WriteHeader(answer.Code)
	_, _ = res.Write(answer.Body.Bytes()) // the service may have ended
}
