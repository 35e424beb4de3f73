package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

// The kinds of fault there are.
const (
	FaultLostAnswer        = "lost_answer"        // the operation happens, and the connection breaks instead of an answer
	FaultStatusBefore      = "status_before"      // Status instead of the operation
	FaultStatusAfter       = "status_after"       // the operation happens, and Status is the answer
	FaultDuplicateDelivery = "duplicate_delivery" // an event is delivered twice
)

// Fault is something that goes wrong a number of times.
type Fault struct {
	Kind      string `json:"kind"`
	Operation string `json:"operation,omitempty"` // as Inquiries.Approve; "" for any
	Event     string `json:"event,omitempty"`     // the name, for a duplicate delivery; "" for any
	Status    int    `json:"status,omitempty"`    // 500 unless set
	Times     int    `json:"times,omitempty"`     // 1 unless set
}

// AddFault makes something go wrong from now on, after the faults that wait already.
func (s *Sandbox) AddFault(f Fault) error {
	known := []string{FaultLostAnswer, FaultStatusBefore, FaultStatusAfter, FaultDuplicateDelivery}
	if !slices.Contains(known, f.Kind) {
		return fmt.Errorf("sandbox: the kind of a fault is one of %q", known)
	}
	if f.Status == 0 {
		f.Status = http.StatusInternalServerError
	}
	if f.Status < 400 || f.Status > 599 || f.Times < 0 {
		return fmt.Errorf("sandbox: a fault has a status from 400 to 599, and happens at least once")
	}
	f.Times = max(1, f.Times)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
	return nil
}

// faults are those to come, in the order in which they were added.
type faults []*Fault

// take uses up the first fault that fits.
func (f *faults) take(fits func(*Fault) bool) *Fault {
	for i, fault := range *f {
		if fits(fault) {
			if fault.Times--; fault.Times == 0 {
				*f = slices.Delete(*f, i, i+1)
			}
			return fault
		}
	}
	return nil
}

// next returns what goes wrong with a call of an operation, or nil.
func (f *faults) next(operation string) *Fault {
	return f.take(func(fault *Fault) bool {
		return fault.Kind != FaultDuplicateDelivery && (fault.Operation == "" || fault.Operation == operation)
	})
}

// duplicateDelivery reports whether a delivery of an event is to be doubled.
func (f *faults) duplicateDelivery(event string) bool {
	return f.take(func(fault *Fault) bool {
		return fault.Kind == FaultDuplicateDelivery && (fault.Event == "" || fault.Event == event)
	}) != nil
}

func (f *Fault) is(kind string) bool { return f != nil && f.Kind == kind }

// remembered reports whether an idempotency key keeps the failure: Persona stores its
// own errors, but what a gateway answers never reaches it, and neither do refusals
// for limits.
func (f *Fault) remembered() bool {
	return f.Status < 502 && f.Status != http.StatusTooManyRequests && f.Status != http.StatusUnauthorized
}

func (f *Fault) response() response {
	return errorResponse(&refusal{status: f.Status, title: http.StatusText(f.Status), details: "a fault of the sandbox"}, "kebab")
}
