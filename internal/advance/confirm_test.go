package advance_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/domain"
)

// A call to Persona can be hours late, for example because Persona did not answer. By then a
// report can have found a match, and the inquiry is still completed.
func TestAnApprovalThatIsLateIsDecidedAgain(t *testing.T) {
	match := domain.Object{Ref: domain.Ref{Type: "report/watchlist", ID: "rep_1"}, Status: "ready", Attributes: map[string]json.RawMessage{"has-match": json.RawMessage("true")}}
	for name, test := range map[string]struct {
		change  func(*persona)
		of      domain.ActionKind // of the action that is late; default: approve_inquiry
		dropped bool
		review  bool // the inquiry is marked for review
	}{
		"nothing has changed": {change: func(*persona) {}},
		"a report has found a match": {
			change: func(p *persona) { p.reports = []domain.Object{match} }, dropped: true, review: true,
		},
		"a report has found a match, and the case would be approved": {
			of: domain.SetCaseStatus, change: func(p *persona) { p.reports = []domain.Object{match} }, dropped: true, review: true,
		},
		"a report cannot be read any more": {
			change: func(p *persona) { p.missing = []string{"report/watchlist rep_1 (403 Forbidden)"} }, dropped: true, review: true,
		},
		"an older inquiry was declined": {
			change:  func(p *persona) { p.others.Inquiries = []domain.Object{other("inquiry", "inq_0", "declined", 1)} },
			dropped: true, review: true,
		},
		"a reviewer has the inquiry":                    {of: domain.SetCaseStatus, change: func(p *persona) { p.status = "needs_review" }, dropped: true},
		"the inquiry was approved by the action before": {of: domain.SetCaseStatus, change: func(p *persona) { p.status, p.reports = "approved", []domain.Object{match} }},
	} {
		t.Run(name, func(t *testing.T) {
			s := approving(t, advance.Others{})
			s.advance()
			s.wantActions(domain.SetCaseStatus, domain.ApproveInquiry)
			decided := s.actions()
			late := decided[slices.IndexFunc(decided, func(a domain.Action) bool {
				return test.of == "" && a.Spec.Kind == domain.ApproveInquiry || a.Spec.Kind == test.of
			})]
			test.change(s.persona)
			for range 2 { // the process may be killed after the first time
				if why, err := s.advancer.Confirm(t.Context(), late); err != nil || (why != "") != test.dropped {
					t.Fatalf("it is dropped because %q, error %v", why, err)
				}
			}
			if test.review {
				s.wantActions(domain.MarkInquiryForReview, domain.SetCaseStatus, domain.ApproveInquiry)
			} else {
				s.wantActions(domain.SetCaseStatus, domain.ApproveInquiry)
			}
		})
	}
}

func TestALateActionThatDoesNotApproveIsNotDecidedAgain(t *testing.T) {
	s := newStage(t)
	s.persona.missing = []string{"a report"}
	s.receive(event(1, "completed"))
	s.advance()
	s.wantActions(domain.MarkInquiryForReview)
	before := s.persona.reads
	if why, err := s.advancer.Confirm(t.Context(), s.actions()[0]); err != nil || why != "" || s.persona.reads != before {
		t.Errorf("it is dropped because %q after %d reads, error %v", why, s.persona.reads-before, err)
	}
	byHand := domain.Action{ID: "axn_hand", Environment: domain.Sandbox, DecisionID: domain.WithoutDecision + "axn_hand", Spec: domain.ActionSpec{Kind: domain.ApproveInquiry, Target: inquiry}}
	if why, err := s.advancer.Confirm(t.Context(), byHand); err != nil || why != "" {
		t.Errorf("an approval by hand is dropped because %q, error %v", why, err)
	}
}
