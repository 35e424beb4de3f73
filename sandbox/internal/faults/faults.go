package faults

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox/internal/catalog"
)

// Kind is the kind of a [Fault].
type Kind string

// The kinds of fault of calls. An operation that is refused by Persona's own rules
// is refused all the same.
const (
	FaultLostAnswer      Kind = "lost_answer"      // the operation happens, and the connection breaks instead of an answer
	FaultTruncatedAnswer Kind = "truncated_answer" // the operation happens, and the connection breaks in the middle of the answer
	FaultSlowAnswer      Kind = "slow_answer"      // the operation happens, and the answer comes Delay later
	FaultPartialIncluded Kind = "partial_included" // the answer lacks some or all of the resources that it should include
	FaultStatusBefore    Kind = "status_before"    // Status instead of the operation
	FaultStatusAfter     Kind = "status_after"     // the operation happens, and Status is the answer
	FaultCachedStatus    Kind = "cached_status"    // Status instead of the operation, and again for every retry with its idempotency key
	FaultRateLimited     Kind = "rate_limited"     // 429 instead of the operation: the headers say that no calls are left until Delay has passed
	FaultQuotaExceeded   Kind = "quota_exceeded"   // 429 instead of a creation: the headers say that its quota is used up until Delay has passed
	FaultStaleSearch     Kind = "stale_search"     // a search finds what it would have found Delay ago
)

// The kinds of fault of deliveries of webhooks.
const (
	FaultLostDelivery      Kind = "lost_delivery"      // the event is never sent
	FaultDuplicateDelivery Kind = "duplicate_delivery" // the event is delivered twice
	FaultLateDelivery      Kind = "late_delivery"      // the event is sent Delay later
	FaultReorderedDelivery Kind = "reordered_delivery" // the event is sent after the next one of its webhook, or after Delay when none comes
	FaultTruncatedDelivery Kind = "truncated_delivery" // the connection breaks in the middle of the first attempt
)

// Fault is something that goes wrong with calls of the API or with deliveries of
// webhooks: the next Times that fit, or those that a Rate draws.
type Fault struct {
	Kind      Kind   `json:"kind"`
	Operation string `json:"operation,omitempty"` // of a call, as Inquiries.Approve; "" for any
	Event     string `json:"event,omitempty"`     // the name, of a delivery; "" for any

	Environment catalog.Environment `json:"environment,omitempty"` // sandbox or production; "" for both

	// Status is what the kinds with a status answer with: 500 unless set.
	Status int `json:"status,omitempty"`

	// Delay is how late something is: 1 s unless set, 1 min for late and reordered
	// deliveries and for searches, and the rest of the window for limits. A slow
	// answer is late by the wall's time, all else by the sandbox's clock.
	Delay time.Duration `json:"-" yaml:"delay"`

	After int     `json:"after,omitempty"` // how many that fit go well first
	Times int     `json:"times,omitempty"` // how often it happens: once unless set, with a Rate without an end
	Rate  float64 `json:"rate,omitempty"`  // the share of those that fit, up to 1; 0 for each of them

	share float64 // how much of an answer comes, of a fault that happens: from 0 to below 1
}

// ActiveFault is a fault that has not happened as often as it is to.
type ActiveFault struct {
	ID int `json:"id"`
	Fault
	Seen     int `json:"seen"`     // how many calls or deliveries fitted
	Happened int `json:"happened"` // how many of them went wrong
}

// KindInfo is what is true of all faults of a kind.
type KindInfo struct {
	Name     Kind
	Delivery bool          // of deliveries, not of calls
	status   bool          // has a Status
	delay    bool          // has a Delay
	usual    time.Duration // the Delay when none is given
	Summary  string
}

func KindInfos() []KindInfo {
	return []KindInfo{
		{Name: FaultLostAnswer, Summary: "it happens, and no answer comes"},
		{Name: FaultTruncatedAnswer, Summary: "it happens, and half of the answer comes"},
		{Name: FaultSlowAnswer, delay: true, usual: time.Second, Summary: "it happens, and the answer is late"},
		{Name: FaultPartialIncluded, Summary: "it happens, and included is not whole"},
		{Name: FaultStatusBefore, status: true, Summary: "a status instead of it"},
		{Name: FaultStatusAfter, status: true, Summary: "it happens, and a status is the answer"},
		{Name: FaultCachedStatus, status: true, Summary: "a status instead of it, kept by the idempotency key"},
		{Name: FaultRateLimited, delay: true, Summary: "429: no calls are left"},
		{Name: FaultQuotaExceeded, delay: true, Summary: "429: the quota is used up"},
		{Name: FaultStaleSearch, delay: true, usual: time.Minute, Summary: "a search finds what was"},
		{Name: FaultLostDelivery, Delivery: true, Summary: "the event is never sent"},
		{Name: FaultDuplicateDelivery, Delivery: true, Summary: "the event is sent twice"},
		{Name: FaultLateDelivery, Delivery: true, delay: true, usual: time.Minute, Summary: "the event is late"},
		{Name: FaultReorderedDelivery, Delivery: true, delay: true, usual: time.Minute, Summary: "the event comes after the next one"},
		{Name: FaultTruncatedDelivery, Delivery: true, Summary: "half of the first attempt is sent"},
	}
}

func KindInfoOf(name Kind) (KindInfo, bool) {
	kinds := KindInfos()
	i := slices.IndexFunc(kinds, func(k KindInfo) bool { return k.Name == name })
	if i < 0 {
		return KindInfo{}, false
	}
	return kinds[i], true
}

// FaultKinds are the names of the kinds there are.
func FaultKinds() []Kind {
	var names []Kind
	for _, kind := range KindInfos() {
		names = append(names, kind.Name)
	}
	return names
}

// Complete fills in what is not set, and refuses what could never happen.
func (f Fault) Complete() (Fault, error) {
	kind, known := KindInfoOf(f.Kind)
	if !known {
		return f, fmt.Errorf("kind must be one of %s%s", strings.Join(KindNames(), ", "), catalog.DidYouMean(string(f.Kind), KindNames()))
	}
	switch {
	case kind.Delivery && f.Operation != "":
		return f, fmt.Errorf("a %s has an event, and no operation", f.Kind)
	case !kind.Delivery && f.Event != "":
		return f, fmt.Errorf("a %s has an operation, and no event", f.Kind)
	case f.Operation != "" && !slices.ContainsFunc(persona.Operations(), func(op persona.Operation) bool { return op.Name() == f.Operation && f.possible(&op) }):
		return f, fmt.Errorf("operation is not one that a %s happens to, such as %s%s", f.Kind, f.example(), catalog.DidYouMean(f.Operation, f.operations()))
	case f.Event != "" && !webhook.Known(webhook.Name(f.Event)):
		return f, fmt.Errorf("event must be the name of an event, such as inquiry.approved%s", SuggestEvent(f.Event))
	case f.Environment != "" && f.Environment != "sandbox" && f.Environment != "production":
		return f, fmt.Errorf("environment must be sandbox or production%s", catalog.DidYouMean(string(f.Environment), []string{"sandbox", "production"}))
	case !kind.status && f.Status != 0:
		return f, fmt.Errorf("a %s has no status", f.Kind)
	case !kind.delay && f.Delay != 0:
		return f, fmt.Errorf("a %s has no delay", f.Kind)
	case f.Delay < 0 || f.After < 0 || f.Times < 0:
		return f, fmt.Errorf("delay, after and times must not be below zero")
	case !(f.Rate >= 0 && f.Rate <= 1):
		return f, fmt.Errorf("rate must be between 0 and 1")
	}
	f.Delay = cmp.Or(f.Delay, kind.usual)
	if f.Rate == 0 {
		f.Times = cmp.Or(f.Times, 1)
	}
	if kind.status {
		f.Status = cmp.Or(f.Status, http.StatusInternalServerError)
		if f.Status < 400 || f.Status > 599 {
			return f, fmt.Errorf("status must be between 400 and 599")
		}
		if f.Kind == FaultCachedStatus && !f.Remembered() {
			return f, fmt.Errorf("status must not be 401 or 429, which are never kept")
		}
	}
	return f, nil
}

// operations are the names of those that a kind can happen to.
func (f *Fault) operations() []string {
	var names []string
	for _, op := range persona.Operations() {
		if f.possible(&op) {
			names = append(names, op.Name())
		}
	}
	return names
}

// KindNames are the names of all kinds.
func KindNames() []string {
	var names []string
	for _, kind := range FaultKinds() {
		names = append(names, string(kind))
	}
	return names
}

// SuggestEvent ends the error for an unknown name of an event: see [catalog.DidYouMean].
func SuggestEvent(name string) string {
	var names []string
	for _, known := range webhook.Documented() {
		names = append(names, string(known))
	}
	return catalog.DidYouMean(name, names)
}

// in reports whether a fault can happen in an environment.
func (f *Fault) in(environment catalog.Environment) bool {
	return f.Environment == "" || f.Environment == environment
}

// possible reports whether a kind can happen to an operation.
func (f *Fault) possible(op *persona.Operation) bool {
	switch f.Kind {
	case FaultQuotaExceeded:
		return catalog.QuotaOf(op) != ""
	case FaultStaleSearch:
		return op != nil && op.Method == "Search"
	default:
		return true
	}
}

func (f *Fault) example() string {
	switch f.Kind {
	case FaultQuotaExceeded:
		return "Inquiries.Create"
	case FaultStaleSearch:
		return "Inquiries.Search"
	default:
		return "Inquiries.Approve"
	}
}

// Is reports whether a fault is there, and of a kind.
func (f *Fault) Is(kind Kind) bool { return f != nil && f.Kind == kind }

// ParseFault reads a fault as it is written on a command line: its settings by name,
// such as kind=status_after,operation=Cases.SetStatus,status=503,rate=0.1. The others
// are event, environment, delay (as 90s), after and times.
func ParseFault(text string) (Fault, error) {
	settings := map[string]string{}
	for setting := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(setting, "=")
		if _, twice := settings[name]; !ok || twice {
			return Fault{}, fmt.Errorf("a fault is written kind=…,name=value,…, with each name once")
		}
		settings[name] = value
	}
	return FromSettings(settings)
}

// FromSettings reads a fault from the texts of its settings.
func FromSettings(settings map[string]string) (f Fault, err error) {
	for name, value := range settings {
		switch name {
		case "kind":
			f.Kind = Kind(value)
		case "operation":
			f.Operation = value
		case "event":
			f.Event = value
		case "environment":
			f.Environment = catalog.Environment(value)
		case "status":
			f.Status, err = strconv.Atoi(value)
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		case "after":
			f.After, err = strconv.Atoi(value)
		case "times":
			f.Times, err = strconv.Atoi(value)
		case "rate":
			f.Rate, err = strconv.ParseFloat(value, 64)
		default:
			return Fault{}, fmt.Errorf("a fault has no %q: it has kind, operation, event, environment, status, delay, after, times and rate", name)
		}
		if err != nil {
			return Fault{}, fmt.Errorf("%s %q cannot be read", name, value)
		}
	}
	return f.Complete()
}
