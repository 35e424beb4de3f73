package deliveries

import (
	"slices"
	"sync"
	"time"

	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// keptDeliveries is how many deliveries an outbox keeps. Pending ones are always kept.
const keptDeliveries = 50_000

// Outbox holds the deliveries of one environment. It is safe for concurrent use.
type Outbox struct {
	mu     sync.Mutex
	recent storage.Recent[*Delivery]
	queues map[string]*queue // by the id of the webhook
}

// queue holds what waits for one webhook. Its deliveries are sent one at a time.
type queue struct {
	waiting simclock.Agenda[*Delivery]
	busy    bool      // a goroutine is sending
	held    *Delivery // a fault lets the next delivery overtake this one
}

// plan makes a delivery wait until it is due.
func (q *queue) plan(d *Delivery) { q.waiting.Put(d.Due, d) }

// NewOutbox returns an empty outbox.
func NewOutbox() *Outbox {
	return &Outbox{recent: storage.Recent[*Delivery]{Keep: keptDeliveries}, queues: map[string]*queue{}}
}

// Add plans a delivery, of which the caller sets the ids, the event's name and Due. The
// fault is what goes wrong with it, or nil.
func (o *Outbox) Add(d Delivery, fault *faults.Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if fault.Is(faults.FaultLostDelivery) {
		o.record(d, Lost)
		return
	}
	q, due := o.queue(d.WebhookID), d.Due
	q.planWithFault(o.record(d, Pending), fault)
	if fault.Is(faults.FaultDuplicateDelivery) {
		d.Due = due
		q.plan(o.record(d, Pending))
	}
}

// Skip records a delivery that a payload filter excludes.
func (o *Outbox) Skip(d Delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.record(d, Skipped)
}

func (o *Outbox) record(d Delivery, state string) *Delivery {
	d.State, d.Attempts = state, []Attempt{}
	o.recent.Add(&d, func(old *Delivery) bool { return old.State != Pending })
	return &d
}

// planWithFault plans a delivery and applies its fault. A delivery that is held back is
// planned right after the next one of its queue.
func (q *queue) planWithFault(d *Delivery, fault *faults.Fault) {
	held := q.held
	q.held = nil
	d.truncate = fault.Is(faults.FaultTruncatedDelivery)
	if fault.Is(faults.FaultLateDelivery) || fault.Is(faults.FaultReorderedDelivery) && held == nil {
		d.Due = d.Due.Add(fault.Delay)
	}
	q.plan(d)
	switch {
	case held != nil:
		held.Due = d.Due
		q.plan(held)
	case fault.Is(faults.FaultReorderedDelivery):
		q.held = d
	}
}

// Cancel fails everything that waits for a webhook (Persona docs: Webhooks).
func (o *Outbox) Cancel(webhookID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range o.recent.Entries {
		if d.WebhookID == webhookID && d.State == Pending {
			d.State = Failed
		}
	}
}

// FailedFor returns the webhooks to which the delivery of an event failed.
func (o *Outbox) FailedFor(eventID string) (webhookIDs []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range o.recent.Entries {
		if d.EventID == eventID && d.State == Failed {
			webhookIDs = append(webhookIDs, d.WebhookID)
		}
	}
	return webhookIDs
}

// Retry plans one more attempt of an event's failed deliveries to some webhooks. A
// delivery that has used up its attempts fails for good if this one fails too.
func (o *Outbox) Retry(eventID string, webhookIDs []string, due time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range o.recent.Entries {
		if d.EventID == eventID && d.State == Failed && slices.Contains(webhookIDs, d.WebhookID) {
			d.State, d.Due = Pending, due
			o.queue(d.WebhookID).plan(d)
		}
	}
}

// All returns every delivery, oldest first.
func (o *Outbox) All() []Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make([]Delivery, len(o.recent.Entries))
	for i, d := range o.recent.Entries {
		all[i] = d.copied()
	}
	return all
}

// Latest returns the deliveries for which keep returns true, newest first: at most limit
// of them, without the first skip. It reports whether there are more.
func (o *Outbox) Latest(skip, limit int, keep func(*Delivery) bool) (found []Delivery, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	latest, more := o.recent.Latest(skip, limit, keep)
	for _, d := range latest {
		found = append(found, d.copied())
	}
	return found, more
}

// CountByState returns how many deliveries are in each state.
func (o *Outbox) CountByState() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	counts := map[string]int{}
	for _, d := range o.recent.Entries {
		counts[d.State]++
	}
	return counts
}

func (d *Delivery) copied() Delivery {
	c := *d
	c.Attempts = slices.Clone(d.Attempts)
	return c
}

func (o *Outbox) queue(webhookID string) *queue {
	if o.queues[webhookID] == nil {
		o.queues[webhookID] = &queue{}
	}
	return o.queues[webhookID]
}
