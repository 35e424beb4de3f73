package gate

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/internal/privacypass"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
)

// run is one walk through the steps.
type run struct {
	version  string // as clients ask for it
	casing   string
	document *conformance.Document
}

func (r run) String() string { return r.version + " " + r.casing }

// exchange is a request that was answered, or a webhook that was received.
type exchange struct {
	what   string // the step, or the name of the event
	method string // empty for a webhook
	target string // path and query
	status int
	header http.Header
	body   []byte
}

// check validates the answer or the webhook with another body than its own.
func (e exchange) check(doc *conformance.Document, body []byte) error {
	if e.method == "" {
		return doc.ValidateEvent(body)
	}
	return doc.ValidateResponse(e.method, e.target, e.status, e.header, body)
}

// isJSON reports whether there is a JSON body; only prints have none.
func (e exchange) isJSON() bool {
	return e.method == "" || strings.HasPrefix(e.header.Get("Content-Type"), "application/json")
}

// recording is what a run saw.
type recording struct {
	answers []exchange
	plain   []exchange // the webhooks as most customers have them
	full    []exchange // those with all that can be included
}

// now is the wall's time in every run, so that two runs see the same times.
func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// player takes the steps of a run.
type player struct {
	run
	t        *testing.T
	sandbox  *sandbox.Sandbox
	url      string
	names    map[string]string
	received *receiver
	events   []string             // those that the document describes
	pass     *privacypass.Blinded // waits for its signature
	seen     recording
}

// play walks through the steps, and returns what was answered and received.
func play(t *testing.T, r run, steps []step) recording {
	t.Helper()
	sb, err := sandbox.New(sandbox.Options{Wall: now, RateLimit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	server, received := httptest.NewServer(sb), newReceiver(t)
	t.Cleanup(func() {
		server.Close()
		sb.Close()
	})
	p := &player{run: r, t: t, sandbox: sb, url: server.URL, received: received, events: r.document.Events(), names: map[string]string{
		"version": r.version, "casing": r.casing, "receiver": received.url,
	}}
	for _, s := range steps {
		if s.in(r.version) {
			p.take(s)
		}
	}
	p.collect()
	return p.seen
}

func (p *player) take(s step) {
	p.t.Helper()
	p.sandbox.Advance(s.advance)
	switch {
	case s.open != "":
		if status, _, _ := p.do(http.MethodGet, p.filled(s.open), "", nil); status != http.StatusOK {
			p.t.Fatalf("the link that a person opens is answered with %d", status)
		}
	case s.act != "":
		status, _, body := p.do(http.MethodPost, p.url+"/_sandbox/act", p.filled(s.act), map[string]string{"Content-Type": "application/json"})
		if status != http.StatusOK {
			p.t.Fatalf("%s: %d %s", s.act, status, body)
		}
		p.keep(s.id, "id", body)
	case s.device != nil:
		if err := s.device(p); err != nil {
			p.t.Fatalf("on a person's device: %v", err)
		}
	default:
		p.call(s)
	}
}

// call makes a call of the API, and checks it and its answer against the document.
func (p *player) call(s step) {
	p.t.Helper()
	method, target, _ := strings.Cut(p.filled(s.call), " ")
	target = base(target) + escaped(target)
	operation, ok := p.document.Find(method, strings.SplitN(target, "?", 2)[0])
	if !ok {
		p.t.Fatalf("%s: the document has no such operation", s.call)
	}
	want := s.want
	if want == 0 {
		want = p.document.Statuses(operation.Method, operation.Path)[0]
	}
	headers, body := p.headers(s), p.filled(s.form+s.body)
	if want < 300 {
		p.checkRequest(s, method, target, headers, body)
	}
	if s.body != "" {
		given, err := inflected([]byte(body), p.casing, p.version)
		if err != nil {
			p.t.Fatalf("%s: %v", s.call, err)
		}
		body = string(given)
	}
	status, header, answered := p.do(method, p.url+target, body, headers)
	if status != want {
		p.t.Fatalf("%s: %d, want %d: %s", s.call, status, want, answered)
	}
	got := exchange{what: s.call, method: method, target: target, status: status, header: header, body: answered}
	if got.isJSON() {
		p.keep(s.id, "data.id", got.body)
		for name, where := range s.keep {
			p.keep(name, where, got.body)
		}
	}
	p.check(got)
	p.seen.answers = append(p.seen.answers, got)
}

// check validates what was seen in kebab case. The other casings are compared with it.
func (p *player) check(e exchange) {
	p.t.Helper()
	if p.casing != "kebab" {
		return
	}
	if err := e.check(p.document, e.body); err != nil {
		p.t.Error(err)
	}
}

// base is the path below which an operation is served (OpenAPI 2025-12-08, servers).
func base(path string) string {
	if strings.HasPrefix(path, "/relays") {
		return "/api/privacy/v1"
	}
	return "/api/v1"
}

// headers are those of a call, but for the version and the casing.
func (p *player) headers(s step) map[string]string {
	p.t.Helper()
	headers := map[string]string{"Persona-Relay-Secret": p.filled(s.secret)}
	switch s.key {
	case "":
		headers["Authorization"] = "Bearer " + sandbox.SandboxKey
	case production:
		headers["Authorization"] = "Bearer " + sandbox.ProductionKey
	case anonymous:
	default:
		headers["Authorization"] = p.filled(s.key)
	}
	switch {
	case s.form != "":
		headers["Content-Type"] = "application/x-www-form-urlencoded"
	case s.body != "":
		headers["Content-Type"] = "application/json"
	}
	return headers
}

// checkRequest validates a request in kebab case.
func (p *player) checkRequest(s step, method, target string, headers map[string]string, body string) {
	p.t.Helper()
	request := httptest.NewRequestWithContext(p.t.Context(), method, target, nil)
	set(request, headers)
	if err := p.document.ValidateRequest(request, []byte(body)); err != nil {
		p.t.Errorf("step %s is wrong: %v", s.call, err)
	}
}

// set sets the headers that are not empty.
func set(request *http.Request, headers map[string]string) {
	for name, value := range headers {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
}

// do sends a request.
func (p *player) do(method, target, body string, headers map[string]string) (int, http.Header, []byte) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	set(request, map[string]string{"User-Agent": "gate", "Persona-Version": p.version, "Key-Inflection": p.casing})
	set(request, headers)
	return send(p.t, request)
}

// filled puts what was kept in the place of its names.
func (p *player) filled(text string) string {
	p.t.Helper()
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "<")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, ">")
		if p.names[name] == "" {
			p.t.Fatalf("no step kept <%s>", name)
		}
		b.WriteString(p.names[name])
		text = after
	}
}

// keep keeps a text of a body under a name.
func (p *player) keep(name, where string, body []byte) {
	p.t.Helper()
	if name == "" {
		return
	}
	value, err := decode(body)
	if err != nil {
		p.t.Fatal(err)
	}
	for token := range strings.SplitSeq(where, ".") {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[cased(token, p.casing)]
		case []any:
			value = nil
			if i, err := strconv.Atoi(token); err == nil && i < len(inner) {
				value = inner[i]
			}
		}
	}
	text, _ := value.(string)
	if text == "" {
		p.t.Fatalf("there is no text at %s to keep as <%s>: %s", where, name, body)
	}
	p.names[name] = text
}

// collect waits for the webhooks that are on their way, and checks them.
func (p *player) collect() {
	p.t.Helper()
	p.sandbox.Advance(time.Hour)
	deadline := time.Now().Add(30 * time.Second)
	for p.pending() {
		if time.Now().After(deadline) {
			p.t.Fatal("webhooks are still on their way after 30 s")
		}
		time.Sleep(5 * time.Millisecond)
	}
	for _, delivery := range p.received.all() {
		got := exchange{what: delivery.event, body: delivery.body}
		secret := p.names[strings.TrimPrefix(delivery.path, "/")+"-secret"]
		if err := webhook.VerifyHeader(delivery.body, delivery.header, []string{secret}, webhook.WithTime(now())); err != nil {
			p.t.Errorf("%s: %v", delivery.event, err)
		}
		if slices.Contains(p.events, got.what) {
			p.check(got)
		}
		if delivery.path == "/plain" {
			p.seen.plain = append(p.seen.plain, got)
		} else {
			p.seen.full = append(p.seen.full, got)
		}
	}
}

func (p *player) pending() bool {
	for _, delivery := range p.sandbox.Deliveries("sandbox") {
		if delivery.State == "pending" {
			return true
		}
	}
	return false
}

// escaped writes the query of a target as URLs have it.
func escaped(target string) string {
	path, query, found := strings.Cut(target, "?")
	if !found {
		return target
	}
	values := url.Values{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		values.Set(name, value)
	}
	return path + "?" + values.Encode()
}

// receiver takes webhooks.
type receiver struct {
	url string

	mu         sync.Mutex
	deliveries []delivery
}

type delivery struct {
	path, event string
	header      http.Header
	body        []byte
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return // the sandbox tries again
	}
	envelope, _ := webhook.ParseEnvelope(body) // what cannot be read is found when it is checked
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deliveries = append(r.deliveries, delivery{request.URL.Path, string(envelope.Name), request.Header.Clone(), body})
}

func (r *receiver) all() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.deliveries
}
