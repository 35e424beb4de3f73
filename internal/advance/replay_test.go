package advance_test

import (
	"testing"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
)

func TestAReplayDoesNotRepeatADecisionAfterAResolvedConflict(t *testing.T) {
	s := newStage(t)
	s.receive(event(20, "declined"))
	s.advance()
	s.persona.say("completed", nil)
	s.receive(event(30, "pending"))
	s.advance()
	s.wantRows(1, 2)
	if n, err := s.Requeue(t.Context(), domain.Sandbox, []string{"evt_20"}, []audit.Entry{}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	s.advance()
	s.wantRows(1, 2)
}

// For example, an event about a tag changes no status, but is the last event that the
// object shows.
func TestAReplayedEventWithoutATransitionIsNotDecidedOn(t *testing.T) {
	s := newStage(t)
	s.receive(event(1, "completed"))
	s.advance()
	s.receive(event(2, "completed"))
	s.advance()
	s.wantRows(1, 2)
	if n, err := s.Requeue(t.Context(), domain.Sandbox, []string{"evt_2"}, nil); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	s.advance()
	s.wantRows(1, 2)
}
