package domain

import "time"

// Event is a Persona event as it was received. After intake only its state, tries and
// reason change.
type Event struct {
	Environment Environment
	ID          string // evt_…, unique within the environment
	Name        string // for example inquiry.approved; Persona may add names
	CreatedAt   time.Time
	Object      Ref               // the resource in the payload
	Body        []byte            // the bytes whose signature was verified, or the event as GET /events returned it, without access tokens of files
	Headers     map[string]string // of the webhook, without those that contain secrets; empty for an event from Persona's list
	Via         Via
	ReceivedAt  time.Time
	State       EventState
	Tries       int    // how often processing failed
	Reason      string // why it is still waiting or is poison; no personal data
}

// Via says how the service received an event.
type Via string

const (
	ViaWebhook   Via = "webhook"
	ViaReconcile Via = "reconcile" // found in Persona's list; its webhook had not arrived
	ViaHistory   Via = "history"   // created before the service knew the environment: shown, but not decided on
)

// EventState is the state of an event in the inbox.
type EventState string

const (
	EventWaiting   EventState = "waiting"   // stored, not yet folded
	EventApplied   EventState = "applied"   // folded into its object
	EventStale     EventState = "stale"     // older than its object's state; changed nothing
	EventUnhandled EventState = "unhandled" // the service keeps no objects of this type
	EventPoison    EventState = "poison"    // cannot be processed; blocks no other event
)
