package storetest

import (
	"errors"
	"testing"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

func actionByHand(t *testing.T, s store.Store, jobs *Jobs) {
	target := domain.Ref{Type: "inquiry", ID: "inq_1"}
	a := domain.Action{
		ID: "axn_1", Environment: domain.Sandbox, DecisionID: "hand_1", DerivedKey: "k", IdempotencyKey: "k", State: domain.ActionWaiting, CreatedAt: start,
		Spec: domain.ActionSpec{Kind: domain.ApproveInquiry, Target: target},
	}
	entry := []audit.Entry{{Environment: domain.Sandbox, At: start, Actor: "api", What: "action.requested", About: target, Detail: "axn_1"}}
	if got, err := s.RequestAction(t.Context(), a, entry); err != nil || got.ID != "axn_1" || got.State != domain.ActionWaiting {
		t.Fatalf("%+v, error %v", got, err)
	}
	if made := jobs.Take(); len(made) != 1 || made[0].Kind != store.JobPerform || made[0].Action != "axn_1" {
		t.Errorf("the jobs are %+v", made)
	}
	a.ID, a.DecisionID = "axn_2", "hand_2"
	if got, err := s.RequestAction(t.Context(), a, entry); err != nil || got.ID != "axn_1" {
		t.Errorf("the same action again: %+v, error %v", got, err)
	}
	if made := jobs.Take(); len(made) != 0 {
		t.Errorf("the same action again has jobs: %+v", made)
	}
	if trail, err := s.AuditOf(t.Context(), domain.Sandbox, []string{"inq_1", "inq_2"}); err != nil || len(trail) != 1 || trail[0].Detail != "axn_1" {
		t.Errorf("the audit trail is %+v, error %v", trail, err)
	}
	if err := s.Discard(t.Context(), domain.Sandbox, "axn_1", entry); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an action that waits is discarded: %v", err)
	}
	stored, err := s.Action(t.Context(), domain.Sandbox, "axn_1")
	if err != nil {
		t.Fatal(err)
	}
	stored.State, stored.Outcome = domain.ActionDead, "rejected"
	if _, err := s.SaveAction(t.Context(), stored, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Discard(t.Context(), domain.Sandbox, "axn_1", entry); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Action(t.Context(), domain.Sandbox, "axn_1"); err != nil || got.State != domain.ActionDiscarded || got.Outcome != "rejected" {
		t.Errorf("it is %s: %s, error %v", got.State, got.Outcome, err)
	}
	if trail, err := s.AuditOf(t.Context(), domain.Sandbox, []string{"inq_1"}); err != nil || len(trail) != 2 || trail[0].Sequence > trail[1].Sequence {
		t.Errorf("the audit trail is %+v, error %v", trail, err)
	}
}
