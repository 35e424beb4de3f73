package reference

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

// factsPerPlan is the number of decisions for each policy.
const factsPerPlan = 50

func TestNoDecisionApprovesWhereTheReferenceDoesNot(t *testing.T) {
	t.Parallel()
	counted := figures{}
	for _, seed := range seeds(t, 2_100, 50) {
		d := newDraw(seed)
		p := d.plan()
		real, err := policy.Load("drawn.yaml", p.source(), domain.Sandbox)
		switch {
		case p.approvesByAbsence() && err == nil:
			t.Errorf("seed %d: a policy that approves by the absence of a value was accepted:\n%s", seed, p.source())
		case p.approvesByAbsence():
			counted["policies refused"]++
		case err != nil:
			t.Errorf("seed %d: %v\n%s", seed, err, p.source())
		default:
			counted["policies"]++
			for range factsPerPlan {
				counted.add(compareDecision(t, seed, p, real, d.facts(p)))
			}
			decideAgain(t, seed, real, d.facts(p))
		}
		if t.Failed() {
			return
		}
	}
	counted.demand(t, "approvals", "incomplete", "not_evaluated", "no_rule_matched")
	counted.report(t)
}

func TestTheBuiltInPolicyDoesWhatItSays(t *testing.T) {
	t.Parallel()
	counted := figures{}
	p := builtIn()
	real := load(t, policy.Default)
	for _, seed := range seeds(t, 5_000, 300) {
		counted.add(compareDecision(t, seed, p, real, newDraw(seed).facts(p)))
	}
	counted.demand(t, "approvals", "incomplete", "not_evaluated")
	counted.report(t)
}

// compareDecision compares a decision with the reference.
func compareDecision(t *testing.T, seed uint64, p *plan, real *policy.Policy, f *facts) figures {
	t.Helper()
	outcome := real.Decide(f.real())
	got, want := plain(outcome), p.decide(f)
	if p.approved(got) && !p.approved(want) {
		t.Errorf("WRONG APPROVAL: seed %d", seed)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("seed %d:\n got %+v because %q\nwant %+v\n%s\n%s", seed, got, outcome.Reason, want, p.source(), encode(f.real()))
	}
	counted := figures{"decisions": 1, string(want.result): 1}
	if p.approved(want) {
		counted["approvals"]++
	}
	return counted
}

// decideAgain decides on facts as stored with a decision.
func decideAgain(t *testing.T, seed uint64, real *policy.Policy, f *facts) {
	t.Helper()
	var kept policy.Facts
	must(t, json.Unmarshal(encode(f.real()), &kept))
	if first, again := real.Decide(f.real()), real.Decide(kept); !reflect.DeepEqual(first, again) {
		t.Errorf("seed %d: decided %+v, and %+v on the facts that were kept: %s", seed, first, again, encode(kept))
	}
}

// plain converts an outcome of the real policy to the reference's form.
func plain(o policy.Outcome) outcome {
	found := outcome{result: o.Result, rule: o.Rule}
	for _, a := range o.Actions {
		found.asked = append(found.asked, asked{a.Rule, a.Spec.Kind, a.Spec.Target, argument(a.Spec)})
	}
	return found
}

// argument returns the argument of an action, or "".
func argument(spec domain.ActionSpec) string {
	for _, value := range spec.Arguments {
		return value
	}
	return ""
}

// load loads a valid policy.
func load(t *testing.T, file func() (name string, source []byte)) *policy.Policy {
	t.Helper()
	name, source := file()
	p, err := policy.Load(name, source, domain.Sandbox)
	must(t, err)
	return p
}

// rules returns the file of a policy in a test.
func rules(source string) func() (string, []byte) {
	return func() (string, []byte) { return "rules.yaml", []byte(source) }
}

// A missing value approves nobody: removing a value from the facts never turns another
// result into an approval, whatever conditions the policy has.
func TestRemovingAValueNeverApproves(t *testing.T) {
	t.Parallel()
	counted := figures{}
	for _, seed := range seeds(t, 1_500, 60) {
		d := newDraw(seed)
		p := &plan{hostRules: d.hostRules(), thresholds: map[string]float64{"limit": 1}}
		p.rules = []rule{{name: "approve", object: "inquiry", to: []string{"completed"}, when: d.condition(3, true), then: []step{{domain.ApproveInquiry, ""}}}}
		real, err := policy.Load("drawn.yaml", p.source(), domain.Sandbox)
		if err != nil {
			counted["policies refused"]++
			continue
		}
		counted["policies"]++
		for range 20 {
			f := d.facts(p)
			f.missing = nil
			if p.approved(plain(real.Decide(f.real()))) {
				counted["approvals"]++
				continue
			}
			key := d.takeAway(f)
			counted["values taken away"]++
			if p.approved(plain(real.Decide(f.real()))) {
				t.Errorf("seed %d: approved without %q\n%s\n%s", seed, key, p.source(), encode(f.real()))
			}
		}
	}
	counted.demand(t, "policies", "policies refused", "approvals", "values taken away")
	counted.report(t)
}

// takeAway removes a value from the facts, but none whose absence makes the facts
// incomplete, and returns its key.
func (d *draw) takeAway(f *facts) string {
	things := slices.Concat(f.inquiries, f.cases, f.attempts, f.reports, f.accountReports, f.sessions, present(f.account))
	for {
		from := pick(d, things...)
		key := pick(d, "note", "reference-id", "tags", "fields", "account-status", "resolution", "name", "country-code", "from-reusable-persona", "id-class", "is-proxy")
		if from.attributes[key] == nil {
			if d.chance(2) {
				return "nothing"
			}
			continue
		}
		if delete(from.attributes, key); d.chance(50) {
			from.attributes[key] = nil
		}
		return key
	}
}
