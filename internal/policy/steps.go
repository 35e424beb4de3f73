package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
)

// step is one action of a rule, before it is known what it acts on.
type step struct {
	kind     domain.ActionKind
	argument string
}

// arguments names the argument of each kind of action, empty for one that takes none.
func arguments() map[domain.ActionKind]string {
	return map[domain.ActionKind]string{
		domain.ApproveInquiry: "", domain.DeclineInquiry: "", domain.MarkInquiryForReview: "", domain.GenerateOneTimeLink: "",
		domain.SetCaseStatus: "status", domain.TagInquiry: "tag", domain.TagCase: "tag", domain.TagAccount: "tag", domain.SimulateInquiry: "actions",
	}
}

// newStep checks an action's name and argument.
func newStep(s fileStep, environment domain.Environment) (step, string) {
	kind := domain.ActionKind(s.name)
	argument, known := arguments()[kind]
	switch {
	case !known:
		var names []string
		for k := range maps.Keys(arguments()) {
			names = append(names, string(k))
		}
		return step{}, fmt.Sprintf("there is no action %q%s", s.name, didYouMean(s.name, names))
	case argument != "" && s.argument == "":
		return step{}, fmt.Sprintf("%s needs its %s: write %s: …", kind, argument, kind)
	case argument == "" && s.argument != "":
		return step{}, fmt.Sprintf("%s takes no argument", kind)
	case kind == domain.SimulateInquiry && environment == domain.Production:
		return step{}, "simulate_inquiry is for the sandbox; a production policy may not use it"
	}
	return step{kind, s.argument}, ""
}

// decides reports whether the action decides about somebody, and does not only add
// something.
func (s step) decides() bool {
	switch s.kind {
	case domain.TagInquiry, domain.TagCase, domain.TagAccount, domain.GenerateOneTimeLink:
		return false
	default:
		return true
	}
}

// approves reports whether the action approves somebody.
func (s step) approves(statuses map[string]domain.Verdict) bool {
	switch s.kind {
	case domain.ApproveInquiry:
		return true
	case domain.SetCaseStatus:
		return statuses[s.argument] == domain.VerdictApproved
	case domain.SimulateInquiry:
		return slices.Contains(strings.Fields(s.argument), "approve_inquiry")
	default:
		return false
	}
}

// Approves reports whether an outcome approves somebody.
func (p *Policy) Approves(o Outcome) bool {
	return slices.ContainsFunc(o.Actions, func(a Action) bool {
		return step{a.Spec.Kind, a.Spec.Arguments[arguments()[a.Spec.Kind]]}.approves(p.verdicts.CaseStatuses)
	})
}

// Declines reports whether an action declines somebody.
func (p *Policy) Declines(s domain.ActionSpec) bool {
	switch s.Kind {
	case domain.DeclineInquiry:
		return true
	case domain.SetCaseStatus:
		return p.verdicts.CaseStatuses[s.Arguments["status"]] == domain.VerdictDeclined
	case domain.SimulateInquiry:
		return slices.Contains(strings.Fields(s.Arguments["actions"]), "decline_inquiry")
	default:
		return false
	}
}

// actions says what the rule's steps act on. A step that has nothing to act on becomes
// an action without a target.
func (r rule) actions(f Facts) []Action {
	var actions []Action
	for _, s := range r.then {
		spec := domain.ActionSpec{Kind: s.kind}
		if name := arguments()[s.kind]; name != "" {
			spec.Arguments = map[string]string{name: s.argument}
		}
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

// targets are what a step acts on: every case of the facts, the account, or the inquiry.
func (s step) targets(f Facts) []domain.Ref {
	switch s.kind {
	case domain.SetCaseStatus, domain.TagCase:
		return refs(f.Cases)
	case domain.TagAccount:
		return refs(one(f.Account))
	default:
		return refs(one(f.Inquiry))
	}
}

// review are the actions of a rule that hand the decision to a person: all inquiries of
// the facts are marked for review.
func (r rule) review(f Facts) []Action {
	inquiries := refs(f.Inquiries)
	if len(inquiries) == 0 {
		inquiries = refs(one(f.Inquiry))
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
