package faults

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/catalog"
)

// Plan holds the faults that can still happen, in the order in which they were added.
type Plan struct {
	Seed   uint64 // decides what faults with a rate hit
	Active []*ActiveFault
	count  int // of all faults that were ever added
}

// Add adds a fault.
func (f *Plan) Add(fault Fault) ActiveFault {
	f.count++
	f.Active = append(f.Active, &ActiveFault{ID: f.count, Fault: fault})
	return *f.Active[len(f.Active)-1]
}

// Remove removes a fault, and reports whether there was one with this id.
func (f *Plan) Remove(id int) bool {
	before := len(f.Active)
	f.Active = slices.DeleteFunc(f.Active, func(fault *ActiveFault) bool { return fault.ID == id })
	return len(f.Active) < before
}

// OfCall returns the fault that happens to a call of an operation, or nil. The operation is
// nil for an unknown path.
func (f *Plan) OfCall(environment string, op *persona.Operation) *Fault {
	name := ""
	if op != nil {
		name = op.Name()
	}
	return f.take(func(fault *Fault) bool {
		kind, _ := kindOf(fault.Kind)
		return !kind.Delivery && fault.in(catalog.Environment(environment)) && (fault.Operation == "" || fault.Operation == name) && fault.possible(op)
	})
}

// OfDelivery returns the fault that happens to a delivery of an event, or nil.
func (f *Plan) OfDelivery(environment, event string) *Fault {
	return f.take(func(fault *Fault) bool {
		kind, _ := kindOf(fault.Kind)
		return kind.Delivery && fault.in(catalog.Environment(environment)) && (fault.Event == "" || fault.Event == event)
	})
}

// take counts the call or delivery for every fault that matches, so that faults do not
// influence each other. It returns the first fault that happens.
func (f *Plan) take(matches func(*Fault) bool) *Fault {
	var taken *ActiveFault
	for _, fault := range f.Active {
		if !matches(&fault.Fault) {
			continue
		}
		fault.Seen++
		if taken == nil && fault.Seen > fault.After && (fault.Rate == 0 || draw(f.Seed, fault.ID, fault.Seen) < fault.Rate) {
			taken = fault
		}
	}
	if taken == nil {
		return nil
	}
	taken.Happened++
	if taken.Happened == taken.Times {
		f.Remove(taken.ID)
	}
	fault := taken.Fault
	fault.share = draw(f.Seed, taken.ID, -taken.Seen)
	return &fault
}

// draw returns a number from 0 to below 1. That for n decides whether a fault happens to the
// n-th match; that for -n decides how. It depends on nothing else, so a run can be repeated.
func draw(seed uint64, id, n int) float64 {
	var key [24]byte
	binary.BigEndian.PutUint64(key[:], seed)
	binary.BigEndian.PutUint64(key[8:], uint64(id))
	binary.BigEndian.PutUint64(key[16:], uint64(n))
	sum := sha256.Sum256(key[:])
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}
