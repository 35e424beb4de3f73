package advance_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/telemetry"
)

// A policy is reloaded on one of two nodes only. Under the old one a person is approved, under
// the new one declined: the person must not be approved and declined in turn.
func TestAPolicyThatOnlyOneNodeHasIsNotTakenBack(t *testing.T) {
	reapply := func(is string) *policy.Policy {
		p, err := policy.Load("policy.yaml", fmt.Appendf(nil, "version: %q\nreapply: %s\nrules:\n  - {name: rest, on: {object: inquiry, to: [completed, failed]}, otherwise: true, then: [mark_inquiry_for_review]}\n", is, is), domain.Sandbox)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	s := newStage(t)
	s.policy = reapply("allow")
	var log strings.Builder
	node := func() *advance.Advancer {
		return advance.New(s.DB, map[domain.Environment]advance.Deps{domain.Sandbox: {Reader: s.persona, Policy: s.policy}}, telemetry.New(),
			slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return s.now })
	}
	stale, fresh := node(), node()
	reevaluate := func(nodes ...*advance.Advancer) {
		t.Helper()
		for _, n := range nodes {
			if err := n.Reevaluate(t.Context(), domain.Sandbox); err != nil {
				t.Fatal(err)
			}
		}
	}
	about := func(ref domain.Ref, second int, status, reference string) {
		t.Helper()
		s.persona.say(status, nil)
		e := eventAbout(ref, second, "inquiry."+status, fmt.Sprintf(`"status":%q,"reference-id":%q,"created-at":"2026-03-01T10:00:%02d.000Z","redacted-at":null`, status, reference, second),
			`"account":{"data":{"type":"account","id":"act_1"}},"verifications":{"data":[]}`)
		s.receive(e)
		if err := stale.Read(t.Context(), domain.Sandbox, e.Object, 0); err != nil {
			t.Fatal(err)
		}
	}
	reevaluate(stale, fresh)
	about(domain.Ref{Type: "inquiry", ID: "inq_old"}, 1, "declined", "user-7")
	about(inquiry, 2, "approved", "user-7")
	fresh.SetPolicies(map[domain.Environment]*policy.Policy{domain.Sandbox: reapply("deny")})
	for range 3 {
		reevaluate(fresh, stale)
	}
	if told := s.told("user-7"); !slices.Equal(told, []domain.Verdict{domain.VerdictDeclined, domain.VerdictApproved, domain.VerdictDeclined}) {
		t.Errorf("told, the newest first, %v", told)
	}
	if !strings.Contains(log.String(), "give all nodes the same") {
		t.Errorf("the log does not say that the policies differ: %s", log.String())
	}

	// What the stale node computes is replaced.
	about(domain.Ref{Type: "inquiry", ID: "inq_a"}, 3, "declined", "user-8")
	about(domain.Ref{Type: "inquiry", ID: "inq_b"}, 4, "approved", "user-8")
	reevaluate(stale, fresh, stale)
	if told := s.told("user-8"); told[0] != domain.VerdictDeclined {
		t.Errorf("told of another person, the newest first, %v", told)
	}

	// The old policy is loaded again on purpose.
	fresh.SetPolicies(map[domain.Environment]*policy.Policy{domain.Sandbox: s.policy})
	reevaluate(fresh, stale)
	if told := s.told("user-7"); told[0] != domain.VerdictApproved {
		t.Errorf("with the old policy again told, the newest first, %v", told)
	}
}
