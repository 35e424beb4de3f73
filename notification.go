package idem

import "time"

// NotificationType says what a notification is about.
type NotificationType string

// The types of notifications. The service may add more: ignore a type that you do not know.
const (
	NotifyVerdictChanged   NotificationType = "subject.verdict_changed" // the verdict on a subject is another one now
	NotifyCaseChanged      NotificationType = "case.changed"            // a case moved to another status
	NotifyActionDone       NotificationType = "action.done"             // Persona accepted the call of an action
	NotifyActionDead       NotificationType = "action.dead"             // an action was given up
	NotifyPolicyError      NotificationType = "policy.error"            // a decision became a review, since something was missing
	NotifyInboxPoison      NotificationType = "inbox.poison"            // an event cannot be processed
	NotifyEndpointDisabled NotificationType = "endpoint.disabled"       // an endpoint answered 410
	NotifyEndpointTest     NotificationType = "endpoint.test"           // somebody asked for a test message
)

// Notification is a message of the service. It contains no personal data. Fields that a type
// does not use are zero.
type Notification struct {
	ID          string           `json:"id"` // the same whenever it is delivered
	Type        NotificationType `json:"type"`
	Environment Environment      `json:"environment"`
	Sequence    int64            `json:"sequence"` // increases in the environment; where [Client.Stream] goes on

	Reference       string `json:"reference"`        // your id of the subject; empty if there is no single subject
	SubjectSequence int64  `json:"subject_sequence"` // increases with every notification about the subject

	Verdict   Verdict   `json:"verdict"`  // of NotifyVerdictChanged
	Object    Object    `json:"object"`   // what it is about, at Persona
	Status    string    `json:"status"`   // of the object
	Source    string    `json:"source"`   // the id of the action or decision, or the name of the endpoint
	Reason    string    `json:"reason"`   // for people
	EventID   string    `json:"event_id"` // the event of Persona that caused it
	CreatedAt time.Time `json:"created_at"`
}

// message is the body of a webhook and the data of an event of a stream.
type message struct {
	Type NotificationType `json:"type"`
	Data *Notification    `json:"data"`
}
