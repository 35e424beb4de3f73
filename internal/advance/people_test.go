package advance_test

import (
	"encoding/json"
	"strconv"
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
		other *domain.Object // the other inquiry
		want  domain.DecisionResult
	}{
		"of another person":   {&domain.Object{Status: "failed", ReferenceID: "user-2"}, domain.Incomplete},
		"of nobody":           {&domain.Object{Status: "failed"}, domain.Incomplete},
		"that cannot be read": {nil, domain.Incomplete},
		"that is redacted":    {&domain.Object{Status: "failed", RedactedAt: start}, domain.Decided},
		"of the same person":  {&domain.Object{Status: "failed", ReferenceID: "user-1"}, domain.Decided},
		"of the same account": {&domain.Object{Status: "failed", Relationships: map[string][]domain.Ref{"account": {account}}}, domain.Decided},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.persona.together = []domain.Ref{other}
			s.persona.elsewhere = map[domain.Ref]*domain.Object{other: test.other}
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

// A person passes, and the case is also about a newer inquiry of the same person. It decides
// about the person, and approving the case would approve it.
func TestNoRuleApprovesACaseWithANewerInquiryThatIsNotApproved(t *testing.T) {
	const older, newer = "2026-03-01T10:59:59.000Z", "2026-03-01T11:00:01.000Z"
	other := domain.Ref{Type: "inquiry", ID: "inq_other"}
	for name, test := range map[string]struct {
		created, status string
		want            domain.DecisionResult
	}{
		"created":            {newer, "created", domain.Incomplete},
		"pending":            {newer, "pending", domain.Incomplete},
		"completed":          {newer, "completed", domain.Incomplete},
		"failed":             {newer, "failed", domain.Incomplete},
		"in review":          {newer, "needs_review", domain.Incomplete},
		"declined":           {newer, "declined", domain.Incomplete},
		"of another status":  {newer, "paused", domain.Incomplete},
		"approved":           {newer, "approved", domain.Decided},
		"expired":            {newer, "expired", domain.Decided},
		"older and failed":   {older, "failed", domain.Decided},
		"older and unclosed": {older, "pending", domain.Decided},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.persona.created = "2026-03-01T11:00:00.000Z"
			s.persona.together = []domain.Ref{other}
			s.persona.elsewhere = map[domain.Ref]*domain.Object{other: {
				Status: test.status, ReferenceID: "user-1", Attributes: map[string]json.RawMessage{"created-at": json.RawMessage(strconv.Quote(test.created))},
			}}
			s.receive(event(1, "completed"))
			s.workUntilDone()
			s.wantResult(test.want)
			d, err := s.Decisions(t.Context(), domain.Sandbox, store.Filter{})
			if err != nil || len(d.Rows) != 1 || strings.Contains(d.Rows[0].Reason, "inq_other, which is newer and not approved") != (test.want == domain.Incomplete) {
				t.Errorf("decided %+v, error %v", d.Rows, err)
			}
			for _, a := range s.actions() {
				if test.want == domain.Incomplete && a.Spec.Kind == domain.SetCaseStatus && a.Spec.Arguments["status"] == "Approved" {
					t.Errorf("there is the action %+v", a.Spec)
				}
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
