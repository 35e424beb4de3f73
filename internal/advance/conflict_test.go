package advance_test

import (
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// If an answer from before the decision were used, the inquiry would return to its former
// status, and no later event would correct it.
func TestAConflictIsNotResolvedByAnOlderAnswer(t *testing.T) {
	s := newStage(t)
	s.receive(event(20, "declined"))
	s.advance()
	s.persona.say("completed", nil)
	s.persona.asOf = start.Add(10 * time.Second)
	s.receive(event(30, "pending"))
	if err := s.work(inquiry); err == nil {
		t.Error("an older answer was used")
	}
	if got := s.status(); got != "declined" {
		t.Errorf("the inquiry is %s", got)
	}
	s.wantEvent("evt_30", domain.EventWaiting)
	s.persona.say("declined", nil)
	s.persona.asOf = start.Add(20 * time.Second)
	s.advance()
	if got := s.status(); got != "declined" {
		t.Errorf("the inquiry is %s", got)
	}
	s.wantEvent("evt_30", domain.EventStale)
}
