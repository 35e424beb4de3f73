package simulation

import (
	"cmp"
	"slices"

	"github.com/idemhq/idem/persona"
)

// verdict is what docs/service.md says about a person, from what the sandbox has at the end.
func (b *books) verdict(p *person) string {
	stands, declined := "", false
	for _, q := range slices.Backward(p.inquiries) {
		v, wasDeclined := b.verdictOf(q.id)
		switch {
		case stands == "" && v != "expired" && v != "redacted":
			stands = v
		case stands != "":
			declined = declined || wasDeclined
		}
	}
	if stands == "" { // all are expired or redacted
		stands, _ = b.verdictOf(p.inquiries[len(p.inquiries)-1].id)
		for _, q := range p.inquiries[:len(p.inquiries)-1] {
			_, wasDeclined := b.verdictOf(q.id)
			declined = declined || wasDeclined
		}
	}
	if !declined || stands == "redacted" || b.plan.rules.reapply == "allow" {
		return stands
	}
	if b.plan.rules.reapply == "deny" {
		return "declined"
	}
	switch stands {
	case "approved": // by the API, which is nobody
		return "review"
	case "pending", "expired":
		return "declined"
	default:
		return stands
	}
}

// verdictOf is what one inquiry comes to, and whether it was declined, also where it is
// redacted since.
func (b *books) verdictOf(id string) (verdict string, declined bool) {
	q, err := b.client.Inquiries.Get(b.t.Context(), id)
	must(b.t, err)
	own := map[string]string{
		"created": "pending", "pending": "pending", "approved": "approved", "declined": "declined", "expired": "expired",
	}[string(q.Attributes.Status)]
	own = cmp.Or(own, "review")

	meanings := map[string]string{"Open": "review", "Pending": "review", "Approved": "approved", "Declined": "declined"}
	declined = own == "declined"
	var newest *persona.Case
	for c, err := range b.client.Cases.List(b.t.Context(), persona.CaseListParams{InquiryID: id}) {
		must(b.t, err)
		declined = declined || meanings[c.Attributes.Status] == "declined"
		if c.Attributes.RedactedAt.IsZero() && (newest == nil || c.Attributes.CreatedAt.After(newest.Attributes.CreatedAt.Time)) {
			newest = c
		}
	}
	if newest != nil {
		own = meanings[newest.Attributes.Status]
		declined = declined && own != "approved"
	}
	if !q.Attributes.RedactedAt.IsZero() {
		return "redacted", declined
	}
	return own, declined
}
