package perform_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/perform"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/sandbox"
)

type panicking struct{}

func (panicking) Object(context.Context, domain.Ref) (domain.Object, error) { panic("a surprise") }

func TestAnAttemptThatPanicsReleasesItsClaim(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	performer := perform.New(s.outbox, map[domain.Environment]perform.Deps{domain.Sandbox: {Client: s.client, Reader: panicking{}}}, telemetry.New(),
		slog.New(slog.DiscardHandler), func() time.Time { return s.now })
	func() {
		defer func() { _ = recover() }() // as River does
		_ = performer.Perform(t.Context(), domain.Sandbox, "axn_1")
	}()
	if s.claimed {
		t.Error("the action is still claimed")
	}
}
