package engine

import (
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/faults"
)

// CallRecord is one call of the API, replays of idempotent answers among them. The
// API log, like Persona's, has neither those nor the idempotency keys.
type CallRecord struct {
	RequestID      string      `json:"request_id"`
	At             string      `json:"at"`
	Method         string      `json:"method"`
	Path           string      `json:"path"`
	Operation      string      `json:"operation,omitempty"` // as Inquiries.Approve; empty for an unknown path
	IdempotencyKey string      `json:"idempotency_key,omitempty"`
	Status         int         `json:"status"`
	Replayed       bool        `json:"replayed,omitempty"` // answered from an earlier call with the same key
	Lost           bool        `json:"lost,omitempty"`     // the answer was lost on purpose
	Fault          faults.Kind `json:"fault,omitempty"`    // the kind of fault that happened to it
}

func (e *Environment) remember(record CallRecord) {
	e.Calls.Add(record, func(CallRecord) bool { return true })
}

// Calls returns every call of an environment's API, oldest first. The environment is
// sandbox or production.
func (s *Engine) Calls(environment catalog.Environment) []CallRecord {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	calls := []CallRecord{}
	if env := s.Environments[string(environment)]; env != nil {
		calls = slices.Concat(calls, env.Calls.Entries)
	}
	return calls
}

// Now returns the time by the sandbox's clock.
func (s *Engine) Now() time.Time { return s.Clock.Now() }
