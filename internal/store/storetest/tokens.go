package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

func tokenRoundTrip(t *testing.T, s store.Store, _ *Jobs) {
	if any, err := s.HasTokens(t.Context()); any || err != nil {
		t.Fatalf("there are tokens at first: %v, error %v", any, err)
	}
	token := domain.Token{
		ID: "tok_1", Name: "crm", Hash: "h1", Scopes: []domain.Scope{domain.ScopeRead, domain.ScopeAct}, Environment: domain.Sandbox,
		CreatedAt: start, CreatedBy: "api", ExpiresAt: start.Add(time.Hour),
	}
	log := []audit.Entry{
		{Environment: domain.Sandbox, At: start, Actor: "api", What: "token.created", Detail: "tok_1"},
		{Environment: domain.Production, At: start, Actor: "api", What: "token.created", Detail: "tok_1"},
	}
	if err := s.CreateToken(t.Context(), token, log); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]domain.Token{"name": {ID: "tok_2", Name: "crm", Hash: "h2"}, "secret": {ID: "tok_2", Name: "web", Hash: "h1"}} {
		if err := s.CreateToken(t.Context(), other, log); !errors.Is(err, store.ErrExists) {
			t.Errorf("a second token with the %s: %v", name, err)
		}
	}
	if err := s.TouchToken(t.Context(), "tok_1", start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := s.TouchToken(t.Context(), "tok_1", start); err != nil { // another node is late
		t.Fatal(err)
	}
	token.LastUsedAt = start.Add(time.Minute)
	for name, read := range map[string]func() (domain.Token, error){
		"by id":   func() (domain.Token, error) { return s.Token(t.Context(), "tok_1") },
		"by hash": func() (domain.Token, error) { return s.TokenByHash(t.Context(), "h1") },
	} {
		if got, err := read(); err != nil || !reflect.DeepEqual(got, token) {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
	}
	if all, err := s.Tokens(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d tokens, error %v", len(all), err)
	}
	if err := s.DeleteToken(t.Context(), "tok_1", log); err != nil {
		t.Fatal(err)
	}
	if _, err := s.TokenByHash(t.Context(), "h1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a revoked token: %v", err)
	}
	if err := s.DeleteToken(t.Context(), "tok_1", log); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a token that is revoked twice: %v", err)
	}
	for _, env := range []domain.Environment{domain.Sandbox, domain.Production} {
		if trail, err := s.AuditTrail(t.Context(), env, 0, 10); err != nil || len(trail) != 2 || audit.Verify(audit.Entry{}, trail) != 0 {
			t.Errorf("the audit trail of %s has %d entries, error %v", env, len(trail), err)
		}
	}
}

func requestOnce(t *testing.T, s store.Store, _ *Jobs) {
	now := start
	begin := func(r store.Request) (store.Request, bool) {
		t.Helper()
		stored, begun, err := s.BeginRequest(t.Context(), r, now, now.Add(-2*time.Minute), now.Add(-24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return stored, begun
	}
	finish := func(r store.Request) {
		t.Helper()
		if err := s.FinishRequest(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	first := store.Request{Token: "tok_1", Key: "k", Hash: "h", Holder: "req_1"}
	again := first
	again.Holder = "req_2"
	if _, begun := begin(first); !begun {
		t.Fatal("a new request is not begun")
	}
	if stored, begun := begin(again); begun || stored.Status != 0 {
		t.Errorf("while it is handled: begun %v, status %d", begun, stored.Status)
	}
	for name, other := range map[string]store.Request{"token": {Token: "tok_2", Key: "k", Hash: "h"}, "key": {Token: "tok_1", Key: "other", Hash: "h"}} {
		if _, begun := begin(other); !begun {
			t.Errorf("the request of another %s is not begun", name)
		}
	}
	first.Status, first.Answer = 201, `{"a":1}`
	finish(first)
	if stored, begun := begin(again); begun || stored.Status != 201 || stored.Answer != `{"a":1}` || stored.Hash != "h" {
		t.Errorf("afterwards: begun %v, stored %+v", begun, stored)
	}
	now = start.Add(25 * time.Hour)
	if _, begun := begin(again); !begun {
		t.Error("after a day it is not begun anew")
	}
	now = now.Add(3 * time.Minute)
	third, other := again, again
	third.Holder, other.Hash = "req_3", "h2"
	if _, begun := begin(other); begun {
		t.Error("another request took over the key of one whose process is gone")
	}
	if _, begun := begin(third); !begun {
		t.Error("another process cannot repeat a request whose process has ended")
	}
	now = now.Add(-3 * time.Hour) // the clock was ahead
	fourth := third
	fourth.Holder = "req_4"
	if _, begun := begin(fourth); !begun {
		t.Error("a request that began in the future cannot be repeated")
	}
	third = fourth
	again.Status = 200
	finish(again) // it was slow, and not gone
	if stored, _ := begin(first); stored.Status != 0 {
		t.Error("the holder of before finished the request of the next")
	}
	if err := s.ForgetRequest(t.Context(), third); err != nil {
		t.Fatal(err)
	}
	if _, begun := begin(other); !begun {
		t.Error("the key of a forgotten request cannot be used")
	}
}

func recorded(t *testing.T, s store.Store, _ *Jobs) {
	entry := audit.Entry{Environment: domain.Sandbox, At: start, Actor: "api:crm", What: "event.read", About: domain.Ref{Type: "inquiry", ID: "inq_1"}}
	for range 2 {
		if err := s.RecordAudit(t.Context(), domain.Sandbox, []audit.Entry{entry}); err != nil {
			t.Fatal(err)
		}
	}
	trail, err := s.AuditTrail(t.Context(), domain.Sandbox, 0, 10)
	if err != nil || len(trail) != 2 || trail[1].Actor != "api:crm" || audit.Verify(audit.Entry{}, trail) != 0 {
		t.Errorf("the trail is %+v, error %v", trail, err)
	}
}
