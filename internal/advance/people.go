package advance

import (
	"context"
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/policy"
)

// alsoApproved returns, as missing facts, what else an outcome would approve. A case counts for
// all its inquiries: if one person passes, approving the case would approve the others too,
// whatever they did, and also a newer inquiry of the same person, which then counts as the
// person's. And conditions on a case mix the verifications of all its inquiries.
func (w *work) alsoApproved(ctx context.Context, f policy.Facts, o policy.Outcome) ([]string, error) {
	if !w.settings.Policy.Approves(o) {
		return nil, nil
	}
	if w.ref.Family() == "case" {
		for _, other := range f.Inquiries[min(1, len(f.Inquiries)):] {
			if !samePerson(f.Inquiries[0], other) {
				return []string{w.ref.String() + ": it is about several people"}, nil
			}
		}
		return nil, nil
	}
	var others []string
	for _, asked := range o.Actions {
		at := indexOf(f.Cases, asked.Spec.Target)
		if at < 0 || f.Inquiry == nil || !w.settings.Policy.Approves(policy.Outcome{Actions: []policy.Action{asked}}) {
			continue
		}
		for _, ref := range f.Cases[at].Relationships["inquiries"] {
			if ref == f.Inquiry.Ref {
				continue
			}
			other, err := w.settings.Reader.Object(ctx, ref)
			switch {
			case err != nil && !refused(err):
				return nil, fmt.Errorf("read the other inquiries of %s: %w", asked.Spec.Target, err)
			case err == nil && !other.RedactedAt.IsZero(): // a case approves no redacted inquiry
			case err == nil && samePerson(*f.Inquiry, other):
				if fold.CreatedAfter(other, *f.Inquiry) && other.Status != "approved" && other.Status != "expired" {
					others = append(others, fmt.Sprintf("%s: it is also about %s, which is newer and not approved", asked.Spec.Target, ref))
				}
			default:
				others = append(others, fmt.Sprintf("%s: it is also about %s, which is not of this person", asked.Spec.Target, ref))
			}
		}
	}
	return others, nil
}

// samePerson reports whether two inquiries are known to be of one person.
func samePerson(a, b domain.Object) bool {
	if a.ReferenceID != "" && b.ReferenceID != "" {
		return a.ReferenceID == b.ReferenceID
	}
	account := a.Relationships["account"]
	return len(account) == 1 && slices.Equal(account, b.Relationships["account"])
}
