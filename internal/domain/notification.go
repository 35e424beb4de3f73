package domain

import "time"

// Notification is a message for the host application.
type Notification struct {
	ID          string // ntf_…
	Environment Environment
	Type        string // one of the types below
	Sequence    int64  // increases in commit order within the environment; set by the store

	// Subject is the host's reference id; empty if there is none, or if a case is about
	// several subjects. The store sets it from Object unless it is set.
	Subject         string
	SubjectSequence int64 // increases by one with every notification about the subject; set by the store; 0 without a subject

	Object    Ref
	Status    string  // of the object at Persona, if the notification shows it
	Verdict   Verdict // of NotifyVerdictChanged
	Source    string  // the id of the action or decision, or the name of the endpoint
	Reason    string  // why: the outcome of an action, what a rule lacked, why an event is poison
	EventID   string  // the Persona event that caused it
	CreatedAt time.Time
}

// The types of notifications.
const (
	NotifyVerdictChanged   = "subject.verdict_changed"
	NotifyCaseChanged      = "case.changed"
	NotifyActionDone       = "action.done"
	NotifyActionDead       = "action.dead"
	NotifyPolicyError      = "policy.error"
	NotifyInboxPoison      = "inbox.poison"
	NotifyEndpointDisabled = "endpoint.disabled"
	NotifyTest             = "endpoint.test" // is sent when somebody asks for it, and not stored
)
