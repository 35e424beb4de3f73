package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/idemhq/idem/internal/domain"
)

// Facts are what a decision is made on.
type Facts struct {
	Environment   domain.Environment
	Transition    domain.Transition
	Inquiry       *domain.Object // nil where the transition is not about one
	Account       *domain.Object
	Cases         []domain.Object
	Verifications []domain.Object
	Reports       []domain.Object
}

// Outcome is what one rule came to.
type Outcome struct {
	Rule        string
	Explanation string // the rule's own words and the failed checks; no personal data
	Actions     []domain.ActionSpec
}

func celEnvironment() (*cel.Env, error) {
	object := cel.MapType(cel.StringType, cel.DynType)
	return cel.NewEnv(
		cel.Variable("environment", cel.StringType),
		cel.Variable("transition", cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable("inquiry", object),
		cel.Variable("account", object),
		cel.Variable("cases", cel.ListType(object)),
		cel.Variable("verifications", cel.ListType(object)),
		cel.Variable("reports", cel.ListType(object)),
		cel.Variable("failed_checks", cel.ListType(cel.StringType)),
		cel.Variable("thresholds", cel.MapType(cel.StringType, cel.DoubleType)),
	)
}

// Decide returns the outcomes of the rules that fire. A condition that cannot be
// evaluated, such as one that reads an attribute that is not there, is an error that
// names the rule: nothing is decided on a guess.
func (p *Policy) Decide(f Facts) ([]Outcome, error) {
	var outcomes []Outcome
	var variables map[string]any
	for _, r := range p.rules {
		if !r.covers(f.Transition) {
			continue
		}
		if variables == nil {
			variables = p.variables(f)
		}
		value, _, err := r.when.Eval(variables)
		if err != nil {
			return nil, fmt.Errorf("rule %q of policy %s: %s", r.name, p.version, r.problem(err))
		}
		holds, ok := value.Value().(bool)
		if !ok {
			return nil, fmt.Errorf("rule %q of policy %s: the condition is neither true nor false", r.name, p.version)
		}
		if holds {
			outcomes = append(outcomes, Outcome{Rule: r.name, Explanation: r.explanation(f), Actions: r.actions(f)})
		}
	}
	return outcomes, nil
}

// problem says why a condition cannot be evaluated. CEL quotes the value it stumbled
// over, which may be a person's: only a key that the condition itself spells is named.
func (r rule) problem(err error) string {
	if key, found := strings.CutPrefix(err.Error(), "no such key: "); found && slices.Contains(r.words, key) {
		return fmt.Sprintf("the facts have no %q", key)
	}
	return "the condition cannot be evaluated on these facts: a value is missing, of another type, or too costly to look at"
}

// Covers reports whether any rule is for a transition, so that its facts are needed.
func (p *Policy) Covers(t domain.Transition) bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.covers(t) })
}

func (r rule) covers(t domain.Transition) bool {
	return t.Object.Family() == r.object && slices.Contains(r.to, t.To) && (len(r.from) == 0 || slices.Contains(r.from, t.From))
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

// actions says what the rule's steps act on.
func (r rule) actions(f Facts) []domain.ActionSpec {
	var specs []domain.ActionSpec
	for _, s := range r.then {
		var targets []domain.Ref
		argument := ""
		switch s.kind {
		case domain.SetCaseStatus, domain.TagCase:
			for _, c := range f.Cases {
				targets = append(targets, c.Ref)
			}
		case domain.TagAccount:
			if f.Account != nil {
				targets = append(targets, f.Account.Ref)
			}
		default:
			if f.Inquiry != nil {
				targets = append(targets, f.Inquiry.Ref)
			}
		}
		switch s.kind {
		case domain.SetCaseStatus:
			argument = "status"
		case domain.TagCase, domain.TagAccount, domain.TagInquiry:
			argument = "tag"
		case domain.SimulateInquiry:
			argument = "actions"
		}
		for _, target := range targets {
			spec := domain.ActionSpec{Kind: s.kind, Target: target}
			if argument != "" {
				spec.Arguments = map[string]string{argument: s.argument}
			}
			specs = append(specs, spec)
		}
	}
	return specs
}

// check is one check of a verification.
type check struct {
	Name, Status, Requirement string
	Reasons                   []string
}

// failed returns the required checks that failed. Of several verifications of one
// kind the last one counts: a person may try again. One that failed without saying by
// which check, because the webhook's lists blocked them, counts as a check of its
// type's name: what is withheld must not look like a pass.
func failed(verifications []domain.Object) []check {
	last := map[string]domain.Object{}
	for _, v := range verifications {
		if have, ok := last[v.Ref.Type]; !ok || created(v) >= created(have) {
			last[v.Ref.Type] = v
		}
	}
	var out []check
	for _, v := range last {
		var checks []check
		_ = json.Unmarshal(v.Attributes["checks"], &checks) // absent, or a list
		checks = slices.DeleteFunc(checks, func(c check) bool { return c.Status != "failed" || c.Requirement != "required" })
		if len(checks) == 0 && v.Status == "failed" {
			checks = []check{{Name: v.Ref.Type}}
		}
		out = append(out, checks...)
	}
	return out
}

// FailedChecks returns the names of the required checks that failed, sorted, each
// once.
func FailedChecks(verifications []domain.Object) []string {
	names := []string{}
	for _, c := range failed(verifications) {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// FailureReasons returns the codes of why required checks failed, as check.reason,
// sorted, each once.
func FailureReasons(verifications []domain.Object) []string {
	reasons := []string{}
	for _, c := range failed(verifications) {
		for _, reason := range c.Reasons {
			if reason != "" {
				reasons = append(reasons, c.Name+"."+reason)
			}
		}
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

// created is an object's created-at, whose texts sort as its moments do.
func created(o domain.Object) string {
	var text string
	_ = json.Unmarshal(o.Attributes["created-at"], &text) // absent, or a text
	return text
}

func (p *Policy) variables(f Facts) map[string]any {
	numbers := map[string]float64{}
	for name, n := range p.numbers {
		numbers[name] = n
	}
	return map[string]any{
		"environment":   string(f.Environment),
		"transition":    map[string]string{"from": f.Transition.From, "to": f.Transition.To, "event": f.Transition.Event},
		"inquiry":       variable(f.Inquiry),
		"account":       variable(f.Account),
		"cases":         variablesOf(f.Cases),
		"verifications": variablesOf(f.Verifications),
		"reports":       variablesOf(f.Reports),
		"failed_checks": FailedChecks(f.Verifications),
		"thresholds":    numbers,
	}
}

func variablesOf(objects []domain.Object) []map[string]any {
	out := make([]map[string]any, len(objects))
	for i := range objects {
		out[i] = variable(&objects[i])
	}
	return out
}

// variable is an object as conditions see it: its attributes in snake_case beside
// its id, type and status.
func variable(o *domain.Object) map[string]any {
	out := map[string]any{}
	if o == nil {
		return out
	}
	for key, raw := range o.Attributes {
		var value any
		_ = json.Unmarshal(raw, &value) // it was JSON when it was stored
		out[strings.ReplaceAll(key, "-", "_")] = value
	}
	out["id"], out["type"], out["status"] = o.Ref.ID, o.Ref.Type, o.Status
	return out
}
