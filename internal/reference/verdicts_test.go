package reference

import (
	"fmt"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
)

func TestNoVerdictDiffersFromTheReference(t *testing.T) {
	t.Parallel()
	counted := figures{}
	for _, seed := range seeds(t, 100_000, 1_000) {
		d := newDraw(seed)
		s := d.subject()
		want := s.verdict()
		counted["subjects"]++
		counted[string(want.verdict)]++
		inquiries, cases := objects(s.inquiries), stored(s.cases)
		for range 2 {
			got := fold.Verdict(shuffled(d, inquiries), s.owned(), shuffled(d, cases), s.real())
			if got.Verdict == domain.VerdictApproved && want.verdict != domain.VerdictApproved {
				t.Errorf("WRONG APPROVAL: seed %d", seed)
			}
			if got != want.real() {
				t.Errorf("seed %d: got %+v, want %+v\n%s", seed, got, want.real(), s)
			}
		}
		for _, i := range s.inquiries {
			got := fold.DeclinedBefore(i.object(), shuffled(d, inquiries), shuffled(d, cases), s.real())
			if want := s.declinedBefore(i); got != want {
				t.Errorf("seed %d: declined before %s: %t, want %t\n%s", seed, i.id, got, want, s)
			}
		}
		if t.Failed() {
			break
		}
	}
	counted.demand(t, "approved", "declined", "redacted")
	counted.report(t)
}

// subject draws a person with inquiries and cases.
func (d *draw) subject() subject {
	var inquiries, cases []*thing
	for range pick(d, 0, 1, 1, 2, 2, 2, 3, 4) {
		i := &thing{typ: "inquiry", id: d.id("inq"), attributes: map[string]any{}}
		i.attributes["status"] = pick(d, "created", "pending", "completed", "failed", "expired", "needs_review", "approved", "approved", "declined", "declined", "reticulated", "")
		i.reviewer = pick(d, "", "user", "workflow-run", "api-key")
		if d.chance(97) {
			i.attributes["created-at"] = d.when()
		}
		if d.chance(20) {
			i.attributes["redacted-at"] = d.when()
		}
		inquiries = append(inquiries, i)
	}
	for range pick(d, 0, 0, 1, 1, 2, 3) {
		c := &thing{typ: "case", id: d.id("case"), attributes: map[string]any{"status": pick(d, "Open", "Pending", "Approved", "Approved", "Declined", "Waived", "Odd")}}
		if d.chance(97) {
			c.attributes["created-at"] = d.when()
		}
		if d.chance(8) {
			c.attributes["redacted-at"] = d.when()
		}
		for _, i := range inquiries {
			if d.chance(40) {
				c.inquiries = append(c.inquiries, i.id)
			}
		}
		if d.chance(10) {
			c.inquiries = append(c.inquiries, "inq_elsewhere")
		}
		if d.chance(40) {
			c.accounts = []string{"act_1"}
		}
		switch d.IntN(10) {
		case 0: // no event showed it
		case 1:
			c.judge()
			c.judgedStatus = "Approved"
		case 2, 3:
			c.judge()
			c.judged = slices.DeleteFunc(c.judged, func(string) bool { return d.chance(50) }) // the others were put into it later
		default:
			c.judge()
		}
		cases = append(cases, c)
	}
	return subject{d.hostRules(), inquiries, cases, []string{"act_1", "act_2"}}
}

// owned returns the accounts of a subject.
func (s subject) owned() (accounts []domain.Object) {
	for _, id := range s.accounts {
		accounts = append(accounts, domain.Object{Ref: domain.Ref{Type: "account", ID: id}})
	}
	return accounts
}

// real converts the rules to the service's form.
func (r hostRules) real() fold.VerdictRules {
	return fold.VerdictRules{CaseStatuses: r.caseStatuses, Reapply: fold.Reapply(r.reapply)}
}

// real converts a verdict to the service's form.
func (s standing) real() fold.VerdictSource {
	if s.from == nil {
		return fold.VerdictSource{Verdict: s.verdict}
	}
	return fold.VerdictSource{Verdict: s.verdict, Object: domain.Ref{Type: s.from.typ, ID: s.from.id}, Status: s.from.status()}
}

// String describes a subject in failures.
func (s subject) String() string {
	text := fmt.Sprintf("reapply %s, case statuses %v", s.reapply, s.caseStatuses)
	for _, t := range slices.Concat(s.inquiries, s.cases) {
		text += fmt.Sprintf("\n  %s %s reviewer %q about %v, %s when it was about %v", t.id, encode(t.attributes), t.reviewer, t.inquiries, t.judgedStatus, t.judged)
	}
	return text
}
