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

// A moment is when a process is killed.
type moment int

const (
	starting     moment = iota // the process has just been started, and need not be ready
	working                    // it is ready
	beforeEffect               // a call has been sent that changes something, and nothing has happened yet
	afterEffect                // it has happened, and the answer is not sent yet
	afterLink                  // a link has been made, of which nothing can be read at the sandbox, and the answer is not sent yet
	whileStoring               // a webhook has been handed over, and is not answered yet
	afterAnswer                // a webhook has been answered, and the answer does not arrive
	beforeTold                 // a notification has been sent to the host, which has not taken it
	afterTold                  // the host has taken it, and the answer is not sent yet
	moments                    // how many there are
)

// wire is what lies between the service and the sandbox, both ways. It witnesses what
// was acknowledged and what was called, and can spring a trap at a moment.
type wire struct {
	sandbox  http.Handler
	service  func() string // where the listening; "" while it does not
	webhooks *httptest.Server
	calls    *httptest.Server

	mu           sync.Mutex
	acknowledged map[string]time.Time // events that the service answered with 200, and when it first did
	repeated     int                  // webhooks of events that it had acknowledged before
	refused      int                  // webhooks that it answered with 503
	trap         moment
	spring       func() // nil while no trap is set
	toHang       int    // how many of the next calls hang
	hanging      int    // how many do
	abandoned    int    // how many did, and were given up by the service
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

// set sets a trap, which springs once.
func (w *wire) set(at moment, spring func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trap, w.spring = at, spring
}

// pass springs the trap that is set for a moment, and reports whether there was one.
func (w *wire) pass(at moment) bool {
	w.mu.Lock()
	spring := w.spring
	if w.trap != at {
		spring = nil
	}
	if spring != nil {
		w.spring = nil
	}
	w.mu.Unlock()
	if spring != nil {
		spring()
	}
	return spring != nil
}

// deliver hands a webhook over to the service.
func (w *wire) deliver(res http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	address := w.service()
	if err != nil || address == "" {
		http.Error(res, "nobody listens", http.StatusBadGateway)
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
		w.witness(body)
		if w.pass(afterAnswer) {
			panic(http.ErrAbortHandler) // the sandbox does not hear of it, and comes again
		}
	}
	res.WriteHeader(answer.StatusCode)
}

// witness notes that the service has acknowledged an event.
func (w *wire) witness(body []byte) {
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

// refusals is how many webhooks the service answered with 503.
func (w *wire) refusals() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}

// hang lets some of the next calls about inquiries and cases hang: they take effect, and
// no answer comes until the service gives them up.
func (w *wire) hang(calls int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.toHang = calls
}

// hung returns how many calls hang, and how many did and were given up.
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

// call hands a call of the service over to the sandbox.
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
		panic(http.ErrAbortHandler) // it never arrives
	}
	answer := httptest.NewRecorder()
	w.sandbox.ServeHTTP(answer, req) // an answer that it loses is lost here too
	w.pass(afterEffect)
	if strings.HasSuffix(req.URL.Path, "/generate-one-time-link") {
		w.pass(afterLink)
	}
	for name, values := range answer.Header() {
		res.Header()[name] = values
	}
	res.WriteHeader(answer.Code)
	_, _ = res.Write(answer.Body.Bytes()) // the service may be gone
}
