package reference

import (
	"slices"

	"github.com/idemhq/idem/internal/domain"
)

// hostRules are the host's choices for verdicts.
type hostRules struct {
	caseStatuses map[string]domain.Verdict
	reapply      string // deny, review or allow
}

// subject is a person with inquiries and cases.
type subject struct {
	hostRules
	inquiries, cases []*thing
	accounts         []string
}

// standing is a verdict and the object that it is based on, or nil.
type standing struct {
	verdict domain.Verdict
	from    *thing
}

// verdict returns the person's verdict.
func (s subject) verdict() standing {
	if len(s.inquiries) == 0 {
		return s.withoutInquiry()
	}
	var open []*thing // neither expired nor redacted
	for _, i := range s.inquiries {
		if v := s.ofInquiry(i).verdict; v != domain.VerdictExpired && v != domain.VerdictRedacted {
			open = append(open, i)
		}
	}
	counts := s.newest(open)
	if counts == nil {
		counts = s.newest(s.inquiries)
	} else if newer := s.newestDecline(func(i *thing) bool { return s.before(counts, i) }); newer.from != nil {
		return newer // redacted, but older approvals stay invalid
	}
	stands := s.ofInquiry(counts)
	older := s.newestDecline(func(i *thing) bool { return s.before(i, counts) })
	if older.from == nil || s.reapply == "allow" {
		return stands
	}
	return s.afterDecline(stands, counts, older)
}

func (s subject) withoutInquiry() standing {
	kase := s.newest(s.cases)
	switch {
	case kase == nil:
		return standing{verdict: domain.VerdictNone}
	case kase.redacted():
		return standing{domain.VerdictRedacted, kase}
	case s.ofCase(kase) == domain.VerdictApproved && !slices.ContainsFunc(s.accounts, kase.vouchesFor):
		return standing{domain.VerdictReview, kase} // the accounts were put into it later
	}
	return standing{s.ofCase(kase), kase}
}

// afterDecline returns the verdict if the inquiry that counts follows a decline.
func (s subject) afterDecline(stands standing, counts *thing, decline standing) standing {
	switch {
	case stands.verdict == domain.VerdictRedacted:
		return stands // all data is redacted
	case s.reapply == "deny":
		return decline
	case stands.verdict == domain.VerdictPending, stands.verdict == domain.VerdictExpired:
		return decline
	case stands.verdict == domain.VerdictApproved && counts.reviewer != "user":
		return standing{domain.VerdictReview, stands.from}
	}
	return stands
}

// newestDecline returns the newest decline that matches, or zero.
func (s subject) newestDecline(wanted func(*thing) bool) standing {
	var declined []*thing
	for _, i := range s.inquiries {
		if wanted(i) && s.decline(i).from != nil {
			declined = append(declined, i)
		}
	}
	if newest := s.newest(declined); newest != nil {
		return s.decline(newest)
	}
	return standing{}
}

// declinedBefore reports whether another inquiry was declined that is not known to be
// newer.
func (s subject) declinedBefore(i *thing) bool {
	at, dated := i.moment("created-at")
	for _, other := range s.inquiries {
		since, known := other.moment("created-at")
		newer := dated && known && since.After(at)
		if other.id != i.id && !newer && s.decline(other).from != nil {
			return true
		}
	}
	return false
}

// decline returns the decline of an inquiry, by itself or by a case, unless the case that
// counts approves it. A later redaction does not undo it. It is zero if there is none.
func (s subject) decline(i *thing) standing {
	counts := s.counting(i)
	if counts != nil && s.ofCase(counts) != domain.VerdictDeclined {
		if s.ofCase(counts) == domain.VerdictApproved {
			return standing{}
		}
		counts = nil
	}
	if counts == nil && i.status() == "declined" {
		counts = i
	}
	for _, c := range s.sorted(s.about(i)) {
		if counts == nil && s.ofCase(c) == domain.VerdictDeclined {
			counts = c
		}
	}
	return standing{domain.VerdictDeclined, counts}
}

// ofInquiry returns the verdict of one inquiry: that of the case that counts, or its own.
func (s subject) ofInquiry(i *thing) standing {
	if i.redacted() {
		return standing{domain.VerdictRedacted, i}
	}
	if c := s.counting(i); c != nil {
		return standing{s.ofCase(c), c}
	}
	switch i.status() {
	case "created", "pending":
		return standing{domain.VerdictPending, i}
	case "approved":
		return standing{domain.VerdictApproved, i}
	case "declined":
		return standing{domain.VerdictDeclined, i}
	case "expired":
		return standing{domain.VerdictExpired, i}
	}
	return standing{domain.VerdictReview, i}
}

// counting returns the newest case of an inquiry, or nil. A case that approved does not count
// if it was redacted then, or if the inquiry was put into it later; any other case does.
func (s subject) counting(i *thing) *thing {
	for _, c := range s.sorted(s.about(i)) {
		if s.ofCase(c) != domain.VerdictApproved {
			return c
		}
		if !c.redacted() && c.vouchesFor(i.id) {
			return c
		}
	}
	return nil
}

func (s subject) about(i *thing) (found []*thing) {
	for _, c := range s.cases {
		if c.is(i.id) {
			found = append(found, c)
		}
	}
	return found
}

func (r hostRules) ofCase(c *thing) domain.Verdict {
	if v, known := r.caseStatuses[c.status()]; known {
		return v
	}
	return domain.VerdictReview
}

// before reports whether a was created before b. An object without a creation time is the
// oldest if it approves and the newest otherwise, so that missing data never helps to
// approve. Of two that were created in the same second, one that approves is the older.
func (s subject) before(a, b *thing) bool {
	if ageA, ageB := s.age(a), s.age(b); ageA != ageB {
		return ageA < ageB
	}
	atA, _ := a.moment("created-at")
	atB, _ := b.moment("created-at")
	if !atA.Equal(atB) {
		return atA.Before(atB)
	}
	if s.approves(a) != s.approves(b) {
		return s.approves(a)
	}
	return a.id < b.id
}

func (s subject) age(t *thing) int {
	if _, dated := t.moment("created-at"); dated {
		return 0
	}
	if s.approves(t) {
		return -1
	}
	return 1
}

func (s subject) approves(t *thing) bool {
	if t.typ == "inquiry" {
		return s.ofInquiry(t).verdict == domain.VerdictApproved
	}
	return s.ofCase(t) == domain.VerdictApproved
}

// sorted returns things, newest first.
func (s subject) sorted(things []*thing) []*thing {
	return slices.SortedFunc(slices.Values(things), func(a, b *thing) int {
		if s.before(b, a) {
			return -1
		}
		return 1
	})
}

func (s subject) newest(things []*thing) *thing {
	if len(things) == 0 {
		return nil
	}
	return s.sorted(things)[0]
}
