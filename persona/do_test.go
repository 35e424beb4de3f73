package persona_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona"
)

func TestDoSendsMethodPathBodyAndOptions(t *testing.T) {
	for name, test := range map[string]struct {
		method, path string
		body         any
		opts         []persona.Option
		wantURL      string
		wantBody     string
		wantType     string
		key          bool
	}{
		"a read":                     {method: "GET", path: "/inquiries/inq_1", wantURL: "/api/v1/inquiries/inq_1"},
		"a method in small letters":  {method: "get", path: "/inquiries/inq_1", wantURL: "/api/v1/inquiries/inq_1"},
		"a query in the path":        {method: "GET", path: "/inquiries?page%5Bsize%5D=2", wantURL: "/api/v1/inquiries?page%5Bsize%5D=2"},
		"an option above the path":   {method: "GET", path: "/inquiries?include=account", opts: []persona.Option{persona.WithInclude("reports")}, wantURL: "/api/v1/inquiries?include=reports"},
		"an escaped id":              {method: "GET", path: "/accounts/" + url.PathEscape("a/b c"), wantURL: "/api/v1/accounts/a%2Fb%20c"},
		"a struct as JSON":           {method: "POST", path: "/inquiries/inq_1/approve", body: map[string]any{"meta": map[string]any{"comment": "fine"}}, wantURL: "/api/v1/inquiries/inq_1/approve", wantBody: `{"meta":{"comment":"fine"}}`, wantType: "application/json", key: true},
		"JSON as it is":              {method: "PATCH", path: "/brand-new", body: json.RawMessage(`{ "a": 1 }`), wantURL: "/api/v1/brand-new", wantBody: `{ "a": 1 }`, wantType: "application/json"},
		"bytes of another type":      {method: "POST", path: "/brand-new", body: []byte("a,b"), opts: []persona.Option{persona.WithHeader("Content-Type", "text/csv")}, wantURL: "/api/v1/brand-new", wantBody: "a,b", wantType: "text/csv", key: true},
		"a form":                     {method: "POST", path: "/oauth/token", body: url.Values{"code": {"x y"}}, wantURL: "/api/v1/oauth/token", wantBody: "code=x+y", wantType: "application/x-www-form-urlencoded", key: true},
		"a search that changes none": {method: "POST", path: "/inquiries/search", body: json.RawMessage(`{}`), wantURL: "/api/v1/inquiries/search", wantBody: `{}`, wantType: "application/json"},
		"a search that is new":       {method: "POST", path: "/brand-new/search", body: json.RawMessage(`{}`), wantURL: "/api/v1/brand-new/search", wantBody: `{}`, wantType: "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{replies: []reply{ok(`{}`)}}
			if err := s.client(t).Do(t.Context(), test.method, test.path, test.body, nil, test.opts...); err != nil {
				t.Fatal(err)
			}
			r := s.requests[0]
			if got := r.URL.RequestURI(); got != test.wantURL || r.Method != strings.ToUpper(test.method) {
				t.Errorf("sent %s %s, want %s", r.Method, got, test.wantURL)
			}
			if s.bodies[0] != test.wantBody || r.Header.Get("Content-Type") != test.wantType {
				t.Errorf("sent %q of type %q", s.bodies[0], r.Header.Get("Content-Type"))
			}
			if (r.Header.Get("Idempotency-Key") != "") != test.key {
				t.Errorf("idempotency key %q", r.Header.Get("Idempotency-Key"))
			}
			if r.Header.Get("Authorization") == "" || r.Header.Get("Persona-Version") != persona.DefaultVersion {
				t.Errorf("headers %v", r.Header)
			}
		})
	}
}

func TestDoDecodesTheAnswerByTheTypeOfOut(t *testing.T) {
	const created = `{"data":{"type":"inquiry","id":"inq_1","attributes":{"status":"created"}},"included":[{"type":"account","id":"act_1"}],"meta":{"session-token":"token","new":1}}`
	page := pageOf("inq_2", "inq_1", "inq_2")
	do := func(t *testing.T, answer string, out any) {
		t.Helper()
		s := &script{replies: []reply{ok(answer)}}
		if err := s.client(t).Do(t.Context(), "GET", "/x", nil, out); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("a resource", func(t *testing.T) {
		var i persona.Inquiry
		if do(t, created, &i); i.ID != "inq_1" || i.Attributes.Status != persona.InquiryStatusCreated || len(i.Included) != 1 {
			t.Errorf("read %+v", i.Attributes)
		}
	})
	t.Run("a resource of unknown type", func(t *testing.T) {
		var u persona.Unknown
		if do(t, `{"data":{"type":"brand-new","id":"x_1","attributes":{"a":1}}}`, &u); string(u.Attributes["a"]) != "1" {
			t.Errorf("read %+v", u.Attributes)
		}
	})
	t.Run("a result with its meta", func(t *testing.T) {
		var r persona.InquiryCreateResult
		if do(t, created, &r); r.ID != "inq_1" || r.Meta.SessionToken != "token" || len(r.Included) != 1 {
			t.Errorf("read %+v", r.Meta)
		}
	})
	t.Run("a page", func(t *testing.T) {
		var p persona.Page[*persona.Inquiry]
		if do(t, page.body, &p); len(p.Data) != 2 || p.Data[1].ID != "inq_2" || p.Next != "inq_2" || len(p.Data[0].Included) != 1 {
			t.Errorf("read %+v", p)
		}
	})
	t.Run("a page of any resources", func(t *testing.T) {
		var p persona.Page[persona.Object]
		if do(t, page.body, &p); len(p.Data) != 2 || p.Data[1].Identifier().ID != "inq_2" {
			t.Errorf("read %+v", p)
		}
	})
	t.Run("JSON as received", func(t *testing.T) {
		var raw json.RawMessage
		if do(t, created, &raw); string(raw) != created {
			t.Errorf("read %s", raw)
		}
	})
	t.Run("bytes", func(t *testing.T) {
		var b []byte
		if do(t, "no JSON", &b); string(b) != "no JSON" {
			t.Errorf("read %s", b)
		}
	})
	t.Run("a resource of the program", func(t *testing.T) {
		var page persona.Page[*ownResource]
		if do(t, page1, &page); len(page.Data) != 1 || string(page.Data[0].Extra) != `{"type":"own","id":"x_1"}` {
			t.Errorf("read %+v", page.Data)
		}
	})
	t.Run("a type of the program", func(t *testing.T) {
		var mine struct{ Meta struct{ New int } }
		if do(t, created, &mine); mine.Meta.New != 1 {
			t.Errorf("read %+v", mine)
		}
	})
}

const page1 = `{"data":[{"type":"own","id":"x_1"}]}`

// ownResource is a resource type of a program. It embeds the package's Resource and decodes
// itself.
type ownResource struct {
	persona.Resource
	Attributes, Relationships struct{}
	Extra                     json.RawMessage
}

func (r *ownResource) UnmarshalJSON(b []byte) error {
	r.Extra = append(json.RawMessage(nil), b...)
	return nil
}

func TestDoFailsLikeTypedMethods(t *testing.T) {
	t.Run("it is retried with the same key", func(t *testing.T) {
		s := &script{replies: []reply{{broken: true}, refused(429, map[string]string{"Retry-After": "1", "RateLimit-Reset": "0"}), ok(`{}`)}}
		var res *persona.Response
		err := s.client(t, persona.WithMaxWait(0)).Do(t.Context(), "POST", "/brand-new", json.RawMessage(`{}`), nil, persona.WithResponse(&res), persona.WithIdempotencyKey("key-1"))
		if !errors.Is(err, persona.ErrRateLimited) || strings.Join(s.keys(), " ") != "key-1 key-1" || res.Attempts != 2 {
			t.Errorf("error %v after keys %v", err, s.keys())
		}
	})
	t.Run("a 404", func(t *testing.T) {
		s := &script{replies: []reply{refused(404, nil)}}
		err := s.client(t).Do(t.Context(), "GET", "/inquiries/inq_1", nil, nil)
		var refusal *persona.Error
		if !errors.Is(err, persona.ErrNotFound) || !errors.As(err, &refusal) || refusal.Operation != "Inquiries.Get" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("an answer without a resource", func(t *testing.T) {
		s := &script{replies: []reply{ok(`{"data":[]}`)}}
		if err := s.client(t).Do(t.Context(), "GET", "/x", nil, new(persona.Inquiry)); err == nil {
			t.Error("no error")
		}
	})
	t.Run("a nil pointer to read into", func(t *testing.T) {
		s := &script{replies: []reply{ok(anInquiry)}}
		if err := s.client(t).Do(t.Context(), "GET", "/x", nil, (*persona.Inquiry)(nil)); err == nil {
			t.Error("no error")
		}
	})
	t.Run("simulating in production", func(t *testing.T) {
		s := &script{replies: []reply{ok(`{}`)}}
		var wrong *persona.EnvironmentError
		err := s.client(t, persona.WithEnvironment(persona.Production), persona.WithAPIKey("persona_production_1")).Do(t.Context(), "POST", "/inquiries/inq_1/perform-simulate-actions", nil, nil)
		if !errors.As(err, &wrong) || len(s.requests) > 0 {
			t.Errorf("error %v after %d requests", err, len(s.requests))
		}
	})
	t.Run("a body that cannot be encoded", func(t *testing.T) {
		s := &script{replies: []reply{ok(`{}`)}}
		if err := s.client(t).Do(t.Context(), "POST", "/x", func() {}, nil); err == nil || len(s.requests) > 0 {
			t.Errorf("error %v after %d requests", err, len(s.requests))
		}
	})
}

func TestDoRejectsPathsThatLeadElsewhere(t *testing.T) {
	for _, path := range []string{"", "inquiries", "//evil.example.com/x", "https://evil.example.com/x", "/inquiries//approve", "/inquiries/../accounts", "/inquiries/%2e%2e/accounts", "/inquiries/", "/a#b", "/%zz"} {
		s := &script{replies: []reply{ok(`{}`)}}
		if err := s.client(t).Do(t.Context(), http.MethodGet, path, nil, nil); err == nil || len(s.requests) > 0 {
			t.Errorf("%q: error %v after %d requests", path, err, len(s.requests))
		}
	}
}

func TestDoDoesNotLogThePath(t *testing.T) {
	var log strings.Builder
	s := &script{replies: []reply{refused(404, nil)}}
	err := s.client(t, persona.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))).
		Do(t.Context(), "GET", "/brand-new/ada@example.com?name=Ada", nil, nil)
	if text := log.String() + err.Error(); strings.Contains(text, "ada@") || strings.Contains(text, "Ada") || !strings.Contains(text, "Client.Do") {
		t.Errorf("logged %s", text)
	}
}
