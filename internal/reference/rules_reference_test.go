package reference

import (
	"slices"

	"github.com/idemhq/idem/internal/domain"
)

// plan is a policy as plain values.
type plan struct {
	hostRules
	thresholds map[string]float64
	rules      []rule
}

// rule is one rule of a plan. A nil condition means none.
type rule struct {
	name      string
	object    string
	from, to  []string // empty from means any
	when      *condition
	otherwise bool
	goesOn    bool // continue
	then      []step
}

// step is an action of a rule.
type step struct {
	kind     domain.ActionKind
	argument string // a status or a tag; empty if the kind has no argument
}

// facts are what a decision is based on.
type facts struct {
	environment                       domain.Environment
	object                            domain.Ref // the object with the transition
	from, to, event                   string
	inquiry, account                  *thing
	inquiries, cases, attempts        []*thing
	reports, accountReports, sessions []*thing
	declinedBefore                    bool
	missing                           []string
	thresholds                        map[string]float64
}

// outcome is the result of a plan.
type outcome struct {
	result domain.DecisionResult
	rule   string
	asked  []asked
}

// asked is a requested call. Its target is zero if there is nothing to act on.
type asked struct {
	rule     string
	kind     domain.ActionKind
	target   domain.Ref
	argument string
}

// decide tries the rules in order.
func (p *plan) decide(f *facts) outcome {
	var added []asked
	for _, r := range p.rules {
		if !r.covers(f) {
			continue
		}
		holds := yes
		if r.when != nil {
			holds = r.when.holds(f)
		}
		switch {
		case holds == no:
		case holds == unknown:
			return outcome{domain.NotEvaluated, r.name, append(added, review(r.name, f)...)}
		case r.goesOn:
			added = append(added, r.asks(f)...)
		case p.approves(r) && len(f.missing) > 0:
			return outcome{domain.Incomplete, r.name, append(added, review(r.name, f)...)}
		case p.approves(r) && f.declinedBefore && p.reapply != "allow":
			return outcome{domain.Decided, r.name, append(added, review(r.name, f)...)}
		default:
			return outcome{domain.Decided, r.name, append(added, r.asks(f)...)}
		}
	}
	return outcome{domain.NoRule, "", added}
}

func (r rule) covers(f *facts) bool {
	return f.object.Family() == r.object && slices.Contains(r.to, f.to) && (len(r.from) == 0 || slices.Contains(r.from, f.from))
}

// approves reports whether a rule can approve a person.
func (p *plan) approves(r rule) bool {
	return slices.ContainsFunc(r.then, func(s step) bool { return p.approving(s.kind, s.argument) })
}

func (p *plan) approving(kind domain.ActionKind, argument string) bool {
	return kind == domain.ApproveInquiry || kind == domain.SetCaseStatus && p.caseStatuses[argument] == domain.VerdictApproved
}

// approved reports whether an outcome requests an approval.
func (p *plan) approved(o outcome) bool {
	return slices.ContainsFunc(o.asked, func(a asked) bool { return p.approving(a.kind, a.argument) })
}

// asks returns the calls that a rule requests, in the order of its steps.
func (r rule) asks(f *facts) (calls []asked) {
	for _, s := range r.then {
		call := asked{rule: r.name, kind: s.kind, argument: s.argument}
		var targets []*thing
		switch s.kind {
		case domain.SetCaseStatus, domain.TagCase:
			targets = f.cases
		case domain.TagAccount:
			targets = present(f.account)
		case domain.MarkInquiryForReview:
			targets = reviewable(f)
		default:
			targets = present(f.inquiry)
		}
		calls = append(calls, each(call, targets)...)
	}
	return calls
}

// review returns the calls that mark inquiries for review. A case keeps its status.
func review(rule string, f *facts) []asked {
	return each(asked{rule: rule, kind: domain.MarkInquiryForReview}, reviewed(f))
}

// reviewed returns the inquiries to review: for a case, all of them.
func reviewed(f *facts) []*thing {
	if f.object.Family() == "case" {
		return f.inquiries
	}
	return reviewable(f)
}

// reviewable returns the inquiry, also if all that is known of it is its id.
func reviewable(f *facts) []*thing {
	if f.inquiry == nil && f.object.Family() == "inquiry" {
		return []*thing{{typ: f.object.Type, id: f.object.ID}}
	}
	return present(f.inquiry)
}

func present(t *thing) []*thing {
	if t == nil {
		return nil
	}
	return []*thing{t}
}

// each returns a call on each target, or one without a target.
func each(call asked, targets []*thing) (calls []asked) {
	if len(targets) == 0 {
		return []asked{call}
	}
	for _, t := range targets {
		call.target = domain.Ref{Type: t.typ, ID: t.id}
		calls = append(calls, call)
	}
	return calls
}
