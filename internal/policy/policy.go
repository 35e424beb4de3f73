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

// Policy is a validated set of rules.
type Policy struct {
	version  string
	verdicts fold.VerdictRules
	language *language
	rules    []rule
	warnings []string
}

// rule is one rule. Without a condition it matches every transition that it covers.
type rule struct {
	name, explain string
	object        string
	to, from      []string
	when          *condition
	otherwise     bool
	continues     bool // continue with the following rules
	approves      bool
	declines      bool
	then          []step
}

// Error is an error in a policy, with its position. Line and Column count from one; they
// are zero if the problem has no single position.
type Error = yamlfile.Error

// Version returns the version in the policy's file.
func (p *Policy) Version() string { return p.version }

// VerdictRules returns the policy's rules for computing verdicts.
func (p *Policy) VerdictRules() fold.VerdictRules {
	return fold.VerdictRules{CaseStatuses: maps.Clone(p.verdicts.CaseStatuses), Reapply: p.verdicts.Reapply}
}

// Warnings returns probable mistakes in the policy, with their positions. The policy works
// despite them.
func (p *Policy) Warnings() []string { return slices.Clone(p.warnings) }

// NeedsAccountReports reports whether a condition uses the account's reports.
func (p *Policy) NeedsAccountReports() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.when != nil && slices.Contains(r.when.variables, "account_reports") })
}

// Covers reports whether any rule applies to a transition, so that its facts are needed.
func (p *Policy) Covers(t domain.Transition) bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.covers(t) })
}

func (r rule) covers(t domain.Transition) bool {
	return t.Object.Family() == r.object && slices.Contains(r.to, t.To) && (len(r.from) == 0 || slices.Contains(r.from, t.From))
}

// unconditional reports whether the rule matches every transition that it covers.
func (r rule) unconditional() bool { return r.when == nil || r.when.always }

// Rules describes the rules for people, one per line, in the order of the file.
func (p *Policy) Rules() []string {
	lines := make([]string, len(p.rules))
	for i, r := range p.rules {
		lines[i] = r.String()
	}
	return lines
}

// String returns for example "approve what passed: inquiry becomes completed →
// approve_inquiry".
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
