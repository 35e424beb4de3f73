package faults

import (
	"slices"
	"time"
)

// Kind is the kind of a [Fault].
type Kind string

// The kinds of faults of calls. An operation that Persona's rules refuse is refused with
// a fault too.
const (
	FaultLostAnswer      Kind = "lost_answer"      // the operation happens, and the connection breaks before the answer
	FaultTruncatedAnswer Kind = "truncated_answer" // the operation happens, and the connection breaks in the middle of the answer
	FaultSlowAnswer      Kind = "slow_answer"      // the operation happens, and the answer is late by Delay
	FaultPartialIncluded Kind = "partial_included" // the answer lacks some or all of the resources that it should include
	FaultStatusBefore    Kind = "status_before"    // the operation does not happen, and the answer is Status
	FaultStatusAfter     Kind = "status_after"     // the operation happens, and the answer is Status
	FaultCachedStatus    Kind = "cached_status"    // the operation does not happen; the answer is Status, also for retries with the same idempotency key
	FaultRateLimited     Kind = "rate_limited"     // the operation does not happen; the answer is 429, and says that no calls are left until Delay has passed
	FaultQuotaExceeded   Kind = "quota_exceeded"   // the creation does not happen; the answer is 429, and says that the quota is used up until Delay has passed
	FaultStaleSearch     Kind = "stale_search"     // a search finds resources by their state of Delay ago
)

// The kinds of faults of deliveries.
const (
	FaultLostDelivery      Kind = "lost_delivery"      // the event is never sent
	FaultDuplicateDelivery Kind = "duplicate_delivery" // the event is sent twice
	FaultLateDelivery      Kind = "late_delivery"      // the event is sent late by Delay
	FaultReorderedDelivery Kind = "reordered_delivery" // the event is sent after the next one of its webhook, or after Delay if there is no next one
	FaultTruncatedDelivery Kind = "truncated_delivery" // the connection breaks in the middle of the first attempt
)

// KindInfo describes a kind.
type KindInfo struct {
	Name     Kind
	Delivery bool   // happens to deliveries, not to calls
	Summary  string // for people

	status bool          // has a Status
	delay  bool          // has a Delay
	usual  time.Duration // the default Delay
}

// Kinds returns all kinds.
func Kinds() []KindInfo {
	return []KindInfo{
		{Name: FaultLostAnswer, Summary: "the operation happens, but no answer comes"},
		{Name: FaultTruncatedAnswer, Summary: "the operation happens, but only half of the answer comes"},
		{Name: FaultSlowAnswer, delay: true, usual: time.Second, Summary: "the operation happens, but the answer is late"},
		{Name: FaultPartialIncluded, Summary: "the operation happens, but included is incomplete"},
		{Name: FaultStatusBefore, status: true, Summary: "an error status instead of the operation"},
		{Name: FaultStatusAfter, status: true, Summary: "the operation happens, but the answer is an error status"},
		{Name: FaultCachedStatus, status: true, Summary: "an error status instead of the operation, stored for the idempotency key"},
		{Name: FaultRateLimited, delay: true, Summary: "429: no calls are left"},
		{Name: FaultQuotaExceeded, delay: true, Summary: "429: the quota is used up"},
		{Name: FaultStaleSearch, delay: true, usual: time.Minute, Summary: "a search uses a former state"},
		{Name: FaultLostDelivery, Delivery: true, Summary: "the event is never sent"},
		{Name: FaultDuplicateDelivery, Delivery: true, Summary: "the event is sent twice"},
		{Name: FaultLateDelivery, Delivery: true, delay: true, usual: time.Minute, Summary: "the event is late"},
		{Name: FaultReorderedDelivery, Delivery: true, delay: true, usual: time.Minute, Summary: "the event comes after the next one"},
		{Name: FaultTruncatedDelivery, Delivery: true, Summary: "the first attempt breaks off half way"},
	}
}

// KindNames returns the names of all kinds.
func KindNames() []string {
	var names []string
	for _, kind := range Kinds() {
		names = append(names, string(kind.Name))
	}
	return names
}

func kindOf(name Kind) (KindInfo, bool) {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k KindInfo) bool { return k.Name == name })
	if i < 0 {
		return KindInfo{}, false
	}
	return kinds[i], true
}
