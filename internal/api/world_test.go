package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlite"
)

// world is an API on a database, with a clock that the test moves.
type world struct {
	*testing.T
	db  *sqlite.DB
	mux *http.ServeMux
	now time.Time
}

// newWorld returns an API with both environments. Its configured token is "token".
func newWorld(t *testing.T) *world {
	w := &world{T: t, db: newDatabase(t), mux: http.NewServeMux(), now: start()}
	api.Register(w.mux, api.Deps{
		Store: w.db, Environments: []domain.Environment{domain.Production, domain.Sandbox}, Token: "token", Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now },
	})
	return w
}

// call sends a request with a token. Headers are pairs of names and values.
func (w *world) call(token, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	recorded := httptest.NewRecorder()
	w.mux.ServeHTTP(recorded, r)
	return recorded
}

// want sends a request with the configured token, and reads the answer into a value.
func (w *world) want(status int, into any, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	w.Helper()
	got := w.call("token", method, path, body, headers...)
	if got.Code != status {
		w.Fatalf("%s %s: %d %s, want %d", method, path, got.Code, got.Body, status)
	}
	if into != nil {
		if err := json.Unmarshal(got.Body.Bytes(), into); err != nil {
			w.Fatal(err)
		}
	}
	return got
}

// token creates a token and returns its secret.
func (w *world) token(name, more string, scopes ...string) api.TokenWithSecret {
	w.Helper()
	var made api.TokenWithSecret
	list, _ := json.Marshal(scopes)
	w.want(http.StatusCreated, &made, "POST", "/v1/tokens", fmt.Sprintf(`{"name":%q,"scopes":%s%s}`, name, list, more))
	return made
}

// trail returns the audit trail of the sandbox.
func (w *world) trail() []audit.Entry {
	w.Helper()
	entries, err := w.db.AuditTrail(w.Context(), domain.Sandbox, 0, 1000)
	if err != nil {
		w.Fatal(err)
	}
	if broken := audit.Verify(audit.Entry{}, entries); broken != 0 {
		w.Fatalf("the audit trail is broken at %d", broken)
	}
	return entries
}

// last returns the last entry of the audit trail as one line.
func (w *world) last() string {
	w.Helper()
	trail := w.trail()
	if len(trail) == 0 {
		return ""
	}
	e := trail[len(trail)-1]
	return strings.Join([]string{e.Actor, e.What, e.About.ID, e.Detail}, " ")
}

// save stores objects, decisions and actions.
func (w *world) save(a store.Advance) {
	w.Helper()
	v := store.Verdicts{Rules: "1", Now: w.now, Of: func(objects []domain.Object) domain.Subject {
		return domain.Subject{Verdict: domain.VerdictReview, Object: objects[0].Ref, Status: objects[0].Status}
	}}
	if _, err := w.db.Save(w.Context(), domain.Sandbox, []store.Advance{a}, v); err != nil {
		w.Fatal(err)
	}
}

// inquiry is an inquiry of a subject.
func (w *world) inquiry(id, reference, status string) domain.Object {
	return domain.Object{
		Environment: domain.Sandbox, Ref: domain.Ref{Type: "inquiry", ID: id}, Status: status, ReferenceID: reference, AsOf: w.now,
		Attributes: map[string]json.RawMessage{"name-first": json.RawMessage(`"Ada"`)},
	}
}

// dead stores an action that is dead.
func (w *world) dead(id, object string) {
	w.Helper()
	a := domain.Action{
		ID: id, Environment: domain.Sandbox, DecisionID: "dec_" + id, DerivedKey: id, IdempotencyKey: id, State: domain.ActionWaiting, CreatedAt: w.now,
		Spec: domain.ActionSpec{Kind: domain.ApproveInquiry, Target: domain.Ref{Type: "inquiry", ID: object}},
	}
	w.save(store.Advance{Actions: []domain.Action{a}})
	a.Version, a.State, a.Outcome, a.Said, a.Attempts, a.FinishedAt = 1, domain.ActionDead, "rejected", "Ada is not valid", 3, w.now
	if _, err := w.db.SaveAction(w.Context(), a, nil, nil); err != nil {
		w.Fatal(err)
	}
}
