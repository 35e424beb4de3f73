package simulation

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
	"github.com/idemhq/idem/service"
)

// world is a sandbox and a service in one synctest bubble, with the network between them.
type world struct {
	t       *testing.T
	plan    plan
	network *network
	sandbox *sandbox.Sandbox
	client  *persona.Client // of people and reviewers
	http    *http.Transport // the client's transport
	servers []*http.Server  // of the sandbox
	config  service.Config
	keyID   string // id of the service's API key
	log     *tail

	running *life // nil while the service is down
	lives   int

	mu   sync.Mutex
	trap *trap

	persons []*person
	crowd   sync.WaitGroup
}

// life is one run of the service.
type life struct {
	service *service.Service
	line    *line
	server  *http.Server
	cancel  context.CancelFunc
	ended   chan error
}

// newWorld starts a sandbox and creates the service's webhook, API key and configuration.
func newWorld(t *testing.T, p plan, folder string, log io.Writer) *world {
	w := &world{t: t, plan: p, network: newNetwork(), log: &tail{to: log}}
	var err error
	w.sandbox, err = sandbox.New(sandbox.Options{RateLimit: p.rateLimit, FaultSeed: p.seed, Dial: w.network.dial})
	must(t, err)
	w.serve("persona", w.sandbox)
	w.serve("persona-for-service", http.HandlerFunc(w.call))
	w.http = &http.Transport{DialContext: w.network.dial}
	w.client, err = persona.NewClient(persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL("http://persona:80/api/v1"),
		persona.WithHTTPClient(&http.Client{Transport: w.http}), persona.WithMaxRetries(10))
	must(t, err)
	hook, err := w.client.Webhooks.Create(t.Context(), persona.WebhookCreateParams{
		Name: persona.Set("service"), URL: persona.Set("http://service:80/webhooks/persona/sandbox"), EnabledEvents: persona.Set([]string{"*"}),
	})
	must(t, err)
	_, err = w.client.Webhooks.Enable(t.Context(), hook.ID)
	must(t, err)
	key, err := w.client.APIKeys.Create(t.Context(), persona.APIKeyCreateParams{Name: "service"})
	must(t, err)
	w.keyID = key.ID
	w.config = service.Config{
		Listen: "service:80", DataDir: filepath.Join(folder, "0"), APIToken: "token", LogLevel: "info", LogFormat: "text", ReconcileInterval: p.reconcile,
		Environments: map[service.Environment]service.EnvironmentConfig{service.Sandbox: {
			APIKey: service.Secret(key.Attributes.Value), BaseURL: "http://persona-for-service:80/api/v1", Policy: p.rules.file,
			WebhookSecrets: []service.Secret{service.Secret(hook.Attributes.Secret)}, Since: time.Now().Add(-time.Hour),
		}},
	}
	for _, fault := range p.faults {
		must(t, w.sandbox.AddFault(fault))
	}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serve serves a host until the world ends.
func (w *world) serve(host string, h http.Handler) {
	server := &http.Server{Handler: h}
	go server.Serve(w.network.listen(host)) // ends with close
	w.servers = append(w.servers, server)
}

// start starts the service.
func (w *world) start(poll time.Duration) {
	w.t.Helper()
	line := &line{network: w.network}
	cfg := w.config
	cfg.Simulation = &service.Simulation{Dial: line.dial, Poll: poll}
	w.lives++
	s, err := service.New(w.t.Context(), cfg, slog.New(slog.NewTextHandler(w.log, nil)).With("life", w.lives))
	must(w.t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	begun := &life{service: s, line: line, cancel: cancel, ended: make(chan error, 1), server: &http.Server{Handler: w.deliver(s.Handler())}}
	go func() { begun.ended <- s.Run(ctx) }()
	go begun.server.Serve(w.network.listen("service")) // ends with stop or crash
	w.running = begun
}

// end ends the service.
func (w *world) end(how ending) {
	w.t.Helper()
	if how == stopped {
		w.stop()
	} else {
		w.crash()
	}
}

// stop stops the service cleanly, as idem serve does on SIGTERM.
func (w *world) stop() {
	w.t.Helper()
	last := w.running
	w.running = nil
	w.disarm()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
	defer cancel()
	if last.server.Shutdown(ctx) != nil {
		last.server.Close()
	}
	last.cancel()
	if err := <-last.ended; err != nil {
		w.t.Errorf("the stopped service ended with %v", err)
	}
	last.line.cut() // idle connections
}

// crash ends the service immediately: uncommitted data is lost, it can reach nobody, and
// the next run finds the files as they are now.
//
// The goroutines of a process cannot be killed. They continue with copies of the files that
// nobody reads.
func (w *world) crash() {
	w.t.Helper()
	last := w.running
	w.running = nil
	synctest.Wait() // no goroutine is writing
	old := w.config.DataDir
	w.config.DataDir = filepath.Join(filepath.Dir(old), fmt.Sprint(w.lives))
	must(w.t, os.Mkdir(w.config.DataDir, 0o700))
	for _, name := range []string{"idem.db", "idem.db-wal"} {
		content, err := os.ReadFile(filepath.Join(old, name))
		must(w.t, err)
		must(w.t, os.WriteFile(filepath.Join(w.config.DataDir, name), content, 0o600))
	}
	last.line.cut()
	w.disarm()
	last.server.Close()
	last.cancel()
	<-last.ended // whatever its result
	must(w.t, os.RemoveAll(old))
}

// trap holds a request at a point until it is released.
type trap struct {
	at       ending
	after    int // number of requests to let pass first
	sprung   chan struct{}
	released chan struct{}
}

// arm sets a trap.
func (w *world) arm(at ending, after int) (sprung <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trap = &trap{at: at, after: after, sprung: make(chan struct{}), released: make(chan struct{})}
	return w.trap.sprung
}

// disarm removes the trap and releases held requests.
func (w *world) disarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trap != nil {
		close(w.trap.released)
		w.trap = nil
	}
}

// pass holds a trapped request and then breaks its connection.
func (w *world) pass(at ending) {
	w.mu.Lock()
	t := w.trap
	if t == nil || t.at != at || t.after < 0 {
		w.mu.Unlock()
		return
	}
	t.after--
	caught := t.after < 0
	w.mu.Unlock()
	if caught {
		close(t.sprung)
		<-t.released
		panic(http.ErrAbortHandler)
	}
}

// call forwards a call of the service to the sandbox.
func (w *world) call(res http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodGet {
		w.sandbox.ServeHTTP(res, req)
		return
	}
	w.pass(beforeEffect)
	answer := httptest.NewRecorder()
	w.sandbox.ServeHTTP(answer, req) // if the sandbox loses the answer, it is lost here too
	w.pass(afterEffect)
	forward(res, answer)
}

// deliver delivers a webhook to the service.
func (w *world) deliver(next http.Handler) http.Handler {
	return http.HandlerFunc(func(res http.ResponseWriter, req *http.Request) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, req)
		if answer.Code == http.StatusOK {
			w.pass(afterStoring)
		}
		forward(res, answer)
	})
}

func forward(res http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for name, values := range answer.Header() {
		res.Header()[name] = values
	}
	res.WriteHeader(answer.Code)
	_, _ = res.Write(answer.Body.Bytes()) // the other side may be gone
}

// close stops the sandbox.
func (w *world) close() {
	for _, server := range w.servers {
		server.Close()
	}
	w.sandbox.Close()
	w.http.CloseIdleConnections()
}

// tail keeps the end of a log, and copies the log to another writer if there is one.
type tail struct {
	to io.Writer

	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const most = 1 << 20
	if l.lines.Len() > most {
		l.lines.Next(most / 2)
	}
	if l.to != nil {
		_, _ = l.to.Write(p)
	}
	return l.lines.Write(p)
}

// about returns the lines that contain any of some words, such as ids.
func (l *tail) about(words ...string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found strings.Builder
	for line := range strings.Lines(l.lines.String()) {
		for _, word := range words {
			if word != "" && strings.Contains(line, word) {
				found.WriteString("  " + line)
				break
			}
		}
	}
	return found.String()
}
