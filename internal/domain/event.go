package domain

import "time"

// Event is one Persona event as it was received. It never changes after intake;
// only its EventState does.
type Event struct {
	Environment Environment
	ID          string // evt_…, unique within the environment
	Name        string // for example inquiry.approved; the set is open
	CreatedAt   time.Time
	Object      Ref               // the resource in the payload
	Body        []byte            // the raw bytes whose signature was verified, or the event as GET /events returned it
	Headers     map[string]string // of the webhook, without those that hold secrets; none for an event that was read
	Via         Via
	ReceivedAt  time.Time
	State       EventState
	Tries       int    // how often working on it failed
	Reason      string // why it waits, or why it is poison; no personal data
}

// Via says how an event reached us.
type Via string

const (
	ViaWebhook   Via = "webhook"
	ViaReconcile Via = "reconcile" // no webhook had brought it: found in Persona's list
	ViaHistory   Via = "history"   // created before the service knew the environment: shows the state, and is not decided on
)

// EventState is where an event stands in the inbox.
type EventState string

const (
	EventWaiting   EventState = "waiting"   // stored, not yet folded
	EventApplied   EventState = "applied"   // folded into its object
	EventStale     EventState = "stale"     // older than what its object already shows; changed nothing
	EventUnhandled EventState = "unhandled" // stored; of a kind that no object is kept for
	EventPoison    EventState = "poison"    // cannot be read; set aside, does not block others
)
