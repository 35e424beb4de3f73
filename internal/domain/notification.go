package domain

import "time"

// Notification is one message for the host application.
type Notification struct {
	ID          string // ntf_…
	Environment Environment
	Name        string // verdict.changed, action.done, action.dead, …
	Subject     string // the host's reference id; empty where none is known
	Object      Ref
	Verdict     Verdict
	EventID     string // the Persona event that led to it
	CreatedAt   time.Time
	Sequence    int64 // grows in commit order within the environment; set by the store
}
