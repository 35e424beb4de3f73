package advance_test

import (
	"context"
	"testing"

	"github.com/idemhq/idem/internal/domain"
)

func TestAReadThatPanicsReleasesItsClaim(t *testing.T) {
	s := newStage(t)
	s.receive(event(1, "completed"))
	s.persona.onRead = func() { panic("the payload surprises") }
	func() {
		defer func() { _ = recover() }() // as River does
		_ = s.advancer.Read(context.Background(), domain.Sandbox, inquiry, 0)
	}()
	s.persona.onRead = nil
	if _, ok, err := s.Claim(t.Context(), domain.Sandbox, inquiry); err != nil || !ok {
		t.Errorf("the object is still claimed, error %v", err)
	}
}
