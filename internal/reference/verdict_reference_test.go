package reference

import "github.com/idemhq/idem/internal/domain"

// hostRules are what the host chooses about verdicts.
type hostRules struct {
	caseStatuses map[string]domain.Verdict
	reapply      string // deny, review or allow
}

// standing is a verdict and the object it comes from; nil for none.
type standing struct {
	verdict domain.Verdict
	from    *thing
}

// verdict is what the host may rely on for a subject that has these inquiries and cases.
func (r hostRules) verdict(inquiries, cases []*thing) standing {
	if len(inquiries) == 0 {
		kase := newest(cases)
		if kase == nil {
			return standing{verdict: domain.VerdictNone}
		}
		return standing{r.ofCase(kase), kase}
	}
	var open []*thing // neither expired nor redacted
	for _, i := range inquiries {
		if v := r.ofInquiry(i, cases).verdict; v != domain.VerdictExpired && v != domain.VerdictRedacted {
			open = append(open, i)
		}
	}
	counts := newest(open)
	if counts == nil {
		counts = newest(inquiries)
	}
	stands := r.ofInquiry(counts, cases)
	if decline, ok := r.declineBeside(counts, inquiries, cases); ok {
		return r.afterDecline(stands, counts, decline)
	}
	return stands
}

// declineBeside returns the newest decline of another inquiry that the one that counts
// cannot simply lift: of any that is older, unless the host allows to apply again, and of
// one that is newer and counts no more because it is redacted.
func (r hostRules) declineBeside(counts *thing, inquiries, cases []*thing) (standing, bool) {
	var declined []*thing
	for _, i := range inquiries {
		later := before(counts, i)
		if i != counts && r.wasDeclined(i, cases) && (later || r.reapply != "allow") {
			declined = append(declined, i)
		}
	}
	decline := newest(declined)
	if decline == nil {
		return standing{}, false
	}
	for _, c := range cases {
		if c.is(decline.id) && r.caseStatuses[c.status()] == domain.VerdictDeclined && decline.status() != "declined" {
			return standing{domain.VerdictDeclined, c}, true
		}
	}
	return standing{domain.VerdictDeclined, decline}, true
}

func (r hostRules) afterDecline(stands standing, counts *thing, decline standing) standing {
	if r.reapply == "deny" {
		return decline
	}
	switch stands.verdict {
	case domain.VerdictApproved:
		if counts.status() == "approved" && counts.reviewer == "user" {
			return stands // a person approved, and knew
		}
		return standing{domain.VerdictReview, stands.from}
	case domain.VerdictPending, domain.VerdictExpired:
		return decline
	}
	return stands
}

// wasDeclined reports whether an inquiry was declined, by itself or by a case. That its
// data is gone since does not undo it.
func (r hostRules) wasDeclined(i *thing, cases []*thing) bool {
	for _, c := range cases {
		if c.is(i.id) && r.caseStatuses[c.status()] == domain.VerdictDeclined {
			return true
		}
	}
	return i.status() == "declined"
}

// ofInquiry is the verdict of one inquiry: its case's where it has one. Of several cases
// the newest counts that is declined; else the newest that is not approved; all of them
// must be approved for an approval.
func (r hostRules) ofInquiry(i *thing, cases []*thing) standing {
	if i.redacted() {
		return standing{domain.VerdictRedacted, i}
	}
	var about []*thing
	for _, c := range cases {
		if c.is(i.id) {
			about = append(about, c)
		}
	}
	if len(about) > 0 {
		kase := r.strictest(about)
		return standing{r.ofCase(kase), kase}
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

func (r hostRules) strictest(cases []*thing) *thing {
	var declined, open []*thing
	for _, c := range cases {
		switch r.ofCase(c) {
		case domain.VerdictDeclined:
			declined = append(declined, c)
		case domain.VerdictApproved:
		default:
			open = append(open, c)
		}
	}
	for _, group := range [][]*thing{declined, open, cases} {
		if len(group) > 0 {
			return newest(group)
		}
	}
	return nil
}

func (r hostRules) ofCase(c *thing) domain.Verdict {
	if c.redacted() {
		return domain.VerdictRedacted
	}
	if v, known := r.caseStatuses[c.status()]; known {
		return v
	}
	return domain.VerdictReview
}

// before reports whether a was created before b. What does not say when it was created is
// the oldest; ids decide between two of one moment.
func before(a, b *thing) bool {
	atA, hasA := a.moment("created-at")
	atB, hasB := b.moment("created-at")
	switch {
	case hasA != hasB:
		return hasB
	case !atA.Equal(atB):
		return atA.Before(atB)
	}
	return a.id < b.id
}

func newest(of []*thing) *thing {
	var found *thing
	for _, t := range of {
		if found == nil || before(found, t) {
			found = t
		}
	}
	return found
}
