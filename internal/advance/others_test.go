package advance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlite"
	sdk "github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// other returns another inquiry of the person, or a case, that was created on a day of
// February.
func other(typ, id, status string, day int, inquiries ...domain.Ref) domain.Object {
	return domain.Object{
		Environment: domain.Sandbox, Ref: domain.Ref{Type: typ, ID: id}, Status: status,
		Attributes:    map[string]json.RawMessage{"created-at": json.RawMessage(fmt.Sprintf(`"2026-02-%02dT11:00:00.000Z"`, day))},
		Relationships: map[string][]domain.Ref{"inquiries": inquiries},
	}
}

// approving returns a stage whose inquiry was created in the middle of February and passed.
func approving(t *testing.T, others advance.Others) *stage {
	t.Helper()
	s := newStage(t)
	s.persona.created, s.persona.others = "2026-02-15T11:00:00.000Z", others
	s.receive(event(1, "completed"))
	return s
}

// Seed 1787032030 of the simulation: while the service was down, a person failed and
// started again. The service then declined the first inquiry and approved the second at the
// same moment.
func TestNobodyIsApprovedWhoseOlderInquiryIsDeclinedAtPersona(t *testing.T) {
	old := other("inquiry", "inq_0", "needs_review", 1)
	for name, others := range map[string]advance.Others{
		"the inquiry itself":         {Inquiries: []domain.Object{other("inquiry", "inq_0", "declined", 1)}},
		"its case":                   {Inquiries: []domain.Object{old}, Cases: []domain.Object{other("case", "case_0", "Declined", 1, old.Ref)}},
		"created in the same second": {Inquiries: []domain.Object{other("inquiry", "inq_9", "declined", 15)}},
		"and another one is pending": {Inquiries: []domain.Object{other("inquiry", "inq_2", "pending", 2), other("inquiry", "inq_0", "declined", 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			s := approving(t, others)
			s.advance()
			s.wantResult(domain.Decided)
			s.wantActions(domain.MarkInquiryForReview)
		})
	}
}

// A case lifts the decline of an inquiry that was in it when it was approved. Persona's list
// does not show that, but the case's event did.
func TestADeclineCountsUnlessItsCaseWasApprovedWithIt(t *testing.T) {
	old := other("inquiry", "inq_0", "declined", 1)
	kase := other("case", "case_0", "Approved", 1, old.Ref)
	about := fmt.Sprintf(`"inquiries":{"data":[{"type":"inquiry","id":%q}]}`, old.Ref.ID)
	for name, test := range map[string]struct {
		name, about string // of the case's event
		want        []domain.ActionKind
	}{
		"it was in the case":            {"case.status-updated", about, []domain.ActionKind{domain.SetCaseStatus, domain.ApproveInquiry}},
		"it was added later":            {"case.status-updated", `"inquiries":{"data":[]}`, []domain.ActionKind{domain.MarkInquiryForReview}},
		"no event showed the approval":  {"case.updated-tags", about, []domain.ActionKind{domain.MarkInquiryForReview}},
		"no event of the case is known": {"", "", []domain.ActionKind{domain.MarkInquiryForReview}},
	} {
		t.Run(name, func(t *testing.T) {
			s := approving(t, advance.Others{Inquiries: []domain.Object{old}, Cases: []domain.Object{kase}})
			if test.name != "" {
				s.receive(eventAbout(kase.Ref, 2, test.name, `"status":"Approved","created-at":"2026-02-01T11:00:00.000Z"`, test.about))
				if err := s.work(kase.Ref); err != nil {
					t.Fatal(err)
				}
			}
			s.advance()
			s.wantResult(domain.Decided)
			s.wantActions(test.want...)
		})
	}
}

func TestADeclineThatHasNotTakenEffectCounts(t *testing.T) {
	old := other("inquiry", "inq_0", "completed", 1)
	kase := other("case", "case_0", "Open", 1, old.Ref)
	for name, test := range map[string]struct {
		spec     domain.ActionSpec
		state    domain.ActionState
		finished time.Time
		want     []domain.ActionKind
	}{
		"of the inquiry": {domain.ActionSpec{Kind: domain.DeclineInquiry, Target: old.Ref}, domain.ActionWaiting, time.Time{}, []domain.ActionKind{domain.MarkInquiryForReview}},
		"of its case": {domain.ActionSpec{Kind: domain.SetCaseStatus, Target: kase.Ref, Arguments: map[string]string{"status": "Declined"}}, domain.ActionWaiting, time.Time{},
			[]domain.ActionKind{domain.MarkInquiryForReview}},
		"that Persona rejected": {domain.ActionSpec{Kind: domain.DeclineInquiry, Target: old.Ref}, domain.ActionDead, start, []domain.ActionKind{domain.MarkInquiryForReview}},
		// Seed 1013551524 of the simulation: the list request was slow.
		"that took effect while the others were read": {domain.ActionSpec{Kind: domain.DeclineInquiry, Target: old.Ref}, domain.ActionDone, start.Add(time.Minute),
			[]domain.ActionKind{domain.MarkInquiryForReview}},
		"but not one that was dropped":                        {domain.ActionSpec{Kind: domain.DeclineInquiry, Target: old.Ref}, domain.ActionDropped, start, []domain.ActionKind{domain.ApproveInquiry, domain.SetCaseStatus}},
		"nor one whose inquiry has another status at Persona": {domain.ActionSpec{Kind: domain.DeclineInquiry, Target: old.Ref}, domain.ActionDone, start.Add(-time.Hour), []domain.ActionKind{domain.ApproveInquiry, domain.SetCaseStatus}},
	} {
		t.Run(name, func(t *testing.T) {
			s := approving(t, advance.Others{Inquiries: []domain.Object{old}, Cases: []domain.Object{kase}})
			decision := domain.Decision{ID: "dec_0", Environment: domain.Sandbox, Object: old.Ref, Transition: domain.Transition{Object: old.Ref, To: "completed", EventID: "evt_0"}, DecidedAt: start}
			action := domain.Action{ID: "axn_0", Environment: domain.Sandbox, DecisionID: decision.ID, Spec: test.spec, DerivedKey: "key_0", IdempotencyKey: "key_0", State: test.state, CreatedAt: start, FinishedAt: test.finished}
			if _, err := s.Save(t.Context(), domain.Sandbox, []store.Advance{{Decisions: []domain.Decision{decision}, Actions: []domain.Action{action}}}, store.Verdicts{}); err != nil {
				t.Fatal(err)
			}
			s.advance()
			made, err := s.Decisions(t.Context(), domain.Sandbox, store.Filter{Object: inquiry})
			if err != nil || len(made.Rows) != 1 {
				t.Fatalf("decided %+v, error %v", made.Rows, err)
			}
			var got []domain.ActionKind
			for _, spec := range made.Rows[0].Actions {
				got = append(got, spec.Kind)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("the actions are %v, want %v", got, test.want)
			}
		})
	}
}

func TestAnOlderInquiryIsDecidedOnFirst(t *testing.T) {
	s := approving(t, advance.Others{Inquiries: []domain.Object{other("inquiry", "inq_0", "failed", 1)}})
	if err := s.work(inquiry); err == nil {
		t.Fatal("it was decided on before the older one")
	}
	s.wantEvent("evt_1", domain.EventWaiting)
	s.persona.others.Inquiries[0].Status = "needs_review"
	s.advance()
	s.wantActions(domain.SetCaseStatus, domain.ApproveInquiry)
}

func TestAnUndecidedOlderInquiryLeadsToReviewAfterAFewTries(t *testing.T) {
	s := approving(t, advance.Others{Inquiries: []domain.Object{other("inquiry", "inq_0", "completed", 1)}})
	s.workUntilDone()
	s.wantResult(domain.Incomplete)
	s.wantActions(domain.MarkInquiryForReview)
}

func TestOtherInquiriesWithoutADeclineDoNotPreventAnApproval(t *testing.T) {
	for name, o := range map[string]domain.Object{
		"a newer one that was declined":  other("inquiry", "inq_2", "declined", 20),
		"a newer one without a decision": other("inquiry", "inq_2", "completed", 20),
		"an older one that expired":      other("inquiry", "inq_0", "expired", 1),
		"an older one in review":         other("inquiry", "inq_0", "needs_review", 1),
	} {
		t.Run(name, func(t *testing.T) {
			s := approving(t, advance.Others{Inquiries: []domain.Object{o}})
			s.advance()
			s.wantActions(domain.SetCaseStatus, domain.ApproveInquiry)
		})
	}
}

func TestUnreadableOtherInquiriesLeadToReview(t *testing.T) {
	s := approving(t, advance.Others{Missing: []string{"inquiries of the person (403 Forbidden)"}})
	s.advance()
	s.wantResult(domain.Incomplete)
	s.wantActions(domain.MarkInquiryForReview)
}

// A list that is behind may lack the inquiry that was declined, too.
func TestNobodyIsApprovedWhileTheListOfInquiriesLacksTheirOwn(t *testing.T) {
	s := approving(t, advance.Others{Unlisted: true})
	if err := s.work(inquiry); err == nil {
		t.Error("no error")
	}
	s.wantEvent("evt_1", domain.EventWaiting)
	s.workUntilDone()
	s.wantResult(domain.Incomplete)
	s.wantActions(domain.MarkInquiryForReview)
}

func TestAListThatLacksTheInquiryItselfIsNoticed(t *testing.T) {
	for _, listed := range []bool{true, false} {
		w := newWorld(t)
		w.bodies["inquiries"] = `{"data":[],"links":{"next":null}}`
		if listed {
			w.bodies["inquiries"] = `{"data":[{"type":"inquiry","id":"inq_1","attributes":{"status":"completed"}}],"links":{"next":null}}`
		}
		others, err := advance.Persona{Client: w.client, Environment: domain.Sandbox}.Others(t.Context(), domain.Object{Ref: inquiry, ReferenceID: "user-1"})
		if err != nil || others.Unlisted == listed {
			t.Errorf("read %+v, error %v", others, err)
		}
	}
}

func TestOthersAreReadFromPersona(t *testing.T) {
	server := sandbox.NewServer(t)
	client := server.Client()
	var ids []string
	for _, reference := range []string{"user-1", "user-1", "user-2"} {
		created, err := client.Inquiries.Create(t.Context(), sdk.InquiryCreateParams{InquiryTemplateID: sdk.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: sdk.Set(reference)})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, created.ID)
	}
	kase, err := client.Cases.Create(t.Context(), sdk.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: sdk.Set(ids[:1])})
	if err != nil {
		t.Fatal(err)
	}
	reader := advance.Persona{Client: client, Environment: domain.Sandbox}
	others, err := reader.Others(t.Context(), domain.Object{Ref: domain.Ref{Type: "inquiry", ID: ids[1]}, ReferenceID: "user-1"})
	if err != nil {
		t.Fatal(err)
	}
	if len(others.Inquiries) != 1 || others.Inquiries[0].Ref.ID != ids[0] || len(others.Cases) != 1 || others.Cases[0].Ref.ID != kase.ID || len(others.Missing) > 0 {
		t.Errorf("read %+v, want inquiry %s and case %s", others, ids[0], kase.ID)
	}
}

// interveningStore runs a function after the first read of actions.
type interveningStore struct {
	*sqlite.DB
	happens func()
}

func (m *interveningStore) Actions(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Action], error) {
	page, err := m.DB.Actions(ctx, env, f)
	if m.happens != nil {
		m.happens()
		m.happens = nil
	}
	return page, err
}

func TestADeclineThatIsDecidedDuringTheCheckCounts(t *testing.T) {
	old := other("inquiry", "inq_0", "failed", 1)
	s := approving(t, advance.Others{Inquiries: []domain.Object{old}})
	s.useStore(&interveningStore{s.DB, func() {
		decision := domain.Decision{ID: "dec_0", Environment: domain.Sandbox, Object: old.Ref, Transition: domain.Transition{Object: old.Ref, To: "failed", EventID: "evt_0"}, DecidedAt: start}
		action := domain.Action{ID: "axn_0", Environment: domain.Sandbox, DecisionID: "dec_0", Spec: domain.ActionSpec{Kind: domain.DeclineInquiry, Target: old.Ref},
			DerivedKey: "key_0", IdempotencyKey: "key_0", State: domain.ActionWaiting, CreatedAt: start}
		if _, err := s.Save(t.Context(), domain.Sandbox, []store.Advance{{Decisions: []domain.Decision{decision}, Actions: []domain.Action{action}}}, store.Verdicts{}); err != nil {
			t.Fatal(err)
		}
	}})
	if err := s.work(inquiry); err == nil {
		made, _ := s.Decisions(t.Context(), domain.Sandbox, store.Filter{Object: inquiry})
		t.Errorf("decided %+v", made.Rows)
	}
}
