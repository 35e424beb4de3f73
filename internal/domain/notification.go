package domain

import "time"

// Notification is one message for the host application.
type Notification struct {
	ID          string // ntf_…
	Environment Environment
	Type        string // one of the types below
	Sequence    int64  // grows in commit order within the environment; set by the store

	// Subject is the host's reference id; empty where none is known, or where a case is
	// about several subjects. The store sets it from Object unless it is set.
	Subject         string
	SubjectSequence int64 // grows by one with every notification about the subject; set by the store; 0 without a subject

	Object    Ref
	Status    string  // of the object at Persona, where the notification tells it
	Verdict   Verdict // of NotifyVerdictChanged
	Source    string  // the id of the action, or of the decision, that it tells of
	Reason    string  // why: the outcome of an action, what a rule lacked, why an event is poison
	EventID   string  // the Persona event that led to it
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
