package advance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

// otherPeople returns, as missing facts, who else an outcome would approve. A case counts for
// all its inquiries: if one person passes, approving the case would approve the others too,
// whatever they did. And conditions on a case mix the verifications of all its inquiries.
func (w *work) otherPeople(ctx context.Context, f policy.Facts, o policy.Outcome) ([]string, error) {
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
			other, err := w.store.Object(ctx, w.env, ref)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			if err != nil || !samePerson(*f.Inquiry, other) {
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
