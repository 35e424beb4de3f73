package simulation

import (
	"slices"

	"github.com/idemhq/idem/sandbox"
)

// rules are a policy together with an independent implementation of it.
type rules struct {
	name    string
	file    string // empty for the built-in policy
	reapply string
	outcome func(p *person, q *inquiry) string // the outcome of an ended inquiry: approved, declined or needs_review
}

func allRules() []rules {
	return []rules{
		{"built-in", "", "review", func(p *person, q *inquiry) string {
			matched := slices.ContainsFunc(p.reports, func(r report) bool { return r.matches && r.inquiry == q.id })
			if q.ended == "completed" && len(q.attempts) > 0 && q.passed(sandbox.GovernmentIDTemplateID) && q.passed(sandbox.SelfieTemplateID) && !matched {
				return "approved"
			}
			return "needs_review"
		}},
		{"stricter", "testdata/stricter.yaml", "deny", func(p *person, q *inquiry) string {
			switch {
			case q.failures(sandbox.GovernmentIDTemplateID) >= 3:
				return "declined"
			case q.ended != "completed" || slices.ContainsFunc(p.reports, func(r report) bool { return r.matches }):
				return "needs_review"
			case q.tried(sandbox.GovernmentIDTemplateID) && q.passed(sandbox.GovernmentIDTemplateID) && q.tried(sandbox.SelfieTemplateID) && q.passed(sandbox.SelfieTemplateID):
				return "approved"
			default:
				return "needs_review"
			}
		}},
		{"lenient", "testdata/lenient.yaml", "allow", func(_ *person, q *inquiry) string {
			if q.ended == "completed" && q.tried(sandbox.GovernmentIDTemplateID) && q.passed(sandbox.GovernmentIDTemplateID) {
				return "approved"
			}
			return "needs_review"
		}},
	}
}

func (q *inquiry) tried(template string) bool {
	return slices.ContainsFunc(q.attempts, func(a attempt) bool { return a.template == template })
}

// passed reports whether the last attempt passed or there was none.
func (q *inquiry) passed(template string) bool {
	for _, a := range slices.Backward(q.attempts) {
		if a.template == template {
			return a.passed
		}
	}
	return true
}

func (q *inquiry) failures(template string) (n int) {
	for _, a := range q.attempts {
		if a.template == template && !a.passed {
			n++
		}
	}
	return n
}
