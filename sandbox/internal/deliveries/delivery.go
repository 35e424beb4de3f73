package deliveries

import "time"

// The states of a delivery.
const (
	Pending   = "pending"   // an attempt is still to come
	Completed = "completed" // the receiver accepted it
	Failed    = "failed"    // all attempts failed, or the webhook was disabled
	Skipped   = "skipped"   // the webhook's payload filter excludes the event
	Lost      = "lost"      // a fault dropped it
)

// Delivery is the delivery of one event to one webhook.
type Delivery struct {
	WebhookID string    `json:"webhook_id"`
	EventID   string    `json:"event_id"`
	EventName string    `json:"event_name"`
	State     string    `json:"state"` // pending, completed, failed, skipped or lost
	Attempts  []Attempt `json:"attempts"`

	// Due is the time of the next attempt, by the sandbox's clock, while the delivery
	// is pending.
	Due time.Time

	sent     time.Time // the latest attempt, by the sandbox's clock
	first    time.Time // the first attempt, by the wall clock
	truncate bool      // the next attempt breaks off in the middle of the body
}

// Attempt is one request of a [Delivery].
type Attempt struct {
	At     string `json:"at"`               // by the sandbox's clock
	Status int    `json:"status,omitempty"` // the receiver's answer; 0 if there was none
	Error  string `json:"error,omitempty"`
}

// retryDelays are the times between attempts (Persona docs: Webhooks).
func retryDelays() []time.Duration {
	return []time.Duration{3 * time.Second, 64 * time.Second, 729 * time.Second, 4096 * time.Second, 15625 * time.Second, 46656 * time.Second, 117649 * time.Second}
}

// MostAttempts is how often a delivery is attempted.
func MostAttempts() int { return len(retryDelays()) + 1 }
