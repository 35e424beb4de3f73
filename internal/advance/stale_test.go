package advance_test

import (
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// A copy at Persona that is only milliseconds behind still shows the status before the event.
func TestADecisionWaitsForAnAnswerThatIsAMomentBehindItsEvent(t *testing.T) {
	for name, events := range map[string][]domain.Event{
		"the status before the event is known":   {event(1, "pending"), event(2, "completed")},
		"the status before the event is unknown": {event(2, "completed")},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.persona.say("pending", nil)
			s.persona.asOf = start.Add(1900 * time.Millisecond)
			s.receive(events...)
			if err := s.work(inquiry); err == nil {
				t.Error("no error")
			}
			s.wantEvent("evt_2", domain.EventWaiting)
			s.persona.say("completed", nil)
			s.persona.asOf = start.Add(2 * time.Second)
			s.advance()
			s.wantActions(domain.SetCaseStatus, domain.ApproveInquiry)
		})
	}
}

func TestAnAnswerThatIsAMomentBehindForEverLeadsToReview(t *testing.T) {
	s := newStage(t)
	s.persona.say("pending", nil)
	s.persona.asOf = start.Add(1900 * time.Millisecond)
	s.receive(event(2, "completed"))
	s.workUntilDone()
	s.wantResult(domain.NotEvaluated)
	s.wantActions(domain.MarkInquiryForReview)
}

// The event of an approval may be dated a moment before the change that it reports.
func TestADecisionIsSupersededIfTheObjectMovedOnInTheSameMoment(t *testing.T) {
	s := newStage(t)
	s.persona.say("approved", nil)
	s.persona.asOf = start.Add(1900 * time.Millisecond)
	s.receive(event(2, "completed"))
	s.advance()
	s.wantResult(domain.Superseded)
}

func TestAWithheldStatusLeadsToReview(t *testing.T) {
	s := newStage(t)
	s.persona.say("", nil)
	s.persona.missing = []string{"inquiry inq_1: status"}
	s.receive(event(1, "completed"))
	s.advance()
	s.wantResult(domain.Incomplete)
	s.wantActions(domain.MarkInquiryForReview)
}

func TestNobodyIsApprovedWhileAnAnswerNamesFewerVerificationsThanTheEvent(t *testing.T) {
	completed := eventWith(1, "completed", `"account":{"data":{"type":"account","id":"act_1"}},"verifications":{"data":[{"type":"verification/selfie","id":"ver_9"}]}`)
	s := newStage(t)
	s.receive(completed)
	if err := s.work(inquiry); err == nil {
		t.Error("no error")
	}
	s.wantEvent("evt_1", domain.EventWaiting)
	s.workUntilDone()
	s.wantResult(domain.Incomplete)
	s.wantActions(domain.MarkInquiryForReview)
}

func TestNobodyIsApprovedWhileTheListOfCasesLacksAKnownOne(t *testing.T) {
	s := newStage(t)
	at := start.Add(time.Second)
	s.receive(domain.Event{
		Environment: domain.Sandbox, ID: "evt_case", Name: "case.created", CreatedAt: at, Object: domain.Ref{Type: "case", ID: "case_9"}, Via: domain.ViaWebhook, ReceivedAt: at, State: domain.EventWaiting,
		Body: []byte(`{"data":{"type":"event","id":"evt_case","attributes":{"name":"case.created","created-at":"2026-03-01T12:00:01.000Z","payload":{"data":{"type":"case","id":"case_9","attributes":{"status":"Open","created-at":"2026-03-01T12:00:00.000Z"},"relationships":{"inquiries":{"data":[{"type":"inquiry","id":"inq_1"}]}}}}}}}`),
	})
	if err := s.work(domain.Ref{Type: "case", ID: "case_9"}); err != nil {
		t.Fatal(err)
	}
	s.receive(event(0, "pending")) // the case belongs to the person once the inquiry is known
	s.advance()
	s.receive(event(2, "completed"))
	if err := s.work(inquiry); err == nil {
		t.Error("no error")
	}
	s.wantEvent("evt_2", domain.EventWaiting)
	s.workUntilDone()
	s.wantResult(domain.Incomplete)
	s.wantActions(domain.MarkInquiryForReview)
}
