package fold

import (
	"slices"

	"github.com/idemhq/idem/internal/domain"
)

// CaseStatuses says what each status of the case templates means. Templates define
// their own texts; one that is missing here means review.
type CaseStatuses map[string]domain.Verdict

// Why is a verdict and the object it comes from.
type Why struct {
	Verdict domain.Verdict
	Object  domain.Ref
	Status  string
}

// Verdict is what the host may rely on for a subject, from the inquiries and cases
// that belong to it.
//
// Each inquiry has a verdict: its case's where it has one, else its own, in which
// completed and failed are review, since nobody decided, and so is any status that
// is not known. The subject's is that of its newest inquiry that is not expired or
// redacted; where all are, that of the newest. Without an inquiry it is that of the
// newest case.
func Verdict(inquiries, cases []domain.Object, meanings CaseStatuses) Why {
	newest := func(a, b domain.Object) int {
		return moment(b.Attributes["created-at"]).Compare(moment(a.Attributes["created-at"]))
	}
	inquiries, cases = slices.Clone(inquiries), slices.Clone(cases)
	slices.SortStableFunc(inquiries, newest)
	slices.SortStableFunc(cases, newest)
	var last *Why
	for _, inquiry := range inquiries {
		w := verdictOf(inquiry, cases, meanings)
		if w.Verdict != domain.VerdictExpired && w.Verdict != domain.VerdictRedacted {
			return w
		}
		if last == nil {
			last = &w
		}
	}
	switch {
	case last != nil:
		return *last
	case len(cases) > 0:
		return caseVerdict(cases[0], meanings)
	default:
		return Why{Verdict: domain.VerdictNone}
	}
}

func verdictOf(inquiry domain.Object, cases []domain.Object, meanings CaseStatuses) Why {
	own := Why{inquiryVerdict(inquiry), inquiry.Ref, inquiry.Status}
	if own.Verdict == domain.VerdictRedacted {
		return own
	}
	for _, c := range cases {
		if slices.Contains(c.Relationships["inquiries"], inquiry.Ref) && c.RedactedAt.IsZero() {
			return caseVerdict(c, meanings)
		}
	}
	return own
}

func caseVerdict(c domain.Object, meanings CaseStatuses) Why {
	verdict, known := meanings[c.Status]
	switch {
	case !c.RedactedAt.IsZero():
		verdict = domain.VerdictRedacted
	case !known:
		verdict = domain.VerdictReview
	}
	return Why{verdict, c.Ref, c.Status}
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
