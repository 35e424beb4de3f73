package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/idemhq/idem"
	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
)

// heard is a change of a verdict, as a host application was told it.
type heard struct {
	ID, Reference, Verdict string
	Sequence               int64
}

// users is a host application's table of users.
type users struct {
	mu   sync.Mutex
	rows map[string]heard
	all  []heard // in the order in which they came
}

// update does what docs/service.md tells hosts to do.
func (u *users) update(h heard) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.rows == nil {
		u.rows = map[string]heard{}
	}
	u.all = append(u.all, h)
	if h.Sequence > u.rows[h.Reference].Sequence {
		u.rows[h.Reference] = h
	}
}

// heardBy reports whether a notification is in the table.
func (u *users) heardBy(id string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.ContainsFunc(u.all, func(h heard) bool { return h.ID == id })
}

// hosts are three host applications: one receives notifications with package idem, one
// follows the stream with it, and one contains the service and uses OnVerdict (it is the
// killed process itself, see testdata/hear.go).
type hosts struct {
	secret  string
	server  *httptest.Server // receives notifications
	ears    *httptest.Server // what OnVerdict's function asks
	gateway *httptest.Server // the way to the nodes
	heard   string           // the file in which OnVerdict's function writes

	mu       sync.Mutex
	draw     *rand.Rand
	done     map[string]bool // notifications that the handler has handled and stored
	told     int64           // the greatest sequence that the handler was given
	streamed int64           // the last sequence of the stream that was stored
	problems []string

	notified, followed users
	stop               func() // ends the stream
}

func newHosts(w *world) (*hosts, error) {
	h := &hosts{
		secret: deliver.NewSecret().Reveal(), heard: filepath.Join(w.t.TempDir(), "heard.ndjson"),
		draw: rand.New(rand.NewPCG(w.seed, 8)), done: map[string]bool{}, stop: func() {},
	}
	handler, err := idem.NotificationHandler([]string{h.secret}, &forgetful{hosts: h}, h.receive)
	if err != nil {
		return nil, err
	}
	h.server = newShaky(w.wire, w.seed, 9, h.onTime(handler))
	h.ears = httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, req *http.Request) { h.ask(w.wire, res, req) }))
	h.gateway = httptest.NewServer(h.toNodes(w))
	return h, nil
}

func (h *hosts) close() {
	h.stop()
	for _, server := range []*httptest.Server{h.server, h.ears, h.gateway} {
		server.CloseClientConnections()
		server.Close()
	}
}

// settings are those of the service that contains a host.
func (h *hosts) settings() []string {
	return []string{"IDEM_TEST_HEARD=" + h.heard, "IDEM_TEST_EARS=" + h.ears.URL}
}

// start adds the endpoint of the second host, and begins the stream of the third.
func (h *hosts) start(w *world) {
	w.t.Helper()
	body, _ := json.Marshal(map[string]any{"name": "with-package-idem", "url": h.server.URL, "secrets": []string{h.secret}, "after": 0}) // cannot fail
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, h.gateway.URL+"/v1/sandbox/endpoints", bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	if answer, err := io.ReadAll(res.Body); res.StatusCode != http.StatusCreated {
		w.t.Fatalf("add an endpoint: %d %s, error %v", res.StatusCode, answer, err)
	}
	client, err := idem.New(h.gateway.URL, token, idem.WithEnvironment(idem.Sandbox), idem.WithBackoff(20*time.Millisecond, time.Second))
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.follow(ctx, client)
	}()
	h.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
}

// chance draws whether something happens.
func (h *hosts) chance(p float64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.draw.Float64() < p
}

func (h *hosts) problem(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.problems = append(h.problems, fmt.Sprintf(format, args...))
}

var errShaky = errors.New("the host's database does not answer")

// receive handles a notification.
func (h *hosts) receive(_ context.Context, n idem.Notification) error {
	if h.chance(0.03) {
		return errShaky
	}
	h.mu.Lock()
	h.told = max(h.told, n.Sequence)
	again := h.done[n.ID]
	h.mu.Unlock()
	if again {
		h.problem("the handler was given %s a second time", n.ID)
	}
	if n.Type == idem.NotifyVerdictChanged {
		h.notified.update(heard{n.ID, n.Reference, string(n.Verdict), n.SubjectSequence})
	}
	return nil
}

// forgetful is the memory of the host that receives notifications. It fails now and then.
type forgetful struct {
	idem.Memory
	hosts *hosts
}

// Lookup implements [idem.Seen].
func (f *forgetful) Lookup(ctx context.Context, id, reference string) (bool, int64, error) {
	if f.hosts.chance(0.02) {
		return false, 0, errShaky
	}
	return f.Memory.Lookup(ctx, id, reference)
}

// Save implements [idem.Seen].
func (f *forgetful) Save(ctx context.Context, id, reference string, sequence int64) error {
	if f.hosts.chance(0.02) {
		return errShaky
	}
	f.hosts.mu.Lock()
	f.hosts.done[id] = true
	f.hosts.mu.Unlock()
	return f.Memory.Save(ctx, id, reference, sequence)
}

// onTime signs what comes from a node whose clock differs by more than the tolerance again,
// with this clock. Messages that are not signed stay so.
func (h *hosts) onTime(next http.Handler) http.Handler {
	hook, err := standardwebhooks.NewWebhook(h.secret)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seconds, _ := strconv.ParseInt(r.Header.Get("webhook-timestamp"), 10, 64) // 0 is refused
		if off := time.Since(time.Unix(seconds, 0)).Abs(); err != nil || off < 4*time.Minute {
			next.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body) // it was read before
		now := time.Now()
		if hook.VerifyIgnoringTimestamp(body, r.Header) == nil {
			signature, _ := hook.Sign(r.Header.Get("webhook-id"), now, body) // without one it is refused
			r.Header.Set("webhook-signature", signature)
			r.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// toNodes forwards requests to the nodes that listen, in turn, and cuts some streams.
func (h *hosts) toNodes(w *world) http.Handler {
	proxy := &httputil.ReverseProxy{
		FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: r.In.Header.Get("X-Test-Node")})
		},
	}
	return http.HandlerFunc(func(res http.ResponseWriter, req *http.Request) {
		address := w.address()
		if address == "" {
			res.WriteHeader(http.StatusBadGateway)
			return
		}
		req.Header.Set("X-Test-Node", address)
		if h.chance(0.3) {
			ctx, cancel := context.WithTimeout(req.Context(), 3*time.Second)
			defer cancel()
			req = req.WithContext(ctx)
		}
		proxy.ServeHTTP(res, req)
	})
}

// follow follows the stream. Now and then the host ends before it has stored how far it is,
// and begins again.
func (h *hosts) follow(ctx context.Context, client *idem.Client) {
	for ctx.Err() == nil {
		h.mu.Lock()
		after := h.streamed
		h.mu.Unlock()
		for n, err := range client.Stream(ctx, after) {
			if err != nil {
				if ctx.Err() == nil {
					h.problem("the stream ended: %v", err)
				}
				return
			}
			if n.Sequence <= after {
				h.problem("the stream went back from %d to %d", after, n.Sequence)
			}
			if n.Type == idem.NotifyVerdictChanged {
				h.followed.update(heard{n.ID, n.Reference, string(n.Verdict), n.SubjectSequence})
			}
			if h.chance(0.03) {
				break
			}
			after = n.Sequence
			h.mu.Lock()
			h.streamed = after
			h.mu.Unlock()
		}
	}
}

// ask answers the function of OnVerdict, before and after it stores a verdict. The function
// fails if the answer is not 200.
func (h *hosts) ask(wire *wire, res http.ResponseWriter, req *http.Request) {
	at := beforeHeard
	if req.URL.Path == "/after" {
		at = afterHeard
	}
	if wire.pass(at) {
		panic(http.ErrAbortHandler)
	}
	if h.chance(0.04) {
		res.WriteHeader(http.StatusInternalServerError)
	}
}

// embedded returns the table of the host that contains the service.
func (h *hosts) embedded() (*users, error) {
	text, err := os.ReadFile(h.heard)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	table := &users{}
	for line := range bytes.Lines(text) {
		var row heard // the names are those of service.VerdictChange
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, fmt.Errorf("the line %q: %w", line, err)
		}
		table.update(row)
	}
	return table, nil
}

// behind returns what the hosts were not told yet, or "".
func (h *hosts) behind(w *world) string {
	type row struct {
		ID       string
		Type     string
		Sequence int64
	}
	newest, err := get[row](w, "notifications?limit=100")
	if err != nil {
		return fmt.Sprintf("the notifications cannot be listed: %v", err)
	}
	embedded, err := h.embedded()
	if err != nil {
		return err.Error()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(newest) > 0 && (newest[0].Sequence > h.told || newest[0].Sequence > h.streamed) {
		return fmt.Sprintf("package idem was told notification %d last and followed the stream up to %d, and there is %d", h.told, h.streamed, newest[0].Sequence)
	}
	changed := slices.IndexFunc(newest, func(n row) bool { return n.Type == domain.NotifyVerdictChanged })
	if changed >= 0 && !embedded.heardBy(newest[changed].ID) {
		return "OnVerdict was not told " + newest[changed].ID
	}
	return ""
}

// compareHosts demands of each host that it was told every change of a verdict and nothing
// else, that it has the last verdict of every subject, and that it never had an approval of
// somebody who must not be approved.
func (l *ledger) compareHosts() {
	embedded, err := l.hosts.embedded()
	if err != nil {
		l.t.Fatal(err)
	}
	for _, problem := range l.hosts.problems {
		l.wrongVerdict("%s", problem)
	}
	changes := map[string]heard{}
	for _, n := range all(l.world, l.rows.Notifications) {
		if n.Type == domain.NotifyVerdictChanged {
			changes[n.ID] = heard{n.ID, n.Subject, string(n.Verdict), n.SubjectSequence}
		}
	}
	approvable := map[string]bool{}
	for _, a := range l.applicants {
		approvable[a.reference] = a.approved
	}
	subjects := l.subjects()
	for name, table := range map[string]*users{"by notification": &l.hosts.notified, "by stream": &l.hosts.followed, "by OnVerdict": embedded} {
		known := map[string]bool{}
		for _, h := range table.all {
			if changes[h.ID] != h {
				l.wrongVerdict("%s a host was told %+v, and stored is %+v", name, h, changes[h.ID])
			}
			if h.Verdict == string(domain.VerdictApproved) && !approvable[h.Reference] {
				l.wrongApproval("%s a host was told that %s, who must not be approved, is", name, h.Reference)
			}
			known[h.ID] = true
		}
		for id, change := range changes {
			if !known[id] {
				l.lost("%s the host was not told %+v", name, change)
			}
		}
		for reference, row := range subjects {
			last := domain.VerdictNone
			if h, told := table.rows[reference]; told {
				last = domain.Verdict(h.Verdict)
			}
			if last != row.Verdict {
				l.wrongVerdict("%s the host believes that %s is %s, and it is %s", name, reference, last, row.Verdict)
			}
		}
		l.figures.heard += len(known)
		l.figures.heardAgain += len(table.all) - len(known)
	}
}
