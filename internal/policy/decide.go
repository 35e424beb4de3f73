package policy

import (
	"encoding/json"
	"fmt"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
)

// Decide tries the rules in order; the first whose condition holds decides, alone. It
// never fails: a rule that cannot be evaluated, and one that would approve while facts
// are missing, means that a person must look.
func (p *Policy) Decide(f Facts) Outcome {
	var added []Action
	var variables map[string]any
	for _, r := range p.rules {
		if !r.covers(f.Transition) {
			continue
		}
		if variables == nil {
			variables = p.language.values(f, p.thresholds)
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

// decided is the outcome of a rule whose condition holds.
func (p *Policy) decided(r rule, f Facts, added []Action) Outcome {
	o := Outcome{Result: domain.Decided, Rule: r.name, Explanation: r.explanation(f)}
	switch {
	case r.approves && len(f.Missing) > 0:
		o.Result = domain.Incomplete
		o.Reason = "missing: " + missing(f.Missing)
		o.Explanation = fmt.Sprintf("%q would approve, but not everything could be read: a person must look", r.name)
	case r.approves && f.DeclinedBefore && p.verdicts.Reapply != fold.ReapplyAllow:
		o.Reason = "declined before"
		o.Explanation = fmt.Sprintf("%q would approve, but an older inquiry was declined before: a person must look", r.name)
	default:
		o.Actions = append(added, r.actions(f)...)
		return o
	}
	o.Actions = append(added, r.review(f)...)
	return o
}

// unevaluated is the outcome of a rule whose condition cannot be evaluated.
func (r rule) unevaluated(f Facts, added []Action, problem string) Outcome {
	return Outcome{
		Result: domain.NotEvaluated, Rule: r.name, Reason: problem, Actions: append(added, r.review(f)...),
		Explanation: fmt.Sprintf("%q could not be evaluated: a person must look", r.name),
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

// missing lists what is missing, the first of it where it is much.
func missing(what []string) string {
	const most = 10
	if len(what) <= most {
		return strings.Join(what, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(what[:most], "; "), len(what)-most)
}

// values are what conditions see of the facts.
func (l *language) values(f Facts, thresholds map[string]float64) map[string]any {
	list := func(name string, objects []domain.Object) any {
		return types.NewRefValList(types.DefaultTypeAdapter, recordsOf(name, objects, l.kinds))
	}
	verifications, attempts := list("Verification", counted(f.Verifications)), list("Verification", f.Verifications)
	return map[string]any{
		"environment":     string(f.Environment),
		"transition":      l.transition(f.Transition),
		"inquiry":         recordOf("Inquiry", f.Inquiry, l.kinds),
		"inquiries":       list("Inquiry", f.Inquiries),
		"account":         recordOf("Account", f.Account, l.kinds),
		"cases":           list("Case", f.Cases),
		"verifications":   verifications,
		"@verifications":  verifications,
		"attempts":        attempts,
		"@attempts":       attempts,
		"reports":         list("Report", f.Reports),
		"account_reports": list("Report", f.AccountReports),
		"sessions":        list("Session", f.Sessions),
		"failed_checks":   FailedChecks(f.Verifications),
		"thresholds":      l.thresholds(thresholds),
		"declined_before": f.DeclinedBefore,
	}
}

func (l *language) transition(t domain.Transition) *record {
	r := &record{kind: l.kinds["Transition"], attributes: map[string]json.RawMessage{}, all: l.kinds}
	for name, value := range map[string]string{"from": t.From, "to": t.To, "event": t.Event} {
		r.attributes[name], _ = json.Marshal(value) // a text always encodes
	}
	return r
}

func (l *language) thresholds(numbers map[string]float64) *record {
	r := &record{kind: l.kinds["Thresholds"], attributes: map[string]json.RawMessage{}, all: l.kinds}
	for name, n := range numbers {
		r.attributes[name], _ = json.Marshal(n) // NaN and infinities do not: reading them fails
	}
	return r
}
