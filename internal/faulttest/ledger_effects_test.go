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

// compareDecisions checks that there is exactly one decision for each transition and each
// applicant. A decision on incomplete facts must say what is missing and approve nobody,
// and an approval may be withheld only if something is missing.
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
			l.wrongApproval("decision %s on %s is incomplete, because of %q, and asks for %+v", d.ID, d.Object, d.Reason, d.Actions)
		}
	}
	for _, a := range l.applicants {
		d, there := l.decided[a.inquiry]
		missing := l.missing(d)
		switch approved := slices.ContainsFunc(d.Actions, approves); {
		case !there:
			l.lost("%s of %s, who %s, was not decided on", a.inquiry, a.reference, a.name)
		case approved && len(missing) > 0:
			l.wrongApproval("%s, who %s, was approved although %v was missing", a.reference, a.name, missing)
		case a.approved && !approved && len(l.hidden) > 0 && len(missing) > 0:
			l.figures.withheld++
		case a.approved != approved:
			l.lost("%s, who %s, was decided on with approval %v by rule %q; missing was %v", a.reference, a.name, approved, d.Rule, missing)
		}
	}
}

// missing returns the missing facts of a decision.
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

// approves reports whether an action approves a person.
func approves(spec domain.ActionSpec) bool {
	return spec.Kind == domain.ApproveInquiry || spec.Kind == domain.SetCaseStatus && spec.Arguments["status"] == "Approved"
}

// compareEffects checks that every action took effect once at the sandbox, and that nobody
// was wrongly approved.
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
			l.wrongApproval("action %s, %s of %s, approves somebody who must not be approved", a.ID, a.Spec.Kind, a.Spec.Target)
		}
	}
	l.compareCalls(approvable)
}

// compareApplicant checks what happened at the sandbox for an applicant.
func (l *ledger) compareApplicant(a applicant) {
	times := func(want int, object, event string) {
		switch n := l.occurrences[object][event]; {
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
		updates = 0 // the case already has the status
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

// compareCalls checks the calls themselves: one-time links and rejected approvals cause no
// events.
func (l *ledger) compareCalls(approvable map[string]bool) {
	links := map[string]int{} // number of calls that took effect, by path
	for _, c := range l.sandbox.Calls("sandbox") {
		switch c.Operation {
		case "Inquiries.Approve":
			if id := strings.Split(c.Path, "/")[4]; !approvable[id] {
				l.wrongApproval("the service called %s, and that person must not be approved", c.Path)
			}
		case "Inquiries.GenerateOneTimeLink":
			// Whoever is not an applicant asked for the links, see verify_test.go.
			if _, applied := approvable[strings.Split(c.Path, "/")[4]]; applied && (c.Status < 300 || c.Fault == sandbox.FaultStatusAfter) && !c.Replayed {
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

// callsOf lists the calls of a path with time, key and result.
func (l *ledger) callsOf(path string) string {
	var list strings.Builder
	for _, c := range l.sandbox.Calls("sandbox") {
		if c.Path == path {
			fmt.Fprintf(&list, "\n  %+v", c)
		}
	}
	return list.String()
}
