package reference

import (
	"slices"

	"github.com/idemhq/idem/internal/domain"
)

// knownFault names what the service is known to get wrong about a subject, or nothing.
func (s subject) knownFault() string {
	attached := func(c *thing) bool {
		return slices.ContainsFunc(s.inquiries, func(i *thing) bool { return c.is(i.id) })
	}
	for _, c := range s.cases {
		if _, dated := c.moment("created-at"); !dated {
			return "an undated case"
		}
		if c.redacted() && s.ofCase(c) != domain.VerdictApproved && attached(c) {
			return "a redacted case"
		}
	}
	for _, i := range s.inquiries {
		if i.redacted() && s.decline(i).from != nil {
			for _, other := range s.inquiries {
				if !other.redacted() && s.before(other, i) {
					return "a redacted decline"
				}
			}
		}
	}
	return ""
}

// decidedTwice reports whether events say of one moment that somebody was approved and
// declined: the service takes the event with the greater id.
func decidedTwice(events []event) bool {
	return slices.ContainsFunc(events, func(a event) bool {
		return slices.ContainsFunc(events, func(b event) bool {
			return a.at.Equal(b.at) && a.thing.status() == "approved" && b.thing.status() == "declined"
		})
	})
}
