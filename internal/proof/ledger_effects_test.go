package proof

import (
	"fmt"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/sandbox"
)

// compareDecisions demands that every transition was decided on once, and every
// applicant's. A decision that was made on incomplete facts says what was missing and
// approves nobody.
func (l *ledger) compareDecisions() {
	decided := map[string]int{}
	made := map[domain.Transition]bool{}
	for _, d := range all(l.world, l.rows.Decisions) {
		if made[d.Transition] {
			l.doubled("%+v was decided on twice", d.Transition)
		}
		made[d.Transition] = true
		decided[d.Object.ID]++
		switch d.Result {
		case domain.Decided:
		case domain.Incomplete:
			l.figures.incomplete++
			l.incomplete[d.Object.ID] = true
			if len(l.hidden) == 0 || d.Reason == "" || slices.ContainsFunc(d.Actions, approves) {
				l.wrong("decision %s on %s is incomplete, because of %q, and asks for %+v", d.ID, d.Object, d.Reason, d.Actions)
			}
		default:
			l.t.Errorf("decision %s on %s is %s: %s", d.ID, d.Object, d.Result, d.Reason)
		}
	}
	for _, a := range l.applicants {
		if n := decided[a.inquiry]; n != 1 {
			l.lost("%s of %s, who %s, was decided on %d times", a.inquiry, a.reference, a.name, n)
		}
	}
}

// approves reports whether an action approves somebody.
func approves(spec domain.ActionSpec) bool {
	return spec.Kind == domain.ApproveInquiry || spec.Kind == domain.SetCaseStatus && spec.Arguments["status"] == "Approved"
}

// compareEffects demands that what was decided took effect once at the sandbox, and that
// nobody was approved who must not be.
func (l *ledger) compareEffects() {
	approvable := map[string]bool{} // inquiries and cases
	for _, a := range l.applicants {
		approvable[a.inquiry], approvable[a.kase] = a.approved, a.approved
		l.compareApplicant(a)
	}
	for _, a := range all(l.world, l.rows.Actions) {
		l.figures.actions++
		switch {
		case a.State == domain.ActionSkipped && a.Spec.Target.IsZero():
			l.figures.skipped++
		case a.State != domain.ActionDone && a.State != domain.ActionAlreadyDone:
			l.t.Errorf("action %s, %s of %s, is %s: %s", a.ID, a.Spec.Kind, a.Spec.Target, a.State, a.Outcome)
		}
		if approves(a.Spec) && !a.Spec.Target.IsZero() && !approvable[a.Spec.Target.ID] {
			l.wrong("action %s, %s of %s, approves somebody who must not be approved", a.ID, a.Spec.Kind, a.Spec.Target)
		}
	}
	l.compareCalls(approvable)
}

// compareApplicant demands what must have happened to an applicant at the sandbox.
func (l *ledger) compareApplicant(a applicant) {
	times := func(want int, object, event string) {
		switch n := l.happenings[object][event]; {
		case n < want:
			l.lost("%s happened to %s of somebody who %s %d times, not %d", event, object, a.name, n, want)
		case n > want:
			l.doubled("%s happened to %s of somebody who %s %d times, not %d", event, object, a.name, n, want)
		}
	}
	approvals, reviews, updates := 0, 1, 1
	switch {
	case l.incomplete[a.inquiry]:
		updates = 0 // the case waits for a person as it is
	case a.approved:
		approvals, reviews = 1, 0
	}
	times(approvals, a.inquiry, "inquiry.approved")
	times(reviews, a.inquiry, "inquiry.marked-for-review")
	if !a.noCase {
		times(approvals, a.kase, "case.resolved")
		times(updates, a.kase, "case.status-updated")
	}
}

// compareCalls looks at the calls themselves: a one-time link leaves no event, and an
// approval that was refused leaves none either.
func (l *ledger) compareCalls(approvable map[string]bool) {
	links := map[string]int{} // calls that took effect, by path
	for _, c := range l.sandbox.Calls("sandbox") {
		switch c.Operation {
		case "Inquiries.Approve":
			if id := strings.Split(c.Path, "/")[4]; !approvable[id] {
				l.wrong("the service called %s, and that person must not be approved", c.Path)
			}
		case "Inquiries.GenerateOneTimeLink":
			if (c.Status < 300 || c.Fault == sandbox.FaultStatusAfter) && !c.Replayed {
				links[c.Path]++
			}
		}
	}
	for path, n := range links {
		if n > 1 {
			l.doubled("%s took effect %d times:%s", path, n, l.callsOf(path))
		}
	}
}

// callsOf lists the calls of a path: when, with which key, and what became of them.
func (l *ledger) callsOf(path string) string {
	var list strings.Builder
	for _, c := range l.sandbox.Calls("sandbox") {
		if c.Path == path {
			fmt.Fprintf(&list, "\n  %+v", c)
		}
	}
	return list.String()
}
