package advance_test

import (
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// notified are the notifications of a type, oldest first.
func (s *stage) notified(typ string) (found []domain.Notification) {
	s.t.Helper()
	for n, err := range store.All(s.t.Context(), s.Notifications, domain.Sandbox, store.Filter{Oldest: true}) {
		if err != nil {
			s.t.Fatal(err)
		}
		if n.Type == typ {
			found = append(found, n)
		}
	}
	return found
}

func TestTheHostIsToldOfACaseThatMoves(t *testing.T) {
	s := newStage(t)
	s.receive(event(1, "created"))
	s.advance()
	ref := domain.Ref{Type: "case", ID: "case_7"}
	about := `"inquiries":{"data":[{"type":"inquiry","id":"inq_1"}]},"accounts":{"data":[]}`
	opened := eventAbout(ref, 2, "case.created", `"status":"Open","created-at":"2026-03-01T11:00:00.000Z"`, about)
	updated := eventAbout(ref, 3, "case.updated", `"status":"Open","created-at":"2026-03-01T11:00:00.000Z"`, about)
	for _, e := range []domain.Event{opened, updated} {
		s.receive(e)
		if err := s.work(ref); err != nil {
			t.Fatal(err)
		}
	}
	told := s.notified(domain.NotifyCaseChanged)
	if len(told) != 1 || told[0].Object != ref || told[0].Status != "Open" || told[0].Subject != "user-1" || told[0].EventID != opened.ID || told[0].SubjectSequence == 0 {
		t.Errorf("the host was told %+v", told)
	}
}

func TestTheHostIsNotToldWhereACaseWasBeforeTheServiceCame(t *testing.T) {
	s := newStage(t)
	ref := domain.Ref{Type: "case", ID: "case_7"}
	old := eventAbout(ref, 2, "case.created", `"status":"Open","created-at":"2026-03-01T11:00:00.000Z"`, `"inquiries":{"data":[]},"accounts":{"data":[]}`)
	old.Via = domain.ViaHistory
	s.receive(old)
	if err := s.work(ref); err != nil {
		t.Fatal(err)
	}
	if told := s.notified(domain.NotifyCaseChanged); len(told) != 0 {
		t.Errorf("the host was told %+v", told)
	}
}

func TestTheHostIsToldOfAnEventThatIsPoison(t *testing.T) {
	s := newStage(t)
	poison := event(1, "created")
	poison.Body = []byte(`{"data":`)
	s.receive(poison, event(2, "completed"))
	s.advance()
	told := s.notified(domain.NotifyInboxPoison)
	if len(told) != 1 || told[0].EventID != "evt_1" || told[0].Reason == "" || told[0].Subject != "user-1" {
		t.Errorf("the host was told %+v", told)
	}
}

func TestTheHostIsToldOfADecisionThatCouldNotBeMade(t *testing.T) {
	s := newStage(t)
	s.persona.say("pending", nil)
	s.persona.asOf = start.Add(-time.Hour) // Persona never shows what the event says
	s.receive(event(1, "completed"))
	s.workUntilDone()
	told := s.notified(domain.NotifyPolicyError)
	if len(told) != 1 || told[0].Object != inquiry || told[0].Reason == "" || told[0].Source == "" || told[0].Subject != "user-1" {
		t.Errorf("the host was told %+v", told)
	}
}
