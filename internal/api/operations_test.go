package api_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

// accepting is a deliverer whose endpoints accept everything.
type accepting struct{}

func (accepting) Configured(domain.Environment, string) bool { return false }

func (accepting) Test(context.Context, domain.Endpoint) (domain.Attempt, error) {
	return domain.Attempt{At: start(), Status: 200, Millis: 1}, nil
}

// full returns an API whose database has a row of every kind.
func full(t *testing.T) *world {
	w := newWorld(t)
	w.mux = http.NewServeMux()
	api.Register(w.mux, api.Deps{
		Store: w.db, Environments: []domain.Environment{domain.Sandbox}, Token: "token", Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now },
		Explain: func(domain.Environment, domain.Decision) (string, []policy.Trial, error) {
			return "1", []policy.Trial{{Rule: "review what failed", Result: policy.Matched, Parts: []policy.Part{{Text: "true", Holds: true}}}}, nil
		},
		Deliverer: accepting{}, Network: deliver.Network{AllowPrivate: true},
	})
	w.decided()
	w.save(store.Advance{Objects: []domain.Object{{Environment: domain.Sandbox, Ref: domain.Ref{Type: "case", ID: "case_1"}, Status: "Open", AsOf: w.now}}})
	w.dead("axn_dead", "inq_1")
	w.dead("axn_dead2", "inq_1")
	w.want(201, nil, "POST", "/v1/sandbox/endpoints", `{"name":"crm","url":"https://host.example/idem","after":0}`)
	if _, err := w.db.Expand(t.Context(), domain.Sandbox, "crm", 10, w.now); err != nil {
		t.Fatal(err)
	}
	run := domain.Reconciliation{ID: "rec_1", Environment: domain.Sandbox, StartedAt: w.now}
	if _, ok, err := w.db.BeginReconciliation(t.Context(), run, "one", w.now, w.now.Add(time.Minute)); err != nil || !ok {
		t.Fatal(ok, err)
	}
	return w
}

// TestEveryOperationAnswersAsItIsDescribed calls all operations and validates the answers
// with the schemas of the OpenAPI document.
func TestEveryOperationAnswersAsItIsDescribed(t *testing.T) {
	w := full(t)
	deliveries, err := w.db.Deliveries(t.Context(), domain.Sandbox, store.Filter{})
	if err != nil || len(deliveries.Rows) == 0 {
		t.Fatalf("%d deliveries, error %v", len(deliveries.Rows), err)
	}
	token := w.token("crm", "", "read").ID
	driven := map[string]bool{}
	for _, request := range []struct{ operation, path, body string }{
		{"GET /v1/environments", "", ""},
		{"GET /v1/tokens", "", ""},
		{"POST /v1/tokens", "", `{"name":"web","scopes":["verify"],"environment":"sandbox","expires_in":"1d"}`},
		{"GET /v1/tokens/{id}", token, ""},
		{"DELETE /v1/tokens/{id}", token, ""},
		{"GET /v1/{environment}/subjects", "", ""},
		{"GET /v1/{environment}/subjects/{reference}", "user-1", ""},
		{"GET /v1/{environment}/subjects/{reference}/evidence", "user-1", ""},
		{"GET /v1/{environment}/subjects/{reference}/timeline", "user-1", ""},
		{"GET /v1/{environment}/events", "", ""},
		{"GET /v1/{environment}/events/{id}", "evt_1", ""},
		{"POST /v1/{environment}/events/{id}/replay", "evt_1", ""},
		{"POST /v1/{environment}/replay", "", `{"object":"inq_1"}`},
		{"GET /v1/{environment}/objects", "", ""},
		{"GET /v1/{environment}/objects/{id}", "inq_1", ""},
		{"GET /v1/{environment}/cases", "", ""},
		{"GET /v1/{environment}/cases/{id}", "case_1", ""},
		{"GET /v1/{environment}/decisions", "", ""},
		{"GET /v1/{environment}/decisions/{id}", "dec_1", ""},
		{"GET /v1/{environment}/decisions/{id}/explanation", "dec_1", ""},
		{"GET /v1/{environment}/actions", "", ""},
		{"POST /v1/{environment}/actions", "", `{"kind":"tag_inquiry","argument":"VIP","target":"inq_1","reason":"a good customer"}`},
		{"GET /v1/{environment}/actions/{id}", "axn_dead", ""},
		{"POST /v1/{environment}/actions/{id}/replay", "axn_dead", ""},
		{"POST /v1/{environment}/actions/{id}/discard", "axn_dead2", `{"reason":"done in the dashboard"}`},
		{"GET /v1/{environment}/notifications", "", ""},
		{"GET /v1/{environment}/reconciliations", "", ""},
		{"GET /v1/{environment}/backlog", "", ""},
		{"GET /v1/{environment}/audit", "", ""},
		{"GET /v1/{environment}/endpoints", "", ""},
		{"POST /v1/{environment}/endpoints", "", `{"name":"web","url":"https://host.example/web"}`},
		{"GET /v1/{environment}/endpoints/{name}", "crm", ""},
		{"PATCH /v1/{environment}/endpoints/{name}", "crm", `{"enabled":true}`},
		{"POST /v1/{environment}/endpoints/{name}/rotate", "crm", `{}`},
		{"POST /v1/{environment}/endpoints/{name}/test", "crm", ""},
		{"POST /v1/{environment}/endpoints/{name}/replay", "crm", `{"after":"0","until":"9"}`},
		{"GET /v1/{environment}/deliveries", "", ""},
		{"GET /v1/{environment}/deliveries/{id}", deliveries.Rows[0].ID, ""},
		{"POST /v1/{environment}/deliveries/{id}/replay", deliveries.Rows[0].ID, ""},
		{"DELETE /v1/{environment}/endpoints/{name}", "web", ""},
	} {
		driven[request.operation] = true
		t.Run(request.operation, func(t *testing.T) { w.drive(t, request.operation, request.path, request.body) })
	}
	elsewhere := func(operation string) bool { // the tests of the service have a verifier and a stream
		return strings.Contains(operation, "/verifications") || operation == "GET /v1/{environment}/stream"
	}
	for path, item := range openAPI(w)["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			if operation := strings.ToUpper(method) + " " + path; !driven[operation] && !elsewhere(operation) {
				t.Errorf("no request of this test is %s", operation)
			}
		}
	}
}

// refuse sends what every operation rejects.
func (w *world) refuse(t *testing.T, method, path, body string) {
	if got := w.call("", method, path, body); got.Code != http.StatusUnauthorized {
		t.Errorf("without a token it answered %d %s", got.Code, got.Body)
	}
	if got := w.call("token", method, path+"?no_such=1", body); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), "unknown-parameter") {
		t.Errorf("to an unknown parameter it answered %d %s", got.Code, got.Body)
	}
	if method != http.MethodPost && method != http.MethodPatch {
		return
	}
	if got := w.call("token", method, path, `{"name":"`+strings.Repeat("x", 2<<20)+`"}`); got.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("to a body of two mebibytes it answered %d %s", got.Code, got.Body)
	}
}

// repeat sends a request again: a GET with the ETag of its answer, a POST with its
// idempotency key.
func (w *world) repeat(t *testing.T, method, path, body, idempotency string, first *httptest.ResponseRecorder) {
	switch method {
	case http.MethodGet:
		if got := w.call("token", method, path, body, "If-None-Match", first.Header().Get("ETag")); got.Code != http.StatusNotModified {
			t.Errorf("to its ETag %q it answered %d %s", first.Header().Get("ETag"), got.Code, got.Body)
		}
	case http.MethodPost:
		got := w.call("token", method, path, body, key, idempotency)
		secret := strings.Contains(got.Body.String(), "secret-already-shown")
		if !secret && (got.Header().Get("Idempotent-Replayed") != "true" || got.Code != first.Code || got.Body.String() != first.Body.String()) {
			t.Errorf("to its idempotency key it answered %d %s, first %d %s", got.Code, got.Body, first.Code, first.Body)
		}
	}
}

// drive calls an operation and validates the answer.
func (w *world) drive(t *testing.T, operation, id, body string) {
	method, template, _ := strings.Cut(operation, " ")
	path := strings.NewReplacer("{environment}", "sandbox", "{id}", id, "{name}", id, "{reference}", id).Replace(template)
	w.refuse(t, method, path, body)
	got := w.call("token", method, path, body, key, strings.ReplaceAll(operation, " ", "_"))
	if got.Code < 200 || got.Code > 299 {
		t.Fatalf("answered %d %s", got.Code, got.Body)
	}
	w.repeat(t, method, path, body, strings.ReplaceAll(operation, " ", "_"), got)
	if got.Code == http.StatusNoContent {
		return
	}
	document, err := jsonschema.UnmarshalJSON(w.call("token", "GET", "/openapi.json", "").Body)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("https://idem.example/openapi.json", document); err != nil {
		t.Fatal(err)
	}
	status := map[int]string{200: "200", 201: "201"}[got.Code]
	escaped := strings.NewReplacer("/", "~1", "{", "%7B", "}", "%7D").Replace(template)
	schema, err := compiler.Compile("https://idem.example/openapi.json#/paths/" + escaped + "/" + strings.ToLower(method) + "/responses/" + status + "/content/application~1json/schema")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := jsonschema.UnmarshalJSON(bytes.NewReader(got.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(answer); err != nil {
		t.Errorf("%s does not fit: %v", got.Body, err)
	}
	if data, ok := answer.(map[string]any)["data"].([]any); ok && len(data) == 0 {
		t.Error("the list is empty, so the test says nothing about its rows")
	}
}
