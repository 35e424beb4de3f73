package sandbox

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/idemhq/idem/persona"
)

// faults are those to come, in the order in which they were added.
type faults struct {
	seed   uint64
	count  int // of faults there ever were
	active []*ActiveFault
}

func (f *faults) add(fault Fault) ActiveFault {
	f.count++
	f.active = append(f.active, &ActiveFault{ID: f.count, Fault: fault})
	return *f.active[len(f.active)-1]
}

func (f *faults) remove(id int) {
	f.active = slices.DeleteFunc(f.active, func(fault *ActiveFault) bool { return fault.ID == id })
}

// ofCall returns what goes wrong with a call of an operation in an environment, or nil.
// The operation is nil for a path that there is not.
func (f *faults) ofCall(environment string, op *persona.Operation) *Fault {
	name := ""
	if op != nil {
		name = op.Name()
	}
	return f.take(func(fault *Fault) bool {
		kind, _ := faultKindOf(fault.Kind)
		return !kind.delivery && fault.in(environment) && (fault.Operation == "" || fault.Operation == name) && fault.possible(op)
	})
}

// ofDelivery returns what goes wrong with a delivery of an event in an environment, or
// nil.
func (f *faults) ofDelivery(environment, event string) *Fault {
	return f.take(func(fault *Fault) bool {
		kind, _ := faultKindOf(fault.Kind)
		return kind.delivery && fault.in(environment) && (fault.Event == "" || fault.Event == event)
	})
}

// take counts for every fault that fits, so that what one does changes nothing for
// another, and returns the first one that is drawn.
func (f *faults) take(fits func(*Fault) bool) *Fault {
	var taken *ActiveFault
	for _, fault := range f.active {
		if !fits(&fault.Fault) {
			continue
		}
		fault.Seen++
		if taken == nil && fault.Seen > fault.After && (fault.Rate == 0 || draw(f.seed, fault.ID, fault.Seen) < fault.Rate) {
			taken = fault
		}
	}
	if taken == nil {
		return nil
	}
	taken.Happened++
	if taken.Happened == taken.Times {
		f.remove(taken.ID)
	}
	fault := taken.Fault
	fault.share = draw(f.seed, taken.ID, -taken.Seen)
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
