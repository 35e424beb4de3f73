package domain

import (
	"encoding/json"
	"strings"
	"time"
)

// Ref names one Persona resource: its JSON:API type and its id.
type Ref struct {
	Type string `json:"type"` // inquiry, case, account, verification/government-id, …
	ID   string `json:"id"`
}

func (r Ref) String() string { return r.Type + " " + r.ID }

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// Family is the type up to the first slash: verification for
// verification/government-id. Types without a slash are their own family.
func (r Ref) Family() string {
	family, _, _ := strings.Cut(r.Type, "/")
	return family
}

// Object is our copy of one Persona resource, as of a moment.
//
// Attributes hold the resource's attributes with kebab-case keys whatever casing
// they arrived in; the keys inside "fields" are left as the template defines them
// (Persona docs: API key inflection).
type Object struct {
	Environment   Environment
	Ref           Ref
	Status        string // Persona's own word; empty where the resource has none
	ReferenceID   string // the host application's id of the subject, where the resource carries it
	Attributes    map[string]json.RawMessage
	Relationships map[string][]Ref
	AsOf          time.Time // created-at of the event this is the state of, or updated-at of a later read
	EventID       string    // that event; empty for a read
	RedactedAt    time.Time // zero while the resource is not redacted
	Version       int64     // counts the times the object was saved; 0 for one that is not stored yet

	// LastReferenceID is the newest reference id that any snapshot of the object carried,
	// and LastReferenceAt when. A redaction takes the reference id away at Persona; the
	// host must still learn that its subject was redacted.
	LastReferenceID string
	LastReferenceAt time.Time
}

// Transition is one object's move from one status to another.
type Transition struct {
	Object  Ref       `json:"object"`
	From    string    `json:"from"` // empty when the object was not known before
	To      string    `json:"to"`
	At      time.Time `json:"at"`       // created-at of the event that showed it
	EventID string    `json:"event_id"` // empty when a read, not an event, showed it
	Event   string    `json:"event"`    // the event's name
}
