package faults

import (
	"net/http"
)

// Remembered reports whether an idempotency key keeps the failure: Persona stores its
// own errors, but what a gateway answers never reaches it, and neither do refusals
// for limits.
func (f *Fault) Remembered() bool {
	if f.Status == http.StatusTooManyRequests || f.Status == http.StatusUnauthorized {
		return false
	}
	return f.Kind == FaultCachedStatus || f.Status < http.StatusBadGateway
}

// Arriving are those of the included resources of an answer that come: not all of them
// where the fault is of that kind.
func (f *Fault) Arriving(included []any) []any {
	if !f.Is(FaultPartialIncluded) {
		return included
	}
	return included[:int(f.share*float64(len(included)))]
}
