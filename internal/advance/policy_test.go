package advance_test

import (
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

func TestADecisionIsMadeByOnePolicyEvenIfItIsReplacedMeanwhile(t *testing.T) {
	s := newStage(t)
	next, err := policy.Load("next.yaml", []byte("version: next\nrules:\n  - name: decline all\n    on: {object: inquiry, to: [completed]}\n    otherwise: true\n    then: [decline_inquiry]\n"), domain.Sandbox)
	if err != nil {
		t.Fatal(err)
	}
	s.persona.onRead = func() { s.advancer.SetPolicies(map[domain.Environment]*policy.Policy{domain.Sandbox: next}) }
	s.receive(event(1, "completed"))
	s.advance()
	s.wantActions(domain.SetCaseStatus, domain.ApproveInquiry)
	page, err := s.Decisions(t.Context(), domain.Sandbox, store.Filter{})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].PolicyVersion != s.policy.Version() {
		t.Fatalf("decided %+v, error %v", page.Rows, err)
	}

	// The next transition is decided on by the new policy.
	s.persona.onRead = nil
	s.receive(event(2, "pending"))
	s.advance()
	s.receive(event(3, "completed"))
	s.advance()
	page, err = s.Decisions(t.Context(), domain.Sandbox, store.Filter{})
	if err != nil || len(page.Rows) != 2 || page.Rows[0].PolicyVersion != "next" {
		t.Errorf("then decided %+v, error %v", page.Rows, err)
	}
}
