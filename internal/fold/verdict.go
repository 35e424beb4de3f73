package fold

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// VerdictRules are the host's choices for computing verdicts.
type VerdictRules struct {
	// CaseStatuses maps the statuses of case templates to verdicts. A status that is not in
	// the map means review.
	CaseStatuses map[string]domain.Verdict

	Reapply Reapply // zero means ReapplyReview
}

// Reapply says what a newer inquiry may become after an older one of the same person was
// declined.
type Reapply string

// The values of Reapply.
const (
	ReapplyDeny   Reapply = "deny"   // the person stays declined
	ReapplyReview Reapply = "review" // a person must approve the newer inquiry
	ReapplyAllow  Reapply = "allow"  // the newer inquiry counts as if there were no older one
)

// VerdictSource is a verdict with the object that it is based on.
type VerdictSource struct {
	Verdict domain.Verdict
	Object  domain.Ref
	Status  string
}

// Verdict computes the verdict on a person from the person's inquiries, accounts and cases,
// whose order does not matter.
//
// Each inquiry has a verdict: that of its case if it has one, otherwise its own. completed
// and failed mean review, since nobody has decided, and so does an unknown status. The
// person's verdict is that of the newest inquiry that is neither expired nor redacted, or
// of the newest inquiry if all are. Without inquiries it is that of the newest case.
//
// A case approves only what it was about when it got its status. What was added later was
// looked at by nobody, and what is not known to have been in the case counts as added later.
//
// A decline still counts after a newer inquiry, unless the rules allow people to apply
// again: see [Reapply]. It counts even if the declined inquiry was redacted later.
func Verdict(inquiries, accounts, cases []domain.Object, rules VerdictRules) VerdictSource {
	inquiries, cases = slices.Clone(inquiries), sortedCases(cases, rules)
	slices.SortFunc(inquiries, func(a, b domain.Object) int {
		return newestFirst(a, b, func(i domain.Object) domain.Verdict { return verdictOf(i, cases, rules).Verdict })
	})
	if len(inquiries) == 0 {
		if len(cases) == 0 {
			return VerdictSource{Verdict: domain.VerdictNone}
		}
		return caseVerdict(cases[0], accounts, rules)
	}
	at := slices.IndexFunc(inquiries, func(o domain.Object) bool {
		v := verdictOf(o, cases, rules).Verdict
		return v != domain.VerdictExpired && v != domain.VerdictRedacted
	})
	for _, newer := range inquiries[:max(at, 0)] {
		if decline, declined := declineOf(newer, cases, rules); declined {
			return decline // the decline was redacted, but older approvals stay invalid
		}
	}
	at = max(at, 0) // if all are expired or redacted, the newest counts
	why := verdictOf(inquiries[at], cases, rules)
	for _, older := range inquiries[at+1:] {
		if decline, declined := declineOf(older, cases, rules); declined {
			return reapplied(inquiries[at], why, decline, rules.Reapply)
		}
	}
	return why
}

// reapplied returns the verdict on a person whose newer inquiry follows a decline.
func reapplied(newer domain.Object, why, decline VerdictSource, reapply Reapply) VerdictSource {
	if reapply == ReapplyAllow || why.Verdict == domain.VerdictRedacted {
		return why
	}
	if reapply == ReapplyDeny {
		return decline
	}
	switch why.Verdict {
	case domain.VerdictApproved:
		if !approvedByPerson(newer) {
			why.Verdict = domain.VerdictReview
		}
		return why
	case domain.VerdictPending, domain.VerdictExpired:
		return decline
	default:
		return why
	}
}

// DeclinedBefore reports whether another inquiry of the person, or its case, was declined,
// unless that inquiry is newer: see [CreatedAfter].
func DeclinedBefore(inquiry domain.Object, inquiries, cases []domain.Object, rules VerdictRules) bool {
	cases = sortedCases(cases, rules)
	return slices.ContainsFunc(inquiries, func(o domain.Object) bool {
		if o.Ref == inquiry.Ref || CreatedAfter(o, inquiry) {
			return false
		}
		_, declined := declineOf(o, cases, rules)
		return declined
	})
}

// approvedByPerson reports whether a user of Persona decided on an inquiry. Workflows and
// the API leave other reviewers or none (OpenAPI 2025-12-08).
func approvedByPerson(inquiry domain.Object) bool {
	reviewer := inquiry.Relationships["reviewer"]
	return len(reviewer) == 1 && reviewer[0].Type == "user"
}

// CreatedAfter reports whether a is known to be newer than b. It is not if one of them has
// no creation time, or if both have the same: Persona shows whole seconds.
func CreatedAfter(a, b domain.Object) bool {
	atA, atB := createdAt(a), createdAt(b)
	return !atA.IsZero() && !atB.IsZero() && atA.After(atB)
}

// createdAt returns when an object was created, or zero if it does not say.
func createdAt(o domain.Object) time.Time { return moment(o.Attributes["created-at"]) }

// NewestFirst sorts inquiries as [Verdict] does, without regard to cases.
func NewestFirst(inquiries []domain.Object) {
	slices.SortFunc(inquiries, func(a, b domain.Object) int { return newestFirst(a, b, inquiryVerdict) })
}

// sortedCases returns the cases, newest first.
func sortedCases(cases []domain.Object, rules VerdictRules) []domain.Object {
	return slices.SortedFunc(slices.Values(cases), func(a, b domain.Object) int {
		return newestFirst(a, b, func(c domain.Object) domain.Verdict { return meaning(c, rules) })
	})
}

// newestFirst compares objects by their creation time. Where that does not tell which is
// the newer one, an object that approves counts as the older: without a creation time it
// sorts last and any other object first, and of objects that were created in the same
// second it sorts last. So missing data never undoes a decline or approves a person.
func newestFirst(a, b domain.Object, verdict func(domain.Object) domain.Verdict) int {
	atA, atB := createdAt(a), createdAt(b)
	if !atA.IsZero() && !atB.IsZero() && !atA.Equal(atB) {
		return atB.Compare(atA)
	}
	approvesA, approvesB := verdict(a) == domain.VerdictApproved, verdict(b) == domain.VerdictApproved
	return cmp.Or(
		compareBool(atB.IsZero() && !approvesB, atA.IsZero() && !approvesA),
		atB.Compare(atA),
		compareBool(approvesA, approvesB),
		strings.Compare(b.Ref.ID, a.Ref.ID),
	)
}

// verdictOf returns the verdict of one inquiry: that of its newest case, or its own. A case
// that approved does not count if it was redacted then, or if the inquiry was added later. Any
// other case does.
func verdictOf(inquiry domain.Object, cases []domain.Object, rules VerdictRules) VerdictSource {
	own := VerdictSource{inquiryVerdict(inquiry), inquiry.Ref, inquiry.Status}
	if own.Verdict == domain.VerdictRedacted {
		return own
	}
	for _, c := range cases {
		if says := meaning(c, rules); isAttached(c, inquiry) && (says != domain.VerdictApproved || c.RedactedAt.IsZero() && covers(c, inquiry.Ref)) {
			return VerdictSource{says, c.Ref, c.Status}
		}
	}
	return own
}

// declineOf returns the decline of an inquiry, by itself or by a case, even if it was
// redacted later. There is none if the case that counts approves.
func declineOf(inquiry domain.Object, cases []domain.Object, rules VerdictRules) (why VerdictSource, declined bool) {
	inquiry.RedactedAt = time.Time{}
	why = verdictOf(inquiry, cases, rules)
	switch {
	case why.Verdict == domain.VerdictDeclined:
		return why, true
	case why.Verdict == domain.VerdictApproved:
		return why, false
	case inquiry.Status == "declined":
		return VerdictSource{domain.VerdictDeclined, inquiry.Ref, inquiry.Status}, true
	}
	for _, c := range cases {
		if isAttached(c, inquiry) && rules.CaseStatuses[c.Status] == domain.VerdictDeclined {
			return VerdictSource{domain.VerdictDeclined, c.Ref, c.Status}, true
		}
	}
	return why, false
}

func isAttached(c, inquiry domain.Object) bool {
	return slices.Contains(c.Relationships["inquiries"], inquiry.Ref)
}

// caseVerdict returns the verdict of a case on a person with these accounts and without
// inquiries. It is review if the case approved before any of the accounts was added.
func caseVerdict(c domain.Object, accounts []domain.Object, rules VerdictRules) VerdictSource {
	says := meaning(c, rules)
	switch {
	case !c.RedactedAt.IsZero():
		says = domain.VerdictRedacted
	case says == domain.VerdictApproved && !slices.ContainsFunc(accounts, func(a domain.Object) bool { return covers(c, a.Ref) }):
		says = domain.VerdictReview
	}
	return VerdictSource{says, c.Ref, c.Status}
}

// meaning returns the verdict that the status of a case means.
func meaning(c domain.Object, rules VerdictRules) domain.Verdict {
	if verdict, known := rules.CaseStatuses[c.Status]; known {
		return verdict
	}
	return domain.VerdictReview
}

func inquiryVerdict(o domain.Object) domain.Verdict {
	if !o.RedactedAt.IsZero() {
		return domain.VerdictRedacted
	}
	switch o.Status {
	case "created", "pending":
		return domain.VerdictPending
	case "approved":
		return domain.VerdictApproved
	case "declined":
		return domain.VerdictDeclined
	case "expired":
		return domain.VerdictExpired
	default:
		return domain.VerdictReview
	}
}
