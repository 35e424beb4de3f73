package reference

import "slices"

// decidedTwice reports whether events say of one moment that somebody was approved and
// declined: the service takes the event with the greater id.
func decidedTwice(events []event) bool {
	return slices.ContainsFunc(events, func(a event) bool {
		return slices.ContainsFunc(events, func(b event) bool {
			return a.at.Equal(b.at) && a.thing.status() == "approved" && b.thing.status() == "declined"
		})
	})
}
