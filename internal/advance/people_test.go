package advance_test

import (
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

// A case counts for all its inquiries. One person passes, and the case is also about another
// person, who has not finished: approving the case would approve that person, too.
func TestACaseOfSeveralPeopleIsNotApprovedForOneOfThem(t *testing.T) {
	other := domain.Ref{Type: "inquiry", ID: "inq_other"}
	for name, test := range map[string]struct {
		stored *domain.Object // the other inquiry
		want   domain.DecisionResult
	}{
		"of another person":   {&domain.Object{Status: "failed", ReferenceID: "user-2"}, domain.Incomplete},
		"of nobody":           {&domain.Object{Status: "failed"}, domain.Incomplete},
		"that is not known":   {nil, domain.Incomplete},
		"of the same person":  {&domain.Object{Status: "failed", ReferenceID: "user-1"}, domain.Decided},
		"of the same account": {&domain.Object{Status: "failed", Relationships: map[string][]domain.Ref{"account": {account}}}, domain.Decided},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.persona.together = []domain.Ref{other}
			if test.stored != nil {
				o := *test.stored
				o.Environment, o.Ref = domain.Sandbox, other
				if _, err := s.Save(t.Context(), domain.Sandbox, []store.Advance{{Objects: []domain.Object{o}}}, store.Verdicts{Of: func([]domain.Object) domain.Subject { return domain.Subject{} }}); err != nil {
					t.Fatal(err)
				}
			}
			s.receive(event(1, "completed"))
			s.workUntilDone()
			s.wantResult(test.want)
			for _, a := range s.actions() {
				approves := a.Spec.Kind == domain.ApproveInquiry || a.Spec.Kind == domain.SetCaseStatus && a.Spec.Arguments["status"] == "Approved"
				if approves && test.want != domain.Decided {
					t.Errorf("there is the action %+v", a.Spec)
				}
			}
			d, err := s.Decisions(t.Context(), domain.Sandbox, store.Filter{})
			if err != nil || len(d.Rows) != 1 || strings.Contains(d.Rows[0].Reason, "inq_other, which is not of this person") != (test.want == domain.Incomplete) {
				t.Errorf("decided %+v, error %v", d.Rows, err)
			}
		})
	}
}

// The conditions of a rule for cases mix the verifications of all inquiries.
func TestARuleForCasesApprovesNobodyInACaseOfSeveralPeople(t *testing.T) {
	const rules = "version: \"1\"\ncase_statuses: {Ready: review, Approved: approved}\n" +
		"rules:\n  - {name: approve, on: {object: case, to: [Ready]}, when: size(failed_checks) == 0, then: [set_case_status: Approved]}\n"
	for name, test := range map[string]struct {
		people []string
		want   domain.DecisionResult
	}{
		"one inquiry":                 {[]string{"user-1"}, domain.Decided},
		"two inquiries of a person":   {[]string{"user-1", "user-1"}, domain.Decided},
		"two people":                  {[]string{"user-1", "user-2"}, domain.Incomplete},
		"a person and nobody":         {[]string{"user-1", ""}, domain.Incomplete},
		"two inquiries, and somebody": {[]string{"user-1", "user-1", "user-2"}, domain.Incomplete},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			p, err := policy.Load("policy.yaml", []byte(rules), domain.Sandbox)
			if err != nil {
				t.Fatal(err)
			}
			s.policy = p
			s.useStore(s.DB)
			s.persona.status, s.persona.people = "Ready", test.people
			kase := domain.Ref{Type: "case", ID: "case_1"}
			s.receive(eventAbout(kase, 1, "case.status-updated", `"status":"Ready","created-at":"2026-03-01T11:00:00.000Z"`, `"inquiries":{"data":[]},"accounts":{"data":[]}`))
			if err := s.work(kase); err != nil {
				t.Fatal(err)
			}
			s.wantResult(test.want)
		})
	}
}
