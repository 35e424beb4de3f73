package faults

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/catalog"
)

// Plan are those to come, in the order in which they were added.
type Plan struct {
	Seed   uint64
	count  int // of faults there ever were
	Active []*ActiveFault
}

func (f *Plan) Add(fault Fault) ActiveFault {
	f.count++
	f.Active = append(f.Active, &ActiveFault{ID: f.count, Fault: fault})
	return *f.Active[len(f.Active)-1]
}

func (f *Plan) Remove(id int) {
	f.Active = slices.DeleteFunc(f.Active, func(fault *ActiveFault) bool { return fault.ID == id })
}

// OfCall returns what goes wrong with a call of an operation in an environment, or nil.
// The operation is nil for a path that there is not.
func (f *Plan) OfCall(environment string, op *persona.Operation) *Fault {
	name := ""
	if op != nil {
		name = op.Name()
	}
	return f.take(func(fault *Fault) bool {
		kind, _ := KindInfoOf(fault.Kind)
		return !kind.Delivery && fault.in(catalog.Environment(environment)) && (fault.Operation == "" || fault.Operation == name) && fault.possible(op)
	})
}

// OfDelivery returns what goes wrong with a delivery of an event in an environment, or
// nil.
func (f *Plan) OfDelivery(environment, event string) *Fault {
	return f.take(func(fault *Fault) bool {
		kind, _ := KindInfoOf(fault.Kind)
		return kind.Delivery && fault.in(catalog.Environment(environment)) && (fault.Event == "" || fault.Event == event)
	})
}

// take counts for every fault that fits, so that what one does changes nothing for
// another, and returns the first one that is drawn.
func (f *Plan) take(fits func(*Fault) bool) *Fault {
	var taken *ActiveFault
	for _, fault := range f.Active {
		if !fits(&fault.Fault) {
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

// draw is the number from 0 to below 1 that decides whether a fault happens to what it
// sees as its n-th; that of -n says how. It depends on nothing else, so that a run can be
// repeated.
func draw(seed uint64, id, n int) float64 {
	var key [24]byte
	binary.BigEndian.PutUint64(key[:], seed)
	binary.BigEndian.PutUint64(key[8:], uint64(id))
	binary.BigEndian.PutUint64(key[16:], uint64(n))
	sum := sha256.Sum256(key[:])
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}
