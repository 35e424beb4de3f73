package reference

import (
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
)

func TestNoVerdictDiffersFromTheReference(t *testing.T) {
	t.Parallel()
	counted := figures{}
	for _, seed := range seeds(t, 100_000, 5_000) {
		d := newDraw(seed)
		s := d.subject()
		want := s.verdict()
		counted["subjects"]++
		counted[string(want.verdict)]++
		for range 3 {
			got := fold.Verdict(objects(shuffled(d, s.inquiries)), objects(shuffled(d, s.cases)), s.hostRules.real())
			if got.Verdict == domain.VerdictApproved && want.verdict != domain.VerdictApproved {
				counted["WRONG APPROVALS"]++
				t.Errorf("WRONG APPROVAL: seed %d", seed)
			}
			for _, i := range s.inquiries {
				cases := shuffled(d, s.cases)
				if known.unsortedCases {
					cases = s.sorted(cases)
				}
				got := fold.DeclinedBefore(i.object(), objects(shuffled(d, s.inquiries)), objects(cases), s.hostRules.real())
				if want := s.declinedBefore(i); got != want {
					t.Errorf("seed %d: declined before %s: %t, want %t\nrules %+v\ninquiries %s\ncases %s", seed, i.id, got, want, s.hostRules, shown(s.inquiries), shown(s.cases))
				}
			}
			if wantWhy := want.real(); got != wantWhy {
				t.Errorf("seed %d: got %+v, want %+v\nrules %+v\ninquiries %s\ncases %s", seed, got, wantWhy, s.hostRules, shown(s.inquiries), shown(s.cases))
				break
			}
		}
		if n := counted["WRONG APPROVALS"]; n > 5 {
			break
		}
	}
	counted.report(t)
}

// subject draws somebody with inquiries and cases.
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
		cases = append(cases, c)
	}
	return subject{d.hostRules(), inquiries, cases}
}

func (r hostRules) real() fold.VerdictRules {
	return fold.VerdictRules{CaseStatuses: r.caseStatuses, Reapply: fold.Reapply(r.reapply)}
}

func (s standing) real() fold.Why {
	if s.from == nil {
		return fold.Why{Verdict: s.verdict}
	}
	return fold.Why{Verdict: s.verdict, Object: domain.Ref{Type: s.from.typ, ID: s.from.id}, Status: s.from.status()}
}

// shown writes things for people.
func shown(things []*thing) string {
	text := ""
	for _, t := range things {
		text += "\n  " + t.id + " " + string(encode(t.attributes)) + " reviewer " + t.reviewer + " about " + string(encode(t.inquiries))
	}
	return text
}
