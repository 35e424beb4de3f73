package contracttest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// refusal is an error that every operation can return.
type refusal struct {
	what   string
	status int
	spoil  func(*http.Request)
}

// badVersion requests a version that does not exist.
func badVersion(r *http.Request) { r.Header.Set("Persona-Version", "1999-01-01") }

// keyRefusals are errors about the key. narrow is a key that may not be used from this
// address.
func keyRefusals(narrow string) []refusal {
	return []refusal{
		{"no key", 401, func(r *http.Request) { r.Header.Del("Authorization") }},
		{"a key that may not be used from here", 403, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+narrow) }},
	}
}

func TestEveryOperationRefusesAsTheDocumentSays(t *testing.T) {
	doc := conformance.LoadOrSkip(t, newest)
	open, spent := start(t, sandbox.Options{RateLimit: 1_000_000}), start(t, sandbox.Options{RateLimit: 1})
	narrow := open.narrowKey(t)
	send(t, spent.request(t, doc, conformance.Operation{Method: "GET", Path: "/rate-limits"}))
	hit := 0
	for op := range doc.Operations() {
		declared := doc.Refusals(op.Method, op.Path)
		check := func(what string, status int, request *http.Request) {
			t.Helper()
			if !slices.Contains(declared, status) {
				return
			}
			got, header, body := send(t, request)
			if got != status {
				t.Errorf("%s, %s: %d, want %d: %s", name(op), what, got, status, body)
			} else if err := doc.ValidateResponse(op.Method, op.Path, status, header, body); err != nil {
				t.Errorf("%s: %v", what, err)
			} else {
				hit++
			}
		}
		all := []refusal{{"a version that does not exist", 400, badVersion}}
		if service(op) != "Relays" { // which need no key
			all = append(all, keyRefusals(narrow)...)
			check("one call too many", 429, spent.request(t, doc, op))
		}
		for _, r := range all {
			request := open.request(t, doc, op)
			r.spoil(request)
			check(r.what, r.status, request)
		}
		if strings.Contains(op.Path, "{") {
			request := open.request(t, doc, op)
			if forProduction(op) {
				request.Header.Set("Authorization", "Bearer "+sandbox.ProductionKey)
			}
			check("an id that leads nowhere", 404, request)
		}
	}
	var table figures
	table.add("refusals", "%d: the declared 400, 401, 403 and 429 of every operation that takes a key, and 404 of those with an id in the path", hit)
	table.print()
}

// name returns the SDK's name of an operation: Inquiries.Approve.
func name(op conformance.Operation) string {
	for _, known := range persona.Operations() {
		if known.ID == op.ID {
			return known.Name()
		}
	}
	return op.String()
}

// service returns the SDK's service of an operation.
func service(op conformance.Operation) string {
	service, _, _ := strings.Cut(name(op), ".")
	return service
}

// forProduction reports whether an operation rejects keys of the sandbox environment.
func forProduction(op conformance.Operation) bool {
	return slices.Contains([]string{"InquiryTemplates", "InquiryTemplateVersions", "UserAuditLogs"}, service(op))
}

// served is a sandbox that is listening.
type served struct{ url string }

func start(t *testing.T, options sandbox.Options) served {
	t.Helper()
	sb, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sb)
	t.Cleanup(func() {
		server.Close()
		sb.Close()
	})
	return served{server.URL}
}

// request returns a valid request to an operation, except that its ids are invented.
func (s served) request(t *testing.T, doc *conformance.Document, op conformance.Operation) *http.Request {
	t.Helper()
	sampler := doc.Sampler(seed)
	sample, err := sampler.Request(op.Method, op.Path, true)
	if err != nil {
		t.Fatal(err)
	}
	segments := strings.Split(op.Path, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = url.PathEscape(sampler.Parameter(op.Method, op.Path, strings.Trim(segment, "{}")))
		}
	}
	query := url.Values{}
	for name, value := range sample.Query {
		text, _ := value.(string)
		query.Set(name, text)
	}
	var body []byte
	if sample.Body != nil {
		if body, err = json.Marshal(sample.Body); err != nil {
			t.Fatal(err)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), op.Method, s.url+base(op.Path)+strings.Join(segments, "/")+"?"+query.Encode(), strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request
}

// narrowKey creates a key for a network that does not contain this machine.
func (s served) narrowKey(t *testing.T) string {
	t.Helper()
	const body = `{"data":{"attributes":{"name":"Narrow","ip-address-allowlist":["192.0.2.0/24"]}}}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/v1/api-keys", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+sandbox.SandboxKey)
	status, _, answer := send(t, request)
	var made struct {
		Data struct{ Attributes struct{ Value string } }
	}
	if err := json.Unmarshal(answer, &made); err != nil || made.Data.Attributes.Value == "" {
		t.Fatalf("no key was made: %d %v", status, err)
	}
	return made.Data.Attributes.Value
}

// send sends a request and reads its answer.
func send(t *testing.T, request *http.Request) (int, http.Header, []byte) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, body
}
