package domain

import "time"

// Notification is a message for the host application.
type Notification struct {
	ID          string // ntf_…
	Environment Environment
	Name        string // verdict.changed, action.done, action.dead, …
	Subject     string // the host's reference id; empty if there is none
	Object      Ref
	Verdict     Verdict
	EventID     string // the Persona event that caused it
	CreatedAt   time.Time
	Sequence    int64 // increases in commit order within the environment; set by the store
}
