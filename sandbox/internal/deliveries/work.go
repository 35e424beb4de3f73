package deliveries

import (
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// claimDue marks the queues that have something due as busy, and returns their webhooks.
// It also returns when the next delivery of an idle queue is due.
func (o *Outbox) claimDue(now time.Time) (webhookIDs []string, next time.Time, some bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, q := range o.queues {
		at, waits := q.waiting.Next()
		switch {
		case !waits || q.busy:
		case !at.After(now):
			q.busy = true
			webhookIDs = append(webhookIDs, id)
		case !some || at.Before(next):
			next, some = at, true
		}
	}
	return webhookIDs, next, some
}

// take returns the next delivery of a busy queue that is due, and notes the time of the
// attempt. It returns nil and ends the claim if nothing is due.
func (o *Outbox) take(webhookID string, clock *simclock.Clock) *Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	q := o.queues[webhookID]
	for {
		at, d, due := q.waiting.Take(clock.Now())
		if !due {
			q.busy = false
			return nil
		}
		if d.State != Pending || !d.Due.Equal(at) { // canceled, or planned again for another time
			continue
		}
		if q.held == d {
			q.held = nil
		}
		d.sent = clock.Now()
		if d.first.IsZero() {
			d.first = clock.Wall()
		}
		return d
	}
}

// finish records an attempt, and plans the next one after a failure. Delays count from
// when this attempt was due, so a clock that is moved far makes all attempts due.
func (o *Outbox) finish(d *Delivery, status int, err error, retryScale float64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	attempt := Attempt{At: simclock.Stamp(d.sent), Status: status}
	if err != nil {
		attempt.Error = err.Error()
	}
	d.Attempts = append(d.Attempts, attempt)
	d.truncate = false
	delays := retryDelays()
	switch made := len(d.Attempts); {
	case d.State != Pending: // canceled meanwhile
	case slices.Contains([]int{200, 201, 202, 204}, status):
		d.State = Completed
	case made > len(delays):
		d.State = Failed
	default:
		d.Due = d.Due.Add(time.Duration(float64(delays[made-1]) * retryScale))
		o.queue(d.WebhookID).plan(d)
	}
}

// fail ends a delivery that cannot be sent.
func (o *Outbox) fail(d *Delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d.State = Failed
}
