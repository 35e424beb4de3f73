package api_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlstore"
)

// openAPI reads the API's description.
func openAPI(w *world) map[string]any {
	w.Helper()
	var document map[string]any
	w.want(200, &document, "GET", "/openapi.json", "")
	return document
}

// problemTypes returns the kinds of problems that the OpenAPI document lists.
func problemTypes(w *world) (types []string) {
	w.Helper()
	schemas := openAPI(w)["components"].(map[string]any)["schemas"].(map[string]any)
	for _, name := range schemas["Problem"].(map[string]any)["properties"].(map[string]any)["type"].(map[string]any)["enum"].([]any) {
		types = append(types, name.(string))
	}
	return types
}

// TestEveryKindOfProblemIsAnsweredAndExplained goes through all kinds of problems.
func TestEveryKindOfProblemIsAnsweredAndExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.save(store.Advance{Objects: []domain.Object{w.inquiry("inq_1", "user-1", "completed")}})
	expired, reader := w.token("expired", `,"expires_in":"1ns"`, "read").Secret, w.token("reader", "", "read").Secret
	elsewhere := w.token("elsewhere", `,"environment":"production"`, "read").Secret
	w.now = w.now.Add(1)
	tag := `{"kind":"tag_inquiry","argument":"VIP","target":"inq_1","reason":"a good customer"}`
	w.want(201, nil, "POST", "/v1/sandbox/actions", tag, "Idempotency-Key", "used")
	w.want(201, nil, "POST", "/v1/tokens", `{"name":"crm","scopes":["read"]}`, "Idempotency-Key", "secret")
	w.want(200, nil, "POST", "/v1/sandbox/replay", `{"state":"poison"}`, "Idempotency-Key", "running")
	err := w.db.Tx(t.Context(), func(tx sqlstore.Tx) error {
		_, err := tx.Exec(t.Context(), "UPDATE requests SET status = 0 WHERE idempotency_key = 'running'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	v := newVerifying(t)
	closed := newWorld(t)
	closed.db.Close()
	elsewhereAPI := func(deps api.Deps) *world {
		other := &world{T: t, db: w.db, mux: http.NewServeMux()}
		deps.Store, deps.Logger, deps.Now = w.db, slog.New(slog.DiscardHandler), start
		api.Register(other.mux, deps)
		return other
	}
	sandboxOnly := elsewhereAPI(api.Deps{Environments: []domain.Environment{domain.Sandbox}, Token: "token"})
	off := newWorld(t)
	off.mux = http.NewServeMux()
	api.Register(off.mux, api.Deps{Store: off.db, Environments: []domain.Environment{domain.Sandbox}, Logger: slog.New(slog.DiscardHandler), Now: start})
	guesser := newWorld(t)
	for range 20 {
		guesser.call("wrong", "GET", "/v1/sandbox/events", "")
	}
	for name, got := range map[string]*httptest.ResponseRecorder{
		"malformed-request":          w.call("token", "POST", "/v1/sandbox/replay", "{"),
		"unknown-parameter":          w.call("token", "GET", "/v1/sandbox/events?stat=poison", ""),
		"missing-token":              w.call("", "GET", "/v1/sandbox/events", ""),
		"invalid-token":              w.call("wrong", "GET", "/v1/sandbox/events", ""),
		"expired-token":              w.call(expired, "GET", "/v1/sandbox/events", ""),
		"missing-scope":              w.call(reader, "POST", "/v1/sandbox/replay", "{}"),
		"wrong-environment":          w.call(elsewhere, "GET", "/v1/sandbox/events", ""),
		"not-found":                  w.call("token", "GET", "/v1/sandbox/events/evt_no", ""),
		"unknown-path":               w.call("token", "GET", "/v1/sandbox/evnts", ""),
		"environment-not-configured": sandboxOnly.call("token", "GET", "/v1/production/events", ""),
		"api-disabled":               off.call("token", "GET", "/v1/sandbox/events", ""),
		"method-not-allowed":         w.call("token", "DELETE", "/v1/sandbox/events", ""),
		"conflict":                   w.call("token", "POST", "/v1/tokens", `{"name":"crm","scopes":["read"]}`),
		"request-in-progress":        w.call("token", "POST", "/v1/sandbox/replay", `{"state":"poison"}`, "Idempotency-Key", "running"),
		"secret-already-shown":       w.call("token", "POST", "/v1/tokens", `{"name":"crm","scopes":["read"]}`, "Idempotency-Key", "secret"),
		"too-large":                  w.call("token", "POST", "/v1/sandbox/replay", `{"object":"`+strings.Repeat("x", 2<<20)+`"}`),
		"unsupported-media-type":     w.call("token", "POST", "/v1/sandbox/replay", "<xml/>", "Content-Type", "application/xml"),
		"invalid-request":            w.call("token", "GET", "/v1/sandbox/events?limit=0", ""),
		"idempotency-key-reused":     w.call("token", "POST", "/v1/sandbox/replay", `{"state":"stale"}`, "Idempotency-Key", "used"),
		"too-many-wrong-tokens":      guesser.call("token", "GET", "/v1/sandbox/events", ""),
		"unavailable":                closed.call("token", "GET", "/v1/sandbox/events", ""),
		"unknown-flow":               v.call("token", "POST", "/v1/sandbox/verifications", `{"reference":"user-1","flow":"kyb"}`),
		"rejected-by-persona":        v.call("token", "POST", "/v1/sandbox/verifications", `{"reference":"user-1","flow":"kyc","fields":{"no-such-field":1}}`),
		"persona-refuses-key":        v.without("inquiry.write").call("token", "POST", "/v1/sandbox/verifications", `{"reference":"user-2","flow":"kyc"}`),
		"internal-error":             v.panicking().call("token", "POST", "/v1/sandbox/verifications", `{"reference":"user-3","flow":"kyc"}`),
		"request-timeout":            late(w),
	} {
		t.Run(name, func(t *testing.T) {
			seen["/problems/"+name] = true
			if got == nil {
				t.Skip("-short: it takes several seconds")
			}
			var p api.Problem
			if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil {
				t.Fatalf("%d %s: %v", got.Code, got.Body, err)
			}
			if p.Type != "/problems/"+name || p.Status != got.Code || p.Title == "" || p.Detail == "" || got.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("answered %d %s as %s", got.Code, got.Body, got.Header().Get("Content-Type"))
			}
			if id := got.Header().Get("X-Request-Id"); id == "" || p.Instance != "urn:idem:request:"+id {
				t.Errorf("the instance is %q, the request %q", p.Instance, id)
			}
		})
	}
	manual, err := os.ReadFile("../../docs/service.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range problemTypes(w) {
		if !seen[typ] {
			t.Errorf("no request of this test is answered with %s", typ)
		}
		page := w.call("", "GET", typ, "")
		if page.Code != 200 || !strings.Contains(page.Body.String(), "What to do:") || !strings.Contains(page.Body.String(), typ) {
			t.Errorf("%s: %d %s", typ, page.Code, page.Body)
		}
		if !strings.Contains(string(manual), "`"+strings.TrimPrefix(typ, "/problems/")+"`") {
			t.Errorf("docs/service.md does not have %s", typ)
		}
	}
	if page := w.call("", "GET", "/problems/no-such", ""); page.Code != 404 {
		t.Errorf("an unknown kind: %d", page.Code)
	}
}

func TestAProblemRepeatsNoValueOfTheRequest(t *testing.T) {
	w := newWorld(t)
	for _, got := range []*httptest.ResponseRecorder{
		w.call("token", "POST", "/v1/sandbox/endpoints", `{"name":"crm","url":"https://host.example","secrets":["hunter2-hunter2"]}`),
		w.call("token", "POST", "/v1/sandbox/endpoints", `{"name":"crm","url":"https://host.example","secrets":"hunter2-hunter2"}`),
		w.call("token", "GET", "/v1/sandbox/events?state=hunter2-hunter2", ""),
		w.call("hunter2-hunter2", "GET", "/v1/sandbox/events", ""),
	} {
		if got.Code < 400 || strings.Contains(got.Body.String(), "hunter2") {
			t.Errorf("answered %d %s", got.Code, got.Body)
		}
	}
}

func TestAnUnknownFilterIsRejectedWithTheNearestName(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string]string{
		"stat=poison": `did you mean \"state\"?`, "State=poison": `did you mean \"state\"?`, "befor=x": `did you mean \"before\"?`, "verdict=approved": "there are before, limit, object, state",
	} {
		if got := w.want(422, nil, "GET", "/v1/sandbox/events?"+query, ""); !strings.Contains(got.Body.String(), want) {
			t.Errorf("%s: %s, want %s", query, got.Body, want)
		}
	}
}

func TestEveryOperationIsDescribedInWords(t *testing.T) {
	ids := map[string]string{}
	for path, item := range openAPI(newWorld(t))["paths"].(map[string]any) {
		for method, o := range item.(map[string]any) {
			operation := method + " " + path
			id, _ := o.(map[string]any)["operationId"].(string)
			summary, _ := o.(map[string]any)["summary"].(string)
			if summary == "" || strings.Contains(strings.ToLower(summary), "v1") {
				t.Errorf("the summary of %s is %q, which a program made of the path", operation, summary)
			}
			if strings.Contains(id, "-v1-") || ids[id] != "" {
				t.Errorf("the id of %s is %q, as that of %q", operation, id, ids[id])
			}
			ids[id] = operation
			parameters, _ := o.(map[string]any)["parameters"].([]any)
			for _, p := range parameters {
				if p := p.(map[string]any); p["description"] == nil {
					t.Errorf("%s does not say what %s is", operation, p["name"])
				}
			}
		}
	}
}

func TestTheNamesOfSchemasAreNamesOfTypes(t *testing.T) {
	schemas := openAPI(newWorld(t))["components"].(map[string]any)["schemas"].(map[string]any)
	for name := range schemas {
		if strings.ContainsAny(name, "-_") {
			t.Errorf("%s is no name of a type", name)
		}
	}
}

func TestTheDescriptionBeginsWithWhatHostApplicationsNeed(t *testing.T) {
	page := newWorld(t).call("", "GET", "/docs", "").Body.String()
	last := 0
	for _, heading := range []string{">Verifications</h2>", ">Subjects</h2>", ">Notifications</h2>", ">Stream</h2>", ">Actions</h2>", ">Tokens</h2>"} {
		at := strings.Index(page, heading)
		if at < last {
			t.Errorf("%s is at %d, before or without what comes first", heading, at)
		}
		last = max(last, at)
	}
}

func TestTheDescriptionIsReadableWithoutScripts(t *testing.T) {
	w := newWorld(t)
	page := w.call("", "GET", "/docs", "")
	text := page.Body.String()
	if policy := page.Header().Get("Content-Security-Policy"); page.Code != 200 || strings.Contains(policy, "script") || strings.Contains(text, "<script") || strings.Contains(text, "http://") {
		t.Fatalf("answered %d with the policy %q", page.Code, policy)
	}
	for path, item := range openAPI(w)["paths"].(map[string]any) {
		if !strings.Contains(text, path) {
			t.Errorf("the page lacks %s", path)
		}
		for method, o := range item.(map[string]any) {
			security := o.(map[string]any)["security"]
			if encoded, _ := json.Marshal(security); !strings.Contains(string(encoded), `{"token":["`) {
				t.Errorf("%s %s names no scope: %s", method, path, encoded)
			}
		}
	}
	if style := w.call("", "GET", "/docs/style.css", ""); style.Code != 200 || !strings.Contains(style.Body.String(), "light-dark(") {
		t.Errorf("the style sheet: %d", style.Code)
	}
}
