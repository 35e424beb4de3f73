package sandbox

import "github.com/idemhq/idem/sandbox/internal/faults"

// Fault is something that goes wrong with calls of the API or with deliveries of webhooks.
// Pass it to [Sandbox.AddFault]. Its fields:
//
//	Kind        FaultKind     // what goes wrong
//	Operation   string        // limits a fault of calls, such as Inquiries.Approve; "" for any
//	Event       string        // limits a fault of deliveries, such as inquiry.approved; "" for any
//	Environment Environment   // limits the fault; "" for both
//	Status      int           // the answer of the kinds with a status; default 500
//	Delay       time.Duration // how late something is; the default depends on the kind
//	After       int           // how many matching calls or deliveries go well first
//	Times       int           // how often it happens: default once, or without end if there is a Rate
//	Rate        float64       // the share of matching calls or deliveries that it happens to; 0 for each
//
// A slow answer is late in real time, everything else by the sandbox's clock.
type Fault = faults.Fault

// FaultKind is the kind of a [Fault]: one of the constants.
type FaultKind = faults.Kind

// ActiveFault is a fault that can still happen. Its fields:
//
//	ID       int // for RemoveFault
//	Fault        // embedded, with its defaults
//	Seen     int // how many calls or deliveries matched
//	Happened int // how many of them went wrong
type ActiveFault = faults.ActiveFault

// The kinds of faults of calls. An operation that Persona's rules refuse is refused with a
// fault too.
const (
	FaultLostAnswer      FaultKind = faults.FaultLostAnswer      // the operation happens, and the connection breaks before the answer
	FaultTruncatedAnswer FaultKind = faults.FaultTruncatedAnswer // the operation happens, and the connection breaks in the middle of the answer
	FaultSlowAnswer      FaultKind = faults.FaultSlowAnswer      // the operation happens, and the answer is late by Delay (default 1 s)
	FaultPartialIncluded FaultKind = faults.FaultPartialIncluded // the answer lacks some or all of the resources that it should include
	FaultStatusBefore    FaultKind = faults.FaultStatusBefore    // the operation does not happen, and the answer is Status
	FaultStatusAfter     FaultKind = faults.FaultStatusAfter     // the operation happens, and the answer is Status
	FaultCachedStatus    FaultKind = faults.FaultCachedStatus    // the operation does not happen; the answer is Status, also for retries with the same idempotency key
	FaultRateLimited     FaultKind = faults.FaultRateLimited     // the operation does not happen; the answer is 429, and says that no calls are left until Delay has passed
	FaultQuotaExceeded   FaultKind = faults.FaultQuotaExceeded   // the creation does not happen; the answer is 429, and says that the quota is used up until Delay has passed
	FaultStaleSearch     FaultKind = faults.FaultStaleSearch     // a search finds resources by their state of Delay ago (default 1 min)
)

// The kinds of faults of deliveries.
const (
	FaultLostDelivery      FaultKind = faults.FaultLostDelivery      // the event is never sent
	FaultDuplicateDelivery FaultKind = faults.FaultDuplicateDelivery // the event is sent twice
	FaultLateDelivery      FaultKind = faults.FaultLateDelivery      // the event is sent late by Delay (default 1 min)
	FaultReorderedDelivery FaultKind = faults.FaultReorderedDelivery // the event is sent after the next one of its webhook, or after Delay if there is no next one
	FaultTruncatedDelivery FaultKind = faults.FaultTruncatedDelivery // the connection breaks in the middle of the first attempt
)

// FaultKinds returns the names of all kinds.
func FaultKinds() []string { return faults.KindNames() }

// ParseFault reads a fault from a command line, such as
// kind=status_after,operation=Cases.SetStatus,status=503,rate=0.1. The other settings are
// event, environment, delay (such as 90s), after and times.
func ParseFault(text string) (Fault, error) { return faults.Parse(text) }

// AddFault injects a fault from now on. If several faults match a call, the one that was
// added first happens.
func (s *Sandbox) AddFault(f Fault) error {
	_, err := s.engine.AddFault(f)
	return err
}

// Faults returns the faults that can still happen, in the order in which they were added.
func (s *Sandbox) Faults() []ActiveFault { return s.engine.Faults() }

// RemoveFault removes a fault, and reports whether there was one with this id.
func (s *Sandbox) RemoveFault(id int) bool { return s.engine.RemoveFault(id) }

// ClearFaults removes all faults.
func (s *Sandbox) ClearFaults() { s.engine.ClearFaults() }
