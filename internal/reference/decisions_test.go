package reference

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

// factsPerPlan is how many transitions are decided by each policy.
const factsPerPlan = 50

func TestNoDecisionApprovesWhereTheReferenceDoesNot(t *testing.T) {
	t.Parallel()
	counted := figures{}
	for _, seed := range seeds(t, 2500, 150) {
		d := newDraw(seed)
		p := d.plan()
		real, err := policy.Load("drawn.yaml", p.source(), domain.Sandbox)
		if err != nil {
			counted["policies refused"]++
			if !p.approvesByAbsence() {
				counted["refused unexpectedly"]++
				t.Logf("seed %d: %v", seed, err)
			}
			continue
		}
		counted["policies"]++
		if p.approvesByAbsence() {
			t.Errorf("seed %d: a policy that approves by absence was accepted:\n%s", seed, p.source())
		}
		for n := range factsPerPlan {
			compareDecision(t, counted, seed, n, p, real, d.facts(p))
		}
	}
	counted.report(t)
}

func compareDecision(t *testing.T, counted figures, seed uint64, n int, p *plan, real *policy.Policy, f *facts) {
	t.Helper()
	facts := f.real()
	got, want := plain(real.Decide(facts)), p.decide(f)
	counted["decisions"]++
	counted[string(want.result)]++
	if p.approved(want) {
		counted["approvals"]++
	}
	if p.approved(got) && !p.approved(want) {
		t.Errorf("WRONG APPROVAL: seed %d, facts %d", seed, n)
	}
	key := string(got.result) + "/" + string(want.result)
	if got.result == want.result {
		if got.rule != want.rule {
			key += " rule"
		} else if !reflect.DeepEqual(got.asked, want.asked) {
			key += " asked " + f.object.Family()
			if len(got.asked) != len(want.asked) {
				key += " len"
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		counted["DIFF "+key]++
		if counted["DIFF "+key] > 2 {
			return
		}
		shown, _ := json.Marshal(facts)
		t.Errorf("seed %d, facts %d:\n got %+v\nwant %+v\nreason %s\n%s\n%s", seed, n, got, want, real.Decide(facts).Reason, p.source(), shown)
	}
}

// plain is what the real policy came to, as the reference says it.
func plain(o policy.Outcome) outcome {
	found := outcome{result: o.Result, rule: o.Rule}
	for _, a := range o.Actions {
		argument := ""
		for _, value := range a.Spec.Arguments {
			argument = value
		}
		found.asked = append(found.asked, asked{a.Rule, a.Spec.Kind, a.Spec.Target, argument})
	}
	return found
}
