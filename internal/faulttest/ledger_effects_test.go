package faulttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/sandbox"
)

// compareDecisions demands that every transition was decided on once, and every
// applicant's. A decision that was made on incomplete facts says what was missing and
// approves nobody, and only where something was missing was an approval withheld.
func (l *ledger) compareDecisions() {
	made := map[domain.Transition]bool{}
	for _, d := range all(l.world, l.rows.Decisions) {
		if made[d.Transition] {
			l.doubled("%+v was decided on twice", d.Transition)
		}
		made[d.Transition] = true
		if _, before := l.decided[d.Object.ID]; before {
			l.doubled("%s was decided on twice", d.Object)
		}
		l.decided[d.Object.ID] = d
		if d.Result != domain.Decided && d.Result != domain.Incomplete {
			l.t.Errorf("decision %s on %s is %s: %s", d.ID, d.Object, d.Result, d.Reason)
		}
		if d.Result == domain.Incomplete && (d.Reason == "" || slices.ContainsFunc(d.Actions, approves)) {
			l.wrong("decision %s on %s is incomplete, because of %q, and asks for %+v", d.ID, d.Object, d.Reason, d.Actions)
		}
	}
	for _, a := range l.applicants {
		d, there := l.decided[a.inquiry]
		missing := l.missing(d)
		switch approved := slices.ContainsFunc(d.Actions, approves); {
		case !there:
			l.lost("%s of %s, who %s, was not decided on", a.inquiry, a.reference, a.name)
		case approved && len(missing) > 0:
			l.wrong("%s, who %s, was approved although %v was missing", a.reference, a.name, missing)
		case a.approved && !approved && len(l.hidden) > 0 && len(missing) > 0:
			l.figures.withheld++
		case a.approved != approved:
			l.lost("%s, who %s, was decided on with approval %v by rule %q; missing was %v", a.reference, a.name, approved, d.Rule, missing)
		}
	}
}

// missing is what was missing of the facts of a decision.
func (l *ledger) missing(d domain.Decision) []string {
	if d.ID == "" {
		return nil
	}
	whole, err := l.rows.Decision(l.t.Context(), domain.Sandbox, d.ID)
	if err != nil {
		l.t.Fatal(err)
	}
	var facts policy.Facts
	if err := json.Unmarshal(whole.Facts, &facts); err != nil {
		l.t.Fatalf("the facts of decision %s cannot be read: %v", d.ID, err)
	}
	return facts.Missing
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
	decision := l.decided[a.inquiry]
	approvals, reviews, updates := 0, 1, 1
	switch {
	case decision.Result == domain.Incomplete:
		updates = 0 // the case waits for a person as it is
	case slices.ContainsFunc(decision.Actions, approves):
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
