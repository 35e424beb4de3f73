package sandbox

import (
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/engine"
)

// CallRecord is one call of the API. Answers that were repeated for an idempotency key are
// records too. Its fields:
//
//	RequestID      string    // req_…
//	At             string    // by the sandbox's clock
//	Method         string
//	Path           string
//	Operation      string    // such as Inquiries.Approve; "" for an unknown path
//	IdempotencyKey string
//	Status         int
//	Replayed       bool      // the stored answer of an earlier call with the same key
//	Lost           bool      // a fault dropped the answer
//	Fault          FaultKind // the fault that happened, or ""
type CallRecord = engine.CallRecord

// Delivery is the delivery of one event to one webhook. Its fields:
//
//	WebhookID string
//	EventID   string
//	EventName string    // such as inquiry.approved
//	State     string    // pending, completed, failed, skipped by a payload filter, or lost by a fault
//	Attempts  []Attempt
//	Due       time.Time // of the next attempt, while the delivery is pending
type Delivery = deliveries.Delivery

// Attempt is one request of a [Delivery]. Its fields:
//
//	At     string // by the sandbox's clock
//	Status int    // the receiver's answer; 0 if there was none
//	Error  string // why there was none
type Attempt = deliveries.Attempt

// Calls returns the latest 50,000 calls of an environment, oldest first.
func (s *Sandbox) Calls(environment Environment) []CallRecord { return s.engine.Calls(environment) }

// Deliveries returns the deliveries of an environment, oldest first. At least the latest
// 50,000 are kept.
func (s *Sandbox) Deliveries(environment Environment) []Delivery {
	return s.engine.Deliveries(environment)
}
