package reference

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

// If every event is delivered immediately and in order, the service also knows all earlier
// declines, which rules and verdicts depend on.
func TestDecisionsInOrderKnowEarlierDeclines(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("commits thousands of events one by one, which takes several seconds: not run with -short")
	}
	counted := figures{}
	for _, seed := range seeds(t, 12, 3) {
		d := newDraw(seed)
		plan, real := d.usable(t, seed)
		worlds := d.worlds(seed, 10)
		p := newPersona(worlds...)
		node := newInOrder(t, p, real)
		for _, w := range worlds {
			for range 25 {
				told := len(w.events)
				w.live(1)
				for _, e := range w.events[told:] {
					node.deliver(t, e.real(casings[0]))
				}
			}
		}
		counted.add(compareTold(t, node, p, plan))
		counted.add(compareStored(t, node, p, plan))
		for _, row := range all(t, node.Decisions) {
			whole, err := node.Decision(t.Context(), domain.Sandbox, row.ID)
			must(t, err)
			compareEarlierDecline(t, counted, p, plan, whole)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	counted.demand(t, "approvals", "approved", "after a decline")
	counted.report(t)
}

func compareEarlierDecline(t *testing.T, counted figures, p *persona, plan *plan, d domain.Decision) {
	t.Helper()
	var told policy.Facts
	must(t, json.Unmarshal(d.Facts, &told))
	for _, o := range told.Sessions {
		if !strings.HasPrefix(o.Ref.ID, "iqse_answer") || told.Inquiry == nil || d.Result == domain.Superseded {
			continue
		}
		answer := p.answers[o.Ref.ID]
		s := answer.subjects[told.Inquiry.Ref.ID]
		s.hostRules = plan.hostRules
		if known.storedCase && d.Object.Type == "case" {
			continue // stored after the decision
		}
		want := s.declinedBefore(answer.facts.inquiry)
		if told.DeclinedBefore != want {
			t.Errorf("decided on %s with declined before %t, want %t\n%s", d.Object, told.DeclinedBefore, want, s)
		}
		if want {
			counted["after a decline"]++
		}
	}
}
