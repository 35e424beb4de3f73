package simulation

import (
	"cmp"
	"slices"

	"github.com/idemhq/idem/persona"
)

// verdict computes a person's verdict as docs/service.md describes it, from the sandbox's
// final state.
func (b *books) verdict(p *person) string {
	stands, lapsed, declinedAfter, declinedBefore := "", "", false, false
	for _, q := range slices.Backward(p.inquiries) {
		v, declined := b.verdictOf(q.id)
		switch {
		case stands != "":
			declinedBefore = declinedBefore || declined
		case v == "expired" || v == "redacted":
			lapsed = cmp.Or(lapsed, v)
			declinedAfter = declinedAfter || declined
		default:
			stands = v
		}
	}
	switch {
	case stands == "" && lapsed == "redacted":
		return lapsed
	case stands == "":
		stands, declinedBefore = lapsed, declinedAfter
	case declinedAfter:
		return "declined" // older approvals stay invalid
	}
	if !declinedBefore || b.plan.rules.reapply == "allow" {
		return stands
	}
	if b.plan.rules.reapply == "deny" {
		return "declined"
	}
	switch stands {
	case "approved": // by the API, which is not a person
		return "review"
	case "pending", "expired":
		return "declined"
	default:
		return stands
	}
}

// verdictOf returns the verdict of one inquiry, and whether it was declined, even if it was
// redacted later.
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
		if meanings[c.Attributes.Status] == "approved" && !b.judged(c, id) {
			continue // the inquiry was put into the case after its approval
		}
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

// judged reports whether a case held an inquiry when it got its status, by the sandbox's events.
func (b *books) judged(c *persona.Case, inquiry string) bool {
	for e, err := range b.client.Events.List(b.t.Context(), persona.EventListParams{ObjectID: c.ID, Name: "case.status-updated"}) { // newest first
		must(b.t, err)
		kase, ok := e.Attributes.Payload.Object().(*persona.Case)
		if !ok || kase.Attributes.Status != c.Attributes.Status {
			b.t.Errorf("%s is %s, and not what %s says", c.ID, c.Attributes.Status, e.ID)
			return false
		}
		return slices.ContainsFunc(kase.Relationships.Inquiries.Data, func(i persona.Identifier) bool { return i.ID == inquiry })
	}
	return false
}
