package policy

import (
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/action"
	"github.com/idemhq/idem/internal/domain"
)

// step is an action of a rule, without its targets.
type step struct {
	kind     action.Kind
	argument string
}

// newStep validates an action's name and argument.
func newStep(s fileStep, environment domain.Environment) (step, string) {
	kind, known := action.Find(domain.ActionKind(s.name))
	switch {
	case !known:
		return step{}, fmt.Sprintf("there is no action %q%s", s.name, didYouMean(s.name, action.Names()))
	case kind.Argument != "" && s.argument == "":
		return step{}, fmt.Sprintf("%s needs its %s: write %s: …", kind.Name, kind.Argument, kind.Name)
	case kind.Argument == "" && s.argument != "":
		return step{}, fmt.Sprintf("%s takes no argument", kind.Name)
	case kind.SandboxOnly && environment == domain.Production:
		return step{}, string(kind.Name) + " is for the sandbox; a production policy may not use it"
	}
	return step{kind, s.argument}, ""
}

// asksFor reports whether the action asks for a verdict, approved or declined.
func (s step) asksFor(verdict domain.Verdict, statuses map[string]domain.Verdict) bool {
	return s.kind.AsksFor(verdict, s.argument, statuses)
}

// Approves reports whether an outcome approves a person.
func (p *Policy) Approves(o Outcome) bool {
	return slices.ContainsFunc(o.Actions, func(a Action) bool { return action.AsksFor(domain.VerdictApproved, a.Spec, p.verdicts.CaseStatuses) })
}

// Declines reports whether an action declines a person.
func (p *Policy) Declines(s domain.ActionSpec) bool {
	return action.AsksFor(domain.VerdictDeclined, s, p.verdicts.CaseStatuses)
}

// actions applies the rule's steps to their targets. A step with nothing to act on becomes
// an action without a target.
func (r rule) actions(f Facts) []Action {
	var actions []Action
	for _, s := range r.then {
		spec := domain.ActionSpec{Kind: s.kind.Name, Arguments: s.kind.Arguments(s.argument)}
		targets := s.targets(f)
		if len(targets) == 0 {
			targets = []domain.Ref{{}}
		}
		for _, target := range targets {
			spec.Target = target
			actions = append(actions, Action{Rule: r.name, Spec: spec})
		}
	}
	return actions
}

// targets returns what a step acts on: all cases of the facts, the account, or the inquiry.
func (s step) targets(f Facts) []domain.Ref {
	switch s.kind.Target {
	case "case":
		return refs(f.Cases)
	case "account":
		return refs(one(f.Account))
	default:
		if s.kind.Name == domain.MarkInquiryForReview {
			return f.decidedInquiry()
		}
		return refs(one(f.Inquiry))
	}
}

// decidedInquiry returns the inquiry of the facts. An inquiry that could not be read is known
// by its transition: it can still be marked for review.
func (f Facts) decidedInquiry() []domain.Ref {
	if f.Inquiry == nil && f.Transition.Object.Family() == "inquiry" {
		return []domain.Ref{f.Transition.Object}
	}
	return refs(one(f.Inquiry))
}

// review returns the actions that mark all inquiries of the facts for review.
func (r rule) review(f Facts) []Action {
	inquiries := refs(f.Inquiries)
	if len(inquiries) == 0 {
		inquiries = f.decidedInquiry()
	}
	if len(inquiries) == 0 {
		inquiries = []domain.Ref{{}}
	}
	var actions []Action
	for _, target := range inquiries {
		actions = append(actions, Action{Rule: r.name, Spec: domain.ActionSpec{Kind: domain.MarkInquiryForReview, Target: target}})
	}
	return actions
}

func one(o *domain.Object) []domain.Object {
	if o == nil {
		return nil
	}
	return []domain.Object{*o}
}

func refs(objects []domain.Object) []domain.Ref {
	var out []domain.Ref
	for _, o := range objects {
		out = append(out, o.Ref)
	}
	return out
}
