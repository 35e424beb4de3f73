package idem

import "time"

// The types of notifications. The service may add more: ignore a type that you do not know.
const (
	VerdictChanged   = "subject.verdict_changed" // the verdict on a subject is another one now
	CaseChanged      = "case.changed"            // a case moved to another status
	ActionDone       = "action.done"             // Persona accepted the call of an action
	ActionDead       = "action.dead"             // an action was given up
	PolicyError      = "policy.error"            // a decision became a review, since something was missing
	InboxPoison      = "inbox.poison"            // an event cannot be processed
	EndpointDisabled = "endpoint.disabled"       // an endpoint answered 410
	EndpointTest     = "endpoint.test"           // somebody asked for a test message
)

// Notification is a message of the service. It contains no personal data. Fields that a type
// does not use are zero.
type Notification struct {
	ID          string      `json:"id"` // the same whenever it is delivered
	Type        string      `json:"type"`
	Environment Environment `json:"environment"`
	Sequence    int64       `json:"sequence"` // increases in the environment; where [Client.Stream] goes on

	Reference       string `json:"reference"`        // your id of the subject; empty if there is no single subject
	SubjectSequence int64  `json:"subject_sequence"` // increases with every notification about the subject

	Verdict   Verdict   `json:"verdict"`  // of VerdictChanged
	Object    Object    `json:"object"`   // what it is about, at Persona
	Status    string    `json:"status"`   // of the object
	Source    string    `json:"source"`   // the id of the action or decision, or the name of the endpoint
	Reason    string    `json:"reason"`   // for people
	EventID   string    `json:"event_id"` // the event of Persona that caused it
	CreatedAt time.Time `json:"created_at"`
}

// message is the body of a webhook and the data of an event of a stream.
type message struct {
	Type string        `json:"type"`
	Data *Notification `json:"data"`
}
