package contracttest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/internal/privacypass"
	"github.com/idemhq/idem/sandbox"
)

// run is one execution of the steps.
type run struct {
	version  string // as clients request it
	casing   string
	document *conformance.Document
}

func (r run) String() string { return r.version + " " + r.casing }

// now is the current time in every run, so that all runs see the same times.
func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC) }

// player executes the steps of a run.
type player struct {
	run
	t        *testing.T
	sandbox  *sandbox.Sandbox
	url      string
	names    map[string]string
	received *receiver
	events   []string             // those that the document describes
	pass     *privacypass.Blinded // waiting to be signed
	seen     recording
}

// play executes the steps and returns the exchanges.
func play(t *testing.T, r run, steps []step) recording {
	t.Helper()
	sb, err := sandbox.New(sandbox.Options{Wall: now, RateLimit: 1_000_000, DeliveryTimeout: time.Minute})
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

// call calls the API and checks the request and the answer against the document.
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

// check validates an exchange in kebab case. The other casings are compared with it.
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

// headers returns the headers of a call, except version and casing.
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
	set(request, map[string]string{"User-Agent": "contracttest", "Persona-Version": p.version, "Key-Inflection": p.casing})
	set(request, headers)
	return send(p.t, request)
}

// filled replaces names by the values that were kept.
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

// keep stores a value of a body under a name.
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

// escaped escapes the query of a target for a URL.
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
