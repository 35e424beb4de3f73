package faults

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox/internal/catalog"
)

// Fault is something that goes wrong with calls of the API or with deliveries of
// webhooks.
type Fault struct {
	Kind      Kind   `json:"kind"`
	Operation string `json:"operation,omitempty"` // limits a fault of calls, such as Inquiries.Approve; "" for any
	Event     string `json:"event,omitempty"`     // limits a fault of deliveries, such as inquiry.approved; "" for any

	Environment catalog.Environment `json:"environment,omitempty"` // sandbox or production; "" for both

	// Status is the answer of the kinds with a status. The default is 500.
	Status int `json:"status,omitempty"`

	// Delay is how late something is. The default is 1 s for slow answers, 1 min for
	// deliveries and searches, and the rest of the window for limits. A slow answer is
	// late in real time, everything else by the sandbox's clock.
	Delay time.Duration `json:"-" yaml:"delay"`

	After int     `json:"after,omitempty"` // how many matching calls or deliveries go well first
	Times int     `json:"times,omitempty"` // how often the fault happens: by default once, or without end if there is a Rate
	Rate  float64 `json:"rate,omitempty"`  // the share of matching calls or deliveries that it happens to, up to 1; 0 for each

	share float64 // of a fault that happens: how much of included comes, from 0 to below 1
}

// ActiveFault is a fault that can still happen.
type ActiveFault struct {
	ID int `json:"id"`
	Fault
	Seen     int `json:"seen"`     // how many calls or deliveries matched
	Happened int `json:"happened"` // how many of them went wrong
}

// Complete sets the defaults. It refuses a fault that could never happen.
func (f Fault) Complete() (Fault, error) {
	kind, known := kindOf(f.Kind)
	if !known {
		return f, fmt.Errorf("kind must be one of %s%s", strings.Join(KindNames(), ", "), spelling.DidYouMean(string(f.Kind), KindNames()))
	}
	switch {
	case kind.Delivery && f.Operation != "":
		return f, fmt.Errorf("a %s has an event, and no operation", f.Kind)
	case !kind.Delivery && f.Event != "":
		return f, fmt.Errorf("a %s has an operation, and no event", f.Kind)
	case f.Operation != "" && !slices.ContainsFunc(persona.Operations(), func(op persona.Operation) bool { return op.Name() == f.Operation && f.possible(&op) }):
		return f, fmt.Errorf("operation is not one to which a %s can happen, such as %s%s", f.Kind, f.example(), spelling.DidYouMean(f.Operation, f.operations()))
	case f.Event != "" && !webhook.Known(webhook.Name(f.Event)):
		return f, fmt.Errorf("event must be the name of an event, such as inquiry.approved%s", SuggestEvent(f.Event))
	case f.Environment != "" && f.Environment != "sandbox" && f.Environment != "production":
		return f, fmt.Errorf("environment must be sandbox or production%s", spelling.DidYouMean(string(f.Environment), []string{"sandbox", "production"}))
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
		if f.Kind == FaultCachedStatus && !f.Stored() {
			return f, fmt.Errorf("status must not be 401 or 429, which are never kept")
		}
	}
	return f, nil
}

// operations returns the names of the operations that the fault can happen to.
func (f *Fault) operations() []string {
	var names []string
	for _, op := range persona.Operations() {
		if f.possible(&op) {
			names = append(names, op.Name())
		}
	}
	return names
}

// SuggestEvent ends the error message for an unknown event. See [spelling.DidYouMean].
func SuggestEvent(name string) string {
	var names []string
	for _, known := range webhook.Documented() {
		names = append(names, string(known))
	}
	return spelling.DidYouMean(name, names)
}

// in reports whether the fault can happen in an environment.
func (f *Fault) in(environment catalog.Environment) bool {
	return f.Environment == "" || f.Environment == environment
}

// possible reports whether the fault can happen to an operation. It is nil for an unknown
// path.
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

// example returns the name of an operation for an error message.
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

// Is reports whether there is a fault, and it is of a kind.
func (f *Fault) Is(kind Kind) bool { return f != nil && f.Kind == kind }

// Stored reports whether the idempotency key stores the failure. Persona stores its own
// errors, but neither the answers of a gateway, which never reach it, nor refusals because
// of a limit.
func (f *Fault) Stored() bool {
	if f.Status == http.StatusTooManyRequests || f.Status == http.StatusUnauthorized {
		return false
	}
	return f.Kind == FaultCachedStatus || f.Status < http.StatusBadGateway
}

// Shorten returns the included resources that an answer shows: not all of them if the fault
// is of that kind.
func (f *Fault) Shorten(included []any) []any {
	if !f.Is(FaultPartialIncluded) {
		return included
	}
	return included[:int(f.share*float64(len(included)))]
}
