package sandbox_test

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/internal/openapi"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// documents contains Persona's OpenAPI documents, read once for all tests.
var documents struct {
	sync.Mutex
	versions  []string // ascending
	byVersion map[string]*conformance.Document
}

// document returns the document for a version: the latest one that is not later than the
// version. It is nil if there are no documents, and with -short, since a third of these
// tests' time goes into comparing.
func document(t *testing.T, version string) *conformance.Document {
	if testing.Short() {
		return nil
	}
	dir, err := openapi.Dir()
	if err != nil {
		return nil
	}
	documents.Lock()
	defer documents.Unlock()
	if documents.byVersion == nil {
		versions, err := openapi.Versions(dir)
		ok(t, err)
		documents.versions = versions
		documents.byVersion = map[string]*conformance.Document{}
	}
	chosen := ""
	for _, v := range documents.versions {
		if v <= version {
			chosen = v
		}
	}
	if chosen == "" {
		return nil
	}
	if documents.byVersion[chosen] == nil {
		doc, err := conformance.Load(dir, chosen)
		ok(t, err)
		documents.byVersion[chosen] = doc
	}
	return documents.byVersion[chosen]
}

// TestMain prints one message if there are no documents.
func TestMain(m *testing.M) {
	if dir, err := openapi.Dir(); err != nil {
		os.Stderr.WriteString("sandbox: without Persona's OpenAPI documents, answers are not checked against them: " + err.Error() + "\n")
	} else if _, err := os.Stat(filepath.Clean(dir)); err != nil {
		os.Stderr.WriteString("sandbox: " + err.Error() + "\n")
	}
	os.Exit(m.Run())
}

// server is a sandbox that checks every request and answer against the document of its
// version.
type server struct {
	*sandbox.Sandbox
	url string
	t   *testing.T
}

func start(t *testing.T, options sandbox.Options) *server {
	t.Helper()
	sb, err := sandbox.New(options)
	ok(t, err)
	listening := httptest.NewServer(checked(t, sb))
	t.Cleanup(func() {
		listening.Close()
		sb.Close()
		if unlisted := sandbox.Unlisted(sb); len(unlisted) > 0 {
			t.Errorf("events that the sandbox does not say it emits: %v", unlisted)
		}
	})
	return &server{Sandbox: sb, url: listening.URL, t: t}
}

// frozen returns options with which time passes only in [sandbox.Sandbox.Advance], and
// receivers of webhooks may be slow, as on a busy machine.
func frozen() sandbox.Options {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return sandbox.Options{Wall: func() time.Time { return at }, DeliveryTimeout: time.Minute}
}

func (s *server) client(opts ...persona.Option) *persona.Client {
	s.t.Helper()
	client, err := persona.NewClient(slices.Concat([]persona.Option{
		persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(s.url + "/api/v1"), persona.WithMaxRetries(0),
	}, opts)...)
	ok(s.t, err)
	return client
}

// checked reports what does not conform. A request that was refused need not conform.
func checked(t *testing.T, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		recorded := httptest.NewRecorder()
		next.ServeHTTP(recorded, r)
		doc := document(t, cmp.Or(r.Header.Get("Persona-Version"), "2025-12-08"))
		if doc != nil && recorded.Code != http.StatusNotFound && strings.HasPrefix(r.URL.Path, "/api/") && r.Header.Get("X-Unchecked") == "" {
			if recorded.Code < 300 {
				if err := doc.ValidateRequest(r, body); err != nil {
					t.Errorf("request %s %s: %v\n%s", r.Method, r.URL, err, body)
				}
			}
			if err := doc.ValidateResponse(r.Method, r.URL.RequestURI(), recorded.Code, recorded.Header(), recorded.Body.Bytes()); err != nil {
				t.Errorf("answer to %s %s: %v\n%s", r.Method, r.URL, err, recorded.Body.Bytes())
			}
		}
		for name, values := range recorded.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(recorded.Code)
		if _, err := w.Write(recorded.Body.Bytes()); err != nil {
			return // the client is gone
		}
	})
}

// ok ends the test if there is an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
