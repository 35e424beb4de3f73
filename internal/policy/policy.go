package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/yamlfile"
)

// Policy is a set of rules that was read and checked.
type Policy struct {
	version    string
	verdicts   fold.VerdictRules
	thresholds map[string]float64
	language   *language
	rules      []rule
	warnings   []string
}

// rule is one rule. Without a condition it matches every transition that it covers.
type rule struct {
	name, explain string
	object        string
	to, from      []string
	when          *condition
	otherwise     bool
	continues     bool // the rules after it are tried as well
	approves      bool
	then          []step
}

// Error says what is wrong with a policy, and where. Line and Column count from one;
// they are zero where the problem is not at one place.
type Error = yamlfile.Error

// Version is the version the policy gives itself.
func (p *Policy) Version() string { return p.version }

// VerdictRules are how verdicts are made under the policy.
func (p *Policy) VerdictRules() fold.VerdictRules {
	return fold.VerdictRules{CaseStatuses: maps.Clone(p.verdicts.CaseStatuses), Reapply: p.verdicts.Reapply}
}

// Warnings say what is probably a mistake in the policy, each with its place in the
// file. The policy can be used all the same.
func (p *Policy) Warnings() []string { return slices.Clone(p.warnings) }

// NeedsAccountReports reports whether a condition looks at the reports of the account.
func (p *Policy) NeedsAccountReports() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.when != nil && slices.Contains(r.when.variables, "account_reports") })
}

// Covers reports whether any rule is for a transition, so that its facts are needed.
func (p *Policy) Covers(t domain.Transition) bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.covers(t) })
}

func (r rule) covers(t domain.Transition) bool {
	return t.Object.Family() == r.object && slices.Contains(r.to, t.To) && (len(r.from) == 0 || slices.Contains(r.from, t.From))
}

// unconditional reports whether the rule matches every transition that it covers.
func (r rule) unconditional() bool { return r.when == nil || r.when.always }

// Rules describes the rules for people, each in a line, in the order of the file.
func (p *Policy) Rules() []string {
	lines := make([]string, len(p.rules))
	for i, r := range p.rules {
		lines[i] = r.String()
	}
	return lines
}

// String is "approve what passed: inquiry becomes completed → approve_inquiry".
func (r rule) String() string {
	steps := make([]string, len(r.then))
	for i, s := range r.then {
		steps[i] = strings.TrimSpace(string(s.kind.Name) + " " + s.argument)
	}
	from, manner := "", ""
	if len(r.from) > 0 {
		from = " from " + strings.Join(r.from, " or ")
	}
	switch {
	case r.otherwise:
		manner = ", otherwise"
	case r.continues:
		manner = ", continue"
	}
	return fmt.Sprintf("%s: %s becomes %s%s%s → %s", r.name, r.object, strings.Join(r.to, " or "), from, manner, strings.Join(steps, ", "))
}
