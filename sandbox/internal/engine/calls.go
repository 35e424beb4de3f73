package engine

import (
	"slices"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/faults"
)

// CallRecord is one call of the API. Unlike Persona's API log, the records include
// answers that were repeated for an idempotency key, and the keys.
type CallRecord struct {
	RequestID      string      `json:"request_id"`
	At             string      `json:"at"`
	Method         string      `json:"method"`
	Path           string      `json:"path"`
	Operation      string      `json:"operation,omitempty"` // such as Inquiries.Approve; empty for an unknown path
	IdempotencyKey string      `json:"idempotency_key,omitempty"`
	Status         int         `json:"status"`
	Replayed       bool        `json:"replayed,omitempty"` // the stored answer of an earlier call with the same key
	Lost           bool        `json:"lost,omitempty"`     // a fault dropped the answer
	Fault          faults.Kind `json:"fault,omitempty"`    // the kind of fault that happened
}

func (e *Environment) record(call CallRecord) {
	e.calls.Add(call, func(CallRecord) bool { return true })
}

// Calls returns the calls of an environment, oldest first.
func (e *Engine) Calls(name catalog.Environment) []CallRecord {
	e.mu.Lock()
	defer e.mu.Unlock()
	calls := []CallRecord{}
	if env := e.environments[name]; env != nil {
		calls = slices.Concat(calls, env.calls.Entries)
	}
	return calls
}

// Deliveries returns the deliveries of an environment, oldest first.
func (e *Engine) Deliveries(name catalog.Environment) []deliveries.Delivery {
	e.mu.Lock()
	defer e.mu.Unlock()
	if env := e.environments[name]; env != nil {
		return env.outbox.All()
	}
	return []deliveries.Delivery{}
}
