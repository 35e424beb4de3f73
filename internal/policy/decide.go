package policy

import (
	"fmt"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
)

// Decide tries the rules in order. The first rule whose condition holds decides, and no
// other. Decide never fails: a rule that cannot be evaluated leads to a review, and so does
// a rule that would approve while facts are missing.
func (p *Policy) Decide(f Facts) Outcome {
	var added []Action
	var variables map[string]any
	for _, r := range p.rules {
		if !r.covers(f.Transition) {
			continue
		}
		if variables == nil {
			variables = p.language.values(f)
		}
		if r.when != nil {
			holds, problem := r.when.holds(variables)
			if problem != "" {
				return r.unevaluated(f, added, problem)
			}
			if !holds {
				continue
			}
		}
		if !r.continues {
			return p.decided(r, f, added)
		}
		added = append(added, r.actions(f)...)
	}
	return Outcome{Result: domain.NoRule, Explanation: "no rule matched", Actions: added}
}

// decided returns the outcome of a rule whose condition holds.
func (p *Policy) decided(r rule, f Facts, added []Action) Outcome {
	o := Outcome{Result: domain.Decided, Rule: r.name, Explanation: r.explanation(f)}
	switch {
	case r.approves && len(f.Missing) > 0:
		o.Result = domain.Incomplete
		o.Reason = "missing: " + missing(f.Missing)
		o.Explanation = fmt.Sprintf("%q would approve, but facts are missing: marked for review", r.name)
	case r.approves && f.DeclinedBefore && p.verdicts.Reapply != fold.ReapplyAllow:
		o.Reason = "declined before"
		o.Explanation = fmt.Sprintf("%q would approve, but an older inquiry was declined: marked for review", r.name)
	default:
		o.Actions = append(added, r.actions(f)...)
		return o
	}
	o.Actions = append(added, r.review(f)...)
	return o
}

// unevaluated returns the outcome of a rule whose condition cannot be evaluated.
func (r rule) unevaluated(f Facts, added []Action, problem string) Outcome {
	return Outcome{
		Result: domain.NotEvaluated, Rule: r.name, Reason: problem, Actions: append(added, r.review(f)...),
		Explanation: fmt.Sprintf("%q could not be evaluated: marked for review", r.name),
	}
}

func (r rule) explanation(f Facts) string {
	text := r.explain
	if text == "" {
		text = r.name
	}
	if failed := FailedChecks(f.Verifications); len(failed) > 0 {
		text += " (failed checks: " + strings.Join(failed, ", ") + ")"
	}
	return text
}

// missing lists the missing facts, shortened if there are many.
func missing(what []string) string {
	const most = 10
	if len(what) <= most {
		return strings.Join(what, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(what[:most], "; "), len(what)-most)
}
