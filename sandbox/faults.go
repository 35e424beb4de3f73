package sandbox

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
)

// The kinds of fault of calls. An operation that is refused by Persona's own rules
// is refused all the same.
const (
	FaultLostAnswer      = "lost_answer"      // the operation happens, and the connection breaks instead of an answer
	FaultTruncatedAnswer = "truncated_answer" // the operation happens, and the connection breaks in the middle of the answer
	FaultSlowAnswer      = "slow_answer"      // the operation happens, and the answer comes Delay later
	FaultPartialIncluded = "partial_included" // the answer lacks some or all of the resources that it should include
	FaultStatusBefore    = "status_before"    // Status instead of the operation
	FaultStatusAfter     = "status_after"     // the operation happens, and Status is the answer
	FaultCachedStatus    = "cached_status"    // Status instead of the operation, and again for every retry with its idempotency key
	FaultRateLimited     = "rate_limited"     // 429 instead of the operation: the headers say that no calls are left until Delay has passed
	FaultQuotaExceeded   = "quota_exceeded"   // 429 instead of a creation: the headers say that its quota is used up until Delay has passed
	FaultStaleSearch     = "stale_search"     // a search finds what it would have found Delay ago
)

// The kinds of fault of deliveries of webhooks.
const (
	FaultLostDelivery      = "lost_delivery"      // the event is never sent
	FaultDuplicateDelivery = "duplicate_delivery" // the event is delivered twice
	FaultLateDelivery      = "late_delivery"      // the event is sent Delay later
	FaultReorderedDelivery = "reordered_delivery" // the event is sent after the next one of its webhook, or after Delay when none comes
	FaultTruncatedDelivery = "truncated_delivery" // the connection breaks in the middle of the first attempt
)

// Fault is something that goes wrong with calls of the API or with deliveries of
// webhooks: the next Times that fit, or those that a Rate draws.
type Fault struct {
	Kind      string `json:"kind"`
	Operation string `json:"operation,omitempty"` // of a call, as Inquiries.Approve; "" for any
	Event     string `json:"event,omitempty"`     // the name, of a delivery; "" for any

	Environment string `json:"environment,omitempty"` // sandbox or production; "" for both

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

// faultKind is what is true of all faults of a kind.
type faultKind struct {
	name     string
	delivery bool          // of deliveries, not of calls
	status   bool          // has a Status
	delay    bool          // has a Delay
	usual    time.Duration // the Delay when none is given
	summary  string
}

func faultKinds() []faultKind {
	return []faultKind{
		{name: FaultLostAnswer, summary: "it happens, and no answer comes"},
		{name: FaultTruncatedAnswer, summary: "it happens, and half of the answer comes"},
		{name: FaultSlowAnswer, delay: true, usual: time.Second, summary: "it happens, and the answer is late"},
		{name: FaultPartialIncluded, summary: "it happens, and included is not whole"},
		{name: FaultStatusBefore, status: true, summary: "a status instead of it"},
		{name: FaultStatusAfter, status: true, summary: "it happens, and a status is the answer"},
		{name: FaultCachedStatus, status: true, summary: "a status instead of it, kept by the idempotency key"},
		{name: FaultRateLimited, delay: true, summary: "429: no calls are left"},
		{name: FaultQuotaExceeded, delay: true, summary: "429: the quota is used up"},
		{name: FaultStaleSearch, delay: true, usual: time.Minute, summary: "a search finds what was"},
		{name: FaultLostDelivery, delivery: true, summary: "the event is never sent"},
		{name: FaultDuplicateDelivery, delivery: true, summary: "the event is sent twice"},
		{name: FaultLateDelivery, delivery: true, delay: true, usual: time.Minute, summary: "the event is late"},
		{name: FaultReorderedDelivery, delivery: true, delay: true, usual: time.Minute, summary: "the event comes after the next one"},
		{name: FaultTruncatedDelivery, delivery: true, summary: "half of the first attempt is sent"},
	}
}

func faultKindOf(name string) (faultKind, bool) {
	kinds := faultKinds()
	i := slices.IndexFunc(kinds, func(k faultKind) bool { return k.name == name })
	if i < 0 {
		return faultKind{}, false
	}
	return kinds[i], true
}

// FaultKinds are the names of the kinds there are.
func FaultKinds() []string {
	var names []string
	for _, kind := range faultKinds() {
		names = append(names, kind.name)
	}
	return names
}

// complete fills in what is not set, and refuses what could never happen.
func (f Fault) complete() (Fault, error) {
	kind, known := faultKindOf(f.Kind)
	if !known {
		return f, fmt.Errorf("kind must be one of %s", strings.Join(FaultKinds(), ", "))
	}
	switch {
	case kind.delivery && f.Operation != "":
		return f, fmt.Errorf("a %s has an event, and no operation", f.Kind)
	case !kind.delivery && f.Event != "":
		return f, fmt.Errorf("a %s has an operation, and no event", f.Kind)
	case f.Operation != "" && !slices.ContainsFunc(persona.Operations(), func(op persona.Operation) bool { return op.Name() == f.Operation && f.possible(&op) }):
		return f, fmt.Errorf("operation is not one that a %s happens to, such as %s", f.Kind, f.example())
	case f.Event != "" && !webhook.Known(webhook.Name(f.Event)):
		return f, fmt.Errorf("event must be the name of an event, such as inquiry.approved")
	case f.Environment != "" && f.Environment != "sandbox" && f.Environment != "production":
		return f, fmt.Errorf("environment must be sandbox or production")
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
		if f.Kind == FaultCachedStatus && !f.remembered() {
			return f, fmt.Errorf("status must not be 401 or 429, which are never kept")
		}
	}
	return f, nil
}

// in reports whether a fault can happen in an environment.
func (f *Fault) in(environment string) bool {
	return f.Environment == "" || f.Environment == environment
}

// possible reports whether a kind can happen to an operation.
func (f *Fault) possible(op *persona.Operation) bool {
	switch f.Kind {
	case FaultQuotaExceeded:
		return quotaOf(op) != ""
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

// is reports whether a fault is there, and of a kind.
func (f *Fault) is(kind string) bool { return f != nil && f.Kind == kind }

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
	return faultFrom(settings)
}

// faultFrom reads a fault from the texts of its settings.
func faultFrom(settings map[string]string) (f Fault, err error) {
	for name, value := range settings {
		switch name {
		case "kind":
			f.Kind = value
		case "operation":
			f.Operation = value
		case "event":
			f.Event = value
		case "environment":
			f.Environment = value
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
	return f.complete()
}

// AddFault makes something go wrong from now on. Where several faults fit, the one
// that was added first happens.
func (s *Sandbox) AddFault(f Fault) error {
	_, err := s.addFault(f)
	return err
}

func (s *Sandbox) addFault(f Fault) (ActiveFault, error) {
	f, err := f.complete()
	if err != nil {
		return ActiveFault{}, fmt.Errorf("sandbox: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.add(f), nil
}

// Faults returns what is still to go wrong, in the order in which it was added.
func (s *Sandbox) Faults() []ActiveFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []ActiveFault{}
	for _, f := range s.faults.active {
		all = append(all, *f)
	}
	return all
}

// RemoveFault takes a fault back, and reports whether there was one with this id.
func (s *Sandbox) RemoveFault(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.faults.active)
	s.faults.remove(id)
	return len(s.faults.active) < before
}

// ClearFaults takes all faults back.
func (s *Sandbox) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.active = nil
}
