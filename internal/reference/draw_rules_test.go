package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
)

// plan draws a policy.
func (d *draw) plan() *plan {
	p := &plan{hostRules: d.hostRules(), thresholds: map[string]float64{"limit": float64(d.IntN(3))}}
	p.addRules(d, "inquiry", some(d, 40, "completed", "failed", "needs_review", "approved"))
	if d.chance(40) {
		p.addRules(d, "case", some(d, 40, "Open", "Pending", "Approved", "Escalated"))
	}
	return p
}

func (d *draw) hostRules() hostRules {
	r := hostRules{reapply: pick(d, "deny", "review", "allow"), caseStatuses: map[string]domain.Verdict{
		"Open": domain.VerdictReview, "Pending": domain.VerdictReview, "Approved": domain.VerdictApproved, "Declined": domain.VerdictDeclined,
	}}
	if d.chance(20) {
		r.caseStatuses["Waived"] = domain.VerdictApproved
	}
	if d.chance(20) {
		delete(r.caseStatuses, pick(d, "Open", "Approved", "Declined"))
	}
	return r
}

func (p *plan) addRules(d *draw, object string, to []string) {
	for range 1 + d.IntN(3) {
		r := rule{name: fmt.Sprintf("rule %d", len(p.rules)+1), object: object, to: some(d, 60, to...)}
		if d.chance(15) {
			from := map[string][]string{"inquiry": {"created", "pending"}, "case": {"Reopened", "Assigned"}}
			r.from = some(d, 50, from[object]...)
		}
		r.goesOn = d.chance(25)
		r.then = d.steps(object, r.goesOn)
		r.when = d.condition(3, d.chance(8))
		p.rules = append(p.rules, r)
	}
	if d.chance(60) {
		p.rules = append(p.rules, rule{
			name: fmt.Sprintf("rule %d", len(p.rules)+1), object: object, to: to, otherwise: d.chance(70), then: d.steps(object, false),
		})
	}
}

func (d *draw) steps(object string, adds bool) (steps []step) {
	add := []step{{domain.TagInquiry, "SEEN"}, {domain.TagCase, "SEEN"}, {domain.TagAccount, "SEEN"}, {domain.GenerateOneTimeLink, ""}}
	if adds {
		return some(d, 30, add...)
	}
	steps = append(steps, pick(d, step{domain.ApproveInquiry, ""}, step{domain.ApproveInquiry, ""}, step{domain.DeclineInquiry, ""}, step{domain.MarkInquiryForReview, ""}))
	if d.chance(40) {
		steps = append(steps, step{domain.SetCaseStatus, pick(d, "Approved", "Pending", "Declined", "Waived")})
	}
	if d.chance(20) {
		steps = append(steps, pick(d, add...))
	}
	if object == "case" && d.chance(30) {
		steps = []step{{domain.SetCaseStatus, pick(d, "Approved", "Pending", "Waived")}}
	}
	return steps
}

// condition draws a condition. A careless one uses negations, so that absent values may
// make it true.
func (d *draw) condition(depth int, careless bool) *condition {
	switch n := d.IntN(10); {
	case depth == 0 || n < 4:
		return d.leaf(careless)
	case n < 7:
		return d.condition(depth-1, careless).and(d.condition(depth-1, careless))
	case n < 8:
		return d.condition(depth-1, careless).or(d.condition(depth-1, careless))
	case n < 9:
		c := d.condition(depth-1, careless)
		if c.sees && !careless {
			return c
		}
		return c.not(pick(d, "!(%s)", "(%s) == false", "(%s) != true"))
	}
	which := d.condition(depth-1, careless)
	if (which.sees || which.misses) && !careless {
		return which
	}
	return which.choose(d.condition(depth-1, careless), d.condition(depth-1, careless))
}

func (d *draw) leaf(careless bool) *condition {
	name := pick(d, slices.Concat(verificationKinds, templates, []string{"verification/selfie"})...)
	count := d.IntN(3)
	switch d.IntN(16) {
	case 0, 1, 2:
		return evidence(fmt.Sprintf("passed(%q)", name), func(f *facts) tri { return passed(f.attempts, name) })
	case 3, 4:
		return evidence("clear(reports)", func(f *facts) tri { return is(clean(f.reports)) })
	case 5:
		return evidence("clear(account_reports)", func(f *facts) tri { return is(clean(f.accountReports)) })
	case 6:
		return ask(fmt.Sprintf("failed_attempts(%q) <= %d", name, count), func(f *facts) tri { return is(failedAttempts(f.attempts, name) <= count) })
	case 7:
		return d.verificationPart().latest(name)
	case 8:
		return ask("size(failed_checks) <= thresholds.limit", func(f *facts) tri {
			return is(float64(len(failedChecks(f.attempts))) <= f.thresholds["limit"])
		})
	case 9:
		check := pick(d, checkNames...)
		return ask(fmt.Sprintf("%q in failed_checks", check), func(f *facts) tri { return is(slices.Contains(failedChecks(f.attempts), check)) })
	case 10:
		return ask("declined_before", func(f *facts) tri { return is(f.declinedBefore) })
	case 11:
		return d.partOf(careless, d.inquiryPart).about("inquiry", func(f *facts) *thing { return f.inquiry })
	case 12:
		return d.partOf(careless, d.accountPart).about("account", func(f *facts) *thing { return f.account })
	case 13:
		list := pick(d, lists...)
		return ask(fmt.Sprintf("size(%s) > %d", list.name, count), func(f *facts) tri { return is(len(list.of(f)) > count) })
	}
	list := pick(d, lists...)
	p := d.partOf(careless, func() part { return list.part(d) })
	if d.chance(50) {
		return p.all(list.name, list.of)
	}
	return p.exists(list.name, list.of)
}

// latest returns a part about the last attempt with a name.
func (p part) latest(name string) *condition {
	text := strings.ReplaceAll(p.text, "%s", fmt.Sprintf("latest(%q)", name))
	return &condition{text, func(f *facts) tri {
		found := of(f.attempts, name)
		if len(found) == 0 {
			return unknown
		}
		return p.holds(last(found))
	}, p.sees, p.misses}
}

// partOf draws a part, sometimes a combination of two or a negation.
func (d *draw) partOf(careless bool, draw func() part) part {
	p := draw()
	switch d.IntN(6) {
	case 0:
		p = p.and(draw())
	case 1:
		p = p.or(draw())
	case 2:
		if !p.sees || careless {
			p = p.not()
		}
	}
	return p
}

type list struct {
	name string
	of   func(*facts) []*thing
	part func(*draw) part
}

var lists = []list{
	{"verifications", func(f *facts) []*thing { return counting(f.attempts) }, (*draw).verificationPart},
	{"attempts", func(f *facts) []*thing { return f.attempts }, (*draw).verificationPart},
	{"reports", func(f *facts) []*thing { return f.reports }, (*draw).reportPart},
	{"account_reports", func(f *facts) []*thing { return f.accountReports }, (*draw).reportPart},
	{"cases", func(f *facts) []*thing { return f.cases }, (*draw).casePart},
	{"sessions", func(f *facts) []*thing { return f.sessions }, (*draw).sessionPart},
	{"inquiries", func(f *facts) []*thing { return f.inquiries }, (*draw).inquiryPart},
}

func (d *draw) operator() string { return pick(d, "==", "==", "!=") }

func (d *draw) verificationPart() part {
	return pick(d,
		attribute("status", d.operator(), pick(d, "passed", "passed", "failed", "submitted")),
		attribute("status", "==", "passed"),
		attribute("country-code", d.operator(), pick(d, "US", "XX")),
		attribute("id-class", d.operator(), "dl"),
		typed("verification/"+pick(d, verificationKinds...)),
		checked(pick(d, checkNames...), pick(d, "passed", "failed")),
		unchecked(pick(d, "failed", "not_applicable")),
		has(pick(d, "country-code", "id-class", "completed-at")),
		earlier("created-at", d.when()), tagged("VIP"), flag("from-reusable-persona"),
	)
}

func (d *draw) reportPart() part {
	return pick(d,
		attribute("status", d.operator(), pick(d, "ready", "errored")),
		attribute("has-match", d.operator(), d.chance(50)),
		flag("has-match"), has("has-match"), tagged("VIP"), typed("report/"+pick(d, reportKinds...)),
	)
}

func (d *draw) sessionPart() part {
	return pick(d, attribute("status", d.operator(), "active"), flag("is-proxy"), attribute("country-code", d.operator(), "US"), has("is-proxy"))
}

func (d *draw) casePart() part {
	return pick(d,
		attribute("status", d.operator(), pick(d, "Open", "Approved")), attribute("resolution", d.operator(), "Approved"),
		attribute("name", d.operator(), "KYC-1"), has("resolution"), d.fieldPart(),
	)
}

func (d *draw) inquiryPart() part {
	return pick(d,
		attribute("status", d.operator(), pick(d, "completed", "pending")), attribute("note", d.operator(), "vip"),
		attribute("reference-id", d.operator(), "user-1"), has("note"), has("reference-id"), tagged("VIP"), earlier("created-at", d.when()),
		d.fieldPart(), d.fieldPart(),
	)
}

func (d *draw) accountPart() part {
	return pick(d,
		attribute("account-status", d.operator(), "Default"), attribute("reference-id", d.operator(), "user-1"),
		has("reference-id"), tagged("VIP"), d.fieldPart(), d.fieldPart(),
	)
}

func (d *draw) fieldPart() part {
	key := pick(d, fieldKeys...)
	return pick(d, field(key, "==", "US"), field(key, d.operator(), pick(d, "US", "XX")), field(key, "==", d.chance(50)), field(key, ">=", 500.0), hasField(key))
}

// source returns a plan as a file for the real policy.
func (p *plan) source() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "version: drawn\nreapply: %s\ncase_statuses:\n", p.reapply)
	for _, status := range slices.Sorted(maps.Keys(p.caseStatuses)) {
		fmt.Fprintf(&b, "  %q: %s\n", status, p.caseStatuses[status])
	}
	fmt.Fprintf(&b, "thresholds: {limit: %v}\nrules:\n", p.thresholds["limit"])
	for _, r := range p.rules {
		fmt.Fprintf(&b, "  - name: %q\n    on: {object: %s, to: [%s]", r.name, r.object, strings.Join(r.to, ", "))
		if len(r.from) > 0 {
			fmt.Fprintf(&b, ", from: [%s]", strings.Join(r.from, ", "))
		}
		b.WriteString("}\n")
		if r.when != nil {
			fmt.Fprintf(&b, "    when: %q\n", r.when.text)
		}
		if r.otherwise {
			b.WriteString("    otherwise: true\n")
		}
		if r.goesOn {
			b.WriteString("    continue: true\n")
		}
		b.WriteString("    then:\n")
		for _, s := range r.then {
			if s.argument == "" {
				fmt.Fprintf(&b, "      - %s\n", s.kind)
			} else {
				fmt.Fprintf(&b, "      - %s: %s\n", s.kind, s.argument)
			}
		}
	}
	return []byte(b.String())
}

// approvesByAbsence reports whether a rule that approves can match because a value is
// absent.
func (p *plan) approvesByAbsence() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.when != nil && r.when.misses && p.approves(r) })
}
