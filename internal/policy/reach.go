package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
)

// transitions checks that a rule applies to at least one possible transition. For inquiries
// the statuses are known.
func (l *loader) transitions(path string, r rule) error {
	objects := []string{"inquiry", "case"}
	switch {
	case !slices.Contains(objects, r.object):
		return l.problem(path, "on.object must be inquiry or case%s", didYouMean(r.object, objects))
	case len(r.to) == 0:
		return l.problem(path, "on.to must name the statuses the rule is for")
	}
	if r.object == "inquiry" {
		for _, status := range slices.Concat(r.to, r.from) {
			if status != "" && !fold.KnownStatus(domain.Ref{Type: r.object}, status) {
				return l.problem(path+".on", "an inquiry never has the status %q%s", status, didYouMean(status, inquiryStatuses()))
			}
		}
	}
	if len(r.from) > 0 && !slices.ContainsFunc(r.to, func(to string) bool {
		return slices.ContainsFunc(r.from, func(from string) bool { return from != to })
	}) {
		return l.problem(path+".on", "from and to name the same status, so the rule can never match")
	}
	return nil
}

func inquiryStatuses() []string {
	return []string{"created", "pending", "completed", "failed", "expired", "needs_review", "approved", "declined"}
}

// shadows returns the name of an earlier rule that prevents r from ever matching, or "". If
// several rules together do, it names the last of them.
func (p *Policy) shadows(r rule) (by string) {
	for _, to := range r.to {
		name, closed := p.closed(r.object, to, r.from)
		if !closed {
			return ""
		}
		by = name
	}
	return by
}

// closed reports whether every transition to a status is always matched by some rule, and
// names the last of these rules. An empty from means transitions from any status.
func (p *Policy) closed(object, to string, from []string) (by string, closed bool) {
	open := slices.DeleteFunc(slices.Clone(from), func(status string) bool { return status == to })
	for _, r := range p.rules {
		if r.object != object || !slices.Contains(r.to, to) || r.continues || !r.unconditional() {
			continue
		}
		if len(r.from) == 0 {
			return r.name, true
		}
		open = slices.DeleteFunc(open, func(status string) bool { return slices.Contains(r.from, status) })
		if len(from) > 0 && len(open) == 0 {
			return r.name, true
		}
	}
	return "", false
}

// warn adds warnings about probable mistakes.
func (l *loader) warn() {
	for _, to := range []string{"completed", "failed"} {
		covered := slices.ContainsFunc(l.policy.rules, func(r rule) bool { return r.object == "inquiry" && slices.Contains(r.to, to) && !r.continues })
		if _, closed := l.policy.closed("inquiry", to, nil); !covered {
			l.warning("$.rules", "no rule decides on an inquiry that becomes %s", to)
		} else if !closed {
			l.warning("$.rules", "an inquiry that becomes %s may match no rule: end the list with a rule that has otherwise: true", to)
		}
	}
	for i, r := range l.policy.rules {
		path := fmt.Sprintf("$.rules[%d]", i)
		if r.approves && (r.unconditional() || r.when.withoutEvidence) {
			l.warning(path, "the rule also approves a person without any verification: require one, such as passed(\"government-id\")")
		}
		if r.approves && r.declines {
			l.warning(path, "the rule both approves and declines: leave one of the two to another rule")
		}
		if r.when != nil {
			if by := l.policy.approvedAfter(i); by != "" && r.when.guard != nil {
				l.policy.warnings = append(l.policy.warnings, inCondition(l.at, path+".when", r.when.text, r.when.guard,
					fmt.Sprintf("if this value is withheld, the rule does not match, and %q may approve: test the value alone, because a condition that reads an absent value leads to a review", by)).Error())
			}
			for _, tag := range r.when.lowerTags {
				l.warning(path+".when", "no tag is %q: Persona shows tags in capitals, so write %q", tag, strings.ToUpper(tag))
			}
		}
		for j, s := range r.then {
			if s.kind.Name == domain.SetCaseStatus {
				l.status(fmt.Sprintf("%s.then[%d]", path, j), s.argument)
			}
		}
		if r.object == "case" {
			l.circle(path, r)
			for _, status := range slices.Concat(r.to, r.from) {
				l.status(path+".on", status)
			}
		}
	}
}

// approvedAfter returns the name of a rule after the i-th one that approves on one of its
// transitions, if the i-th rule stops people from being approved; otherwise "".
func (p *Policy) approvedAfter(i int) string {
	stops := p.rules[i]
	if stops.continues || stops.approves {
		return ""
	}
	for _, r := range p.rules[i+1:] {
		if r.approves && r.object == stops.object && slices.ContainsFunc(r.to, func(to string) bool { return slices.Contains(stops.to, to) }) {
			return r.name
		}
	}
	return ""
}

// circle adds a warning if the rules could move a case in circles, each round with calls to
// Persona, until somebody stops them.
func (l *loader) circle(path string, r rule) {
	for _, to := range r.to {
		for _, next := range r.sets() {
			if next != to && l.policy.leads(next, to, map[string]bool{}) {
				l.warning(path, "the rules can move a case in circles for ever: from %q to %q and back to %q", to, next, to)
				return
			}
		}
	}
}

// leads reports whether the rules for cases can move a case from one status to another. It
// looks at no status again that it has seen.
func (p *Policy) leads(from, to string, seen map[string]bool) bool {
	if from == to || seen[from] {
		return from == to
	}
	seen[from] = true
	return slices.ContainsFunc(p.rules, func(r rule) bool {
		return r.object == "case" && slices.Contains(r.to, from) && slices.ContainsFunc(r.sets(), func(next string) bool {
			return p.leads(next, to, seen)
		})
	})
}

// sets returns the statuses that a rule gives to cases.
func (r rule) sets() (statuses []string) {
	for _, s := range r.then {
		if s.kind.Name == domain.SetCaseStatus {
			statuses = append(statuses, s.argument)
		}
	}
	return statuses
}

// status adds a warning about a status that case_statuses does not name.
func (l *loader) status(path, status string) {
	if _, known := l.file.CaseStatuses[status]; known || status == "" {
		return
	}
	var names []string
	for name := range l.file.CaseStatuses {
		names = append(names, name)
	}
	l.warning(path, "case_statuses does not name %q, so it means review%s", status, didYouMean(status, names))
}

func (l *loader) warning(path, format string, args ...any) {
	l.policy.warnings = append(l.policy.warnings, l.problem(path, format, args...).Error())
}
