package sandbox

import "github.com/idemhq/idem/sandbox/internal/faults"

// Fault is something that goes wrong with calls of the API or with deliveries of
// webhooks: the next Times that fit, or those that a Rate draws.
type Fault = faults.Fault

// FaultKind is the kind of a [Fault].
type FaultKind = faults.Kind

// ActiveFault is a fault that has not happened as often as it is to.
type ActiveFault = faults.ActiveFault

// The kinds of fault of calls. An operation that is refused by Persona's own rules
// is refused all the same.
const (
	FaultLostAnswer      = faults.FaultLostAnswer      // the operation happens, and the connection breaks instead of an answer
	FaultTruncatedAnswer = faults.FaultTruncatedAnswer // the operation happens, and the connection breaks in the middle of the answer
	FaultSlowAnswer      = faults.FaultSlowAnswer      // the operation happens, and the answer comes Delay later
	FaultPartialIncluded = faults.FaultPartialIncluded // the answer lacks some or all of the resources that it should include
	FaultStatusBefore    = faults.FaultStatusBefore    // Status instead of the operation
	FaultStatusAfter     = faults.FaultStatusAfter     // the operation happens, and Status is the answer
	FaultCachedStatus    = faults.FaultCachedStatus    // Status instead of the operation, and again for every retry with its idempotency key
	FaultRateLimited     = faults.FaultRateLimited     // 429 instead of the operation: the headers say that no calls are left until Delay has passed
	FaultQuotaExceeded   = faults.FaultQuotaExceeded   // 429 instead of a creation: the headers say that its quota is used up until Delay has passed
	FaultStaleSearch     = faults.FaultStaleSearch     // a search finds what it would have found Delay ago
)

// The kinds of fault of deliveries of webhooks.
const (
	FaultLostDelivery      = faults.FaultLostDelivery      // the event is never sent
	FaultDuplicateDelivery = faults.FaultDuplicateDelivery // the event is delivered twice
	FaultLateDelivery      = faults.FaultLateDelivery      // the event is sent Delay later
	FaultReorderedDelivery = faults.FaultReorderedDelivery // the event is sent after the next one of its webhook, or after Delay when none comes
	FaultTruncatedDelivery = faults.FaultTruncatedDelivery // the connection breaks in the middle of the first attempt
)

// FaultKinds are the names of the kinds there are.
func FaultKinds() []string { return faults.KindNames() }

// ParseFault reads a fault as it is written on a command line: its settings by name,
// such as kind=status_after,operation=Cases.SetStatus,status=503,rate=0.1. The others
// are event, environment, delay (as 90s), after and times.
func ParseFault(text string) (Fault, error) { return faults.ParseFault(text) }

// AddFault makes something go wrong from now on. Where several faults fit, the one
// that was added first happens.
func (s *Sandbox) AddFault(f Fault) error { return s.engine.AddFault(f) }

// Faults returns what is still to go wrong, in the order in which it was added.
func (s *Sandbox) Faults() []ActiveFault { return s.engine.Faults() }

// RemoveFault removes a fault, and reports whether there was one with this id.
func (s *Sandbox) RemoveFault(id int) bool { return s.engine.RemoveFault(id) }

// ClearFaults removes all faults.
func (s *Sandbox) ClearFaults() { s.engine.ClearFaults() }
