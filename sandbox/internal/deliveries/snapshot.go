package deliveries

import "time"

// Saved is a delivery in a snapshot.
type Saved struct {
	Delivery         Delivery
	Due, Sent, First time.Time
}

// Snapshot returns all deliveries for [Restored].
func (o *Outbox) Snapshot() []Saved {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []Saved
	for _, d := range o.recent.Entries {
		all = append(all, Saved{d.copied(), d.Due, d.sent, d.first})
	}
	return all
}

// Restored returns an outbox with the deliveries of a snapshot. Pending ones are planned
// again.
func Restored(all []Saved) *Outbox {
	o := NewOutbox()
	for _, saved := range all {
		d := saved.Delivery
		d.Due, d.sent, d.first = saved.Due, saved.Sent, saved.First
		o.recent.Entries = append(o.recent.Entries, &d)
		if d.State == Pending {
			o.queue(d.WebhookID).plan(&d)
		}
	}
	return o
}
