package service

import (
	"testing"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// Two people are in one case, and only one of them passes.
func testACaseOfTwoPeopleIsNotApprovedForOneOfThem(t *testing.T, database Secret) {
	w := newWorld(t, database)
	first, _ := w.applicant("user-1")
	second, _ := w.applicant("user-2")
	shared, err := w.client.Cases.Create(t.Context(), persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{first, second})})
	if err != nil {
		t.Fatal(err)
	}
	w.settled()
	w.simulate(first, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the one who passed is for review", func() bool {
		d := get[listed[api.Decision]](w, "/v1/sandbox/decisions?object="+first).Data
		return len(d) == 1 && d[0].Result == domain.Incomplete
	})
	w.settled()
	if status := w.caseStatus(shared.ID); status == "Approved" {
		t.Error("the case is Approved")
	}
	for _, reference := range []string{"user-1", "user-2"} {
		if s := get[api.Subject](w, "/v1/sandbox/subjects/"+reference); s.Verdict == domain.VerdictApproved {
			t.Errorf("%s is %s", reference, s.Verdict)
		}
	}
}
