package fold

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// VerdictRules say how a verdict is made, where that is the host's choice.
type VerdictRules struct {
	// CaseStatuses says what each status of the case templates means. Templates define
	// their own texts; one that is missing here means review.
	CaseStatuses map[string]domain.Verdict

	Reapply Reapply // zero for ReapplyReview
}

// Reapply says what a newer inquiry may become after an older inquiry of the same
// subject was declined.
type Reapply string

// The values of Reapply.
const (
	ReapplyDeny   Reapply = "deny"   // the subject stays declined
	ReapplyReview Reapply = "review" // a person must approve the newer inquiry
	ReapplyAllow  Reapply = "allow"  // the newer inquiry counts as if there were no older one
)

// VerdictSource is a verdict and the object it comes from.
type VerdictSource struct {
	Verdict domain.Verdict
	Object  domain.Ref
	Status  string
}

// Verdict is what the host may rely on for a subject, from the inquiries and cases
// that belong to it. The order of the two lists makes no difference.
//
// Each inquiry has a verdict: its case's where it has one, else its own, in which
// completed and failed are review, since nobody decided, and so is any status that
// is not known. The subject's is that of its newest inquiry that is not expired or
// redacted; where all are, that of the newest. Without an inquiry it is that of the
// newest case.
//
// A decline outlives a newer inquiry, unless the rules allow to apply again: see
// [Reapply]. It does so when the declined inquiry is redacted later, too.
func Verdict(inquiries, cases []domain.Object, rules VerdictRules) VerdictSource {
	inquiries, cases = slices.Clone(inquiries), slices.Clone(cases)
	slices.SortFunc(cases, func(a, b domain.Object) int {
		return newestFirst(a, b, func(c domain.Object) domain.Verdict { return meaning(c, rules) })
	})
	slices.SortFunc(inquiries, func(a, b domain.Object) int {
		return newestFirst(a, b, func(i domain.Object) domain.Verdict { return verdictOf(i, cases, rules).Verdict })
	})
	if len(inquiries) == 0 {
		if len(cases) == 0 {
			return VerdictSource{Verdict: domain.VerdictNone}
		}
		return caseVerdict(cases[0], rules)
	}
	at := slices.IndexFunc(inquiries, func(o domain.Object) bool {
		v := verdictOf(o, cases, rules).Verdict
		return v != domain.VerdictExpired && v != domain.VerdictRedacted
	})
	for _, newer := range inquiries[:max(at, 0)] {
		if decline, declined := declineOf(newer, cases, rules); declined {
			return decline // it is redacted since, and what it replaced does not come back
		}
	}
	at = max(at, 0) // where all are expired or redacted, the newest counts
	why := verdictOf(inquiries[at], cases, rules)
	for _, older := range inquiries[at+1:] {
		if decline, declined := declineOf(older, cases, rules); declined {
			return reapplied(inquiries[at], why, decline, rules.Reapply)
		}
	}
	return why
}

// reapplied is the verdict on a subject whose newer inquiry follows a decline.
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

// DeclinedBefore reports whether an older inquiry of the subject was declined, by itself
// or by its case. What does not say when it was created counts as older.
func DeclinedBefore(inquiry domain.Object, inquiries, cases []domain.Object, rules VerdictRules) bool {
	undated := func(o domain.Object) bool { return moment(o.Attributes["created-at"]).IsZero() }
	cases = sortedCases(cases, rules)
	return slices.ContainsFunc(inquiries, func(o domain.Object) bool {
		if o.Ref == inquiry.Ref || !undated(o) && !undated(inquiry) && Newest(o, inquiry) < 0 {
			return false
		}
		_, declined := declineOf(o, cases, rules)
		return declined
	})
}

// approvedByPerson reports whether a user of Persona decided on an inquiry: workflows
// and the API leave other reviewers, or none (OpenAPI 2025-12-08).
func approvedByPerson(inquiry domain.Object) bool {
	reviewer := inquiry.Relationships["reviewer"]
	return len(reviewer) == 1 && reviewer[0].Type == "user"
}

// Newest orders objects from the newest to the oldest. Two that were created at one
// moment are ordered by their ids; one that does not say when comes last.
func Newest(a, b domain.Object) int {
	return cmp.Or(
		moment(b.Attributes["created-at"]).Compare(moment(a.Attributes["created-at"])),
		strings.Compare(b.Ref.ID, a.Ref.ID),
	)
}

// sortedCases are cases from the newest to the oldest.
func sortedCases(cases []domain.Object, rules VerdictRules) []domain.Object {
	return slices.SortedFunc(slices.Values(cases), func(a, b domain.Object) int {
		return newestFirst(a, b, func(c domain.Object) domain.Verdict { return meaning(c, rules) })
	})
}

// newestFirst is Newest, but of what does not say when it was created only that which
// approves comes last; the rest comes first. What is not known lifts no decline and
// approves nobody.
func newestFirst(a, b domain.Object, verdict func(domain.Object) domain.Verdict) int {
	undated := func(o domain.Object) bool {
		return moment(o.Attributes["created-at"]).IsZero() && verdict(o) != domain.VerdictApproved
	}
	return cmp.Or(compareBool(undated(b), undated(a)), Newest(a, b))
}

// verdictOf is the verdict of one inquiry: that of its newest case, else its own. A case
// that approved and is redacted since says nothing any more; another one keeps what it
// said.
func verdictOf(inquiry domain.Object, cases []domain.Object, rules VerdictRules) VerdictSource {
	own := VerdictSource{inquiryVerdict(inquiry), inquiry.Ref, inquiry.Status}
	if own.Verdict == domain.VerdictRedacted {
		return own
	}
	for _, c := range cases {
		if says := meaning(c, rules); isAttached(c, inquiry) && (c.RedactedAt.IsZero() || says != domain.VerdictApproved) {
			return VerdictSource{says, c.Ref, c.Status}
		}
	}
	return own
}

// declineOf is the decline of an inquiry, by itself or by a case, also when either was
// redacted since. There is none where the case that counts approves.
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

func caseVerdict(c domain.Object, rules VerdictRules) VerdictSource {
	if !c.RedactedAt.IsZero() {
		return VerdictSource{domain.VerdictRedacted, c.Ref, c.Status}
	}
	return VerdictSource{meaning(c, rules), c.Ref, c.Status}
}

// meaning is what the status of a case means.
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
