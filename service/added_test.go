package service

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// reviewers are rules that decide nothing in this test.
const reviewers = `version: "1"
case_statuses: {Open: review, Approved: approved, Declined: declined}
rules:
  - {name: review, on: {object: inquiry, to: [completed]}, otherwise: true, then: [mark_inquiry_for_review]}
`

// A reviewer approved a case. Inquiries that are added to it later were looked at by nobody.
func testAnInquiryThatIsAddedToAnApprovedCaseIsNotApprovedByIt(t *testing.T, database Secret) {
	known := []string{"inquiry.created", "inquiry.started", "inquiry.failed", "inquiry.declined", "account.created"}
	for name, events := range map[string][]string{
		"events of all":                          {"*"},
		"the approval's events are lost":         slices.Concat(known, []string{"case.created", "case.updated-fields"}),
		"only later events of the case arrive":   slices.Concat(known, []string{"case.updated-fields"}),
		"all events are found by reconciliation": {"account.created"},
	} {
		t.Run(name, func(t *testing.T) {
			policy := filepath.Join(t.TempDir(), "policy.yaml")
			if err := os.WriteFile(policy, []byte(reviewers), 0o600); err != nil {
				t.Fatal(err)
			}
			w := newWorldWith(t, database, nil, func(c *Config) {
				e := c.Environments[Sandbox]
				e.Policy = policy
				c.Environments[Sandbox] = e
			}, events...)
			w.reconcile()
			lost := name != "events of all"
			inquiries := map[string]string{}
			first, kase := w.applicant("approved-1")
			inquiries["approved-1"] = first
			for _, reference := range []string{"pending-2", "failed-2", "failed-before-2", "declined-2"} {
				inquiries[reference] = w.begun(reference)
			}
			w.simulate(first, "start_inquiry", "create_failed_verification", "fail_inquiry")
			w.simulate(inquiries["failed-before-2"], "start_inquiry", "create_failed_verification", "fail_inquiry")
			w.setCase(kase, "Approved")
			w.simulate(inquiries["failed-2"], "start_inquiry", "create_failed_verification", "fail_inquiry")
			w.decline(inquiries["declined-2"])
			for reference, id := range inquiries {
				if reference != "approved-1" {
					w.attach(kase, id)
				}
			}
			if name == "all events are found by reconciliation" {
				w.reconcile()
			}
			w.known(inquiries)
			for reference, want := range map[string]domain.Verdict{
				"pending-2": domain.VerdictPending, "failed-2": domain.VerdictReview, "failed-before-2": domain.VerdictReview, "declined-2": domain.VerdictDeclined,
			} {
				if got := w.verdict(reference); got != want {
					t.Errorf("%s is %s, want %s", reference, got, want)
				}
			}
			if lost {
				w.reconcile()
			}
			w.eventually("the one who was approved is", func() bool { return w.verdict("approved-1") == domain.VerdictApproved })

			again := w.begun("approved-1") // of the same person
			w.attach(kase, again)
			inquiries["approved-1"] = again
			if lost {
				w.reconcile()
			}
			w.known(inquiries)
			if got := w.verdict("approved-1"); got != domain.VerdictPending {
				t.Errorf("a new inquiry of the one who was approved is %s", got)
			}

			w.setCase(kase, "Open")
			w.setCase(kase, "Approved")
			if lost {
				w.reconcile()
			}
			for reference := range inquiries {
				w.eventually(reference+" is approved together with the case", func() bool { return w.verdict(reference) == domain.VerdictApproved })
			}
		})
	}
}

// begun creates an inquiry of a person, without a case.
func (w *world) begun(reference string) (id string) {
	w.t.Helper()
	inquiry, err := w.client.Inquiries.Create(w.t.Context(), persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set(reference),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return inquiry.ID
}

func (w *world) decline(inquiry string) {
	w.t.Helper()
	if _, err := w.client.Inquiries.Decline(w.t.Context(), inquiry, persona.InquiryDeclineParams{}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) setCase(id, status string) {
	w.t.Helper()
	if _, err := w.client.Cases.SetStatus(w.t.Context(), id, persona.CaseSetStatusParams{Status: status}); err != nil {
		w.t.Fatal(err)
	}
}

// attach adds an inquiry to a case, and writes a note into the case: Persona sends no event
// about the first.
func (w *world) attach(kase, inquiry string) {
	w.t.Helper()
	if _, err := w.client.Cases.AddObjects(w.t.Context(), kase, persona.CaseAddObjectsParams{ObjectIDs: persona.Set([]string{inquiry})}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.client.Cases.Update(w.t.Context(), kase, persona.CaseUpdateParams{Fields: persona.Set(map[string]any{"note": "about " + inquiry})}); err != nil {
		w.t.Fatal(err)
	}
}

// known waits until the service knows inquiries and that they belong to a case.
func (w *world) known(inquiries map[string]string) {
	w.t.Helper()
	for reference, id := range inquiries {
		w.eventually(id+" is known to belong to a case", func() bool {
			objects, err := w.service.db.SubjectObjects(w.t.Context(), domain.Sandbox, reference)
			return err == nil && hasCaseOf(objects, domain.Ref{Type: "inquiry", ID: id})
		})
	}
	w.settled()
}

func hasCaseOf(objects []domain.Object, inquiry domain.Ref) bool {
	known, attached := false, false
	for _, o := range objects {
		known = known || o.Ref == inquiry
		for _, ref := range o.Relationships["inquiries"] {
			attached = attached || ref == inquiry
		}
	}
	return known && attached
}
