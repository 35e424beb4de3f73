package domain

import (
	"encoding/json"
	"strings"
	"time"
)

// Ref identifies a Persona resource by its JSON:API type and id.
type Ref struct {
	Type string `json:"type"` // inquiry, case, account, verification/government-id, …
	ID   string `json:"id"`
}

func (r Ref) String() string { return r.Type + " " + r.ID }

// IsZero reports whether r is the zero Ref.
func (r Ref) IsZero() bool { return r == Ref{} }

// Family returns the type up to the first slash, for example verification for
// verification/government-id.
func (r Ref) Family() string {
	family, _, _ := strings.Cut(r.Type, "/")
	return family
}

// Object is the service's copy of a Persona resource at a point in time.
//
// Attributes have kebab-case keys, whatever casing they arrived in. The keys inside
// "fields" stay as the template defines them (Persona docs: API key inflection).
type Object struct {
	Environment   Environment
	Ref           Ref
	Status        string // Persona's status; empty if the resource has none
	ReferenceID   string // the host application's id of the person, if the resource has it
	Attributes    map[string]json.RawMessage
	Relationships map[string][]Ref
	AsOf          time.Time // created-at of the newest event in this state, or updated-at of a later read
	EventID       string    // that event; empty for a read
	RedactedAt    time.Time // zero if the resource is not redacted
	Version       int64     // counts saves; 0 if the object is not stored yet

	// LastReferenceID is the reference id of the newest snapshot that had one, and
	// LastReferenceAt is that snapshot's time. Persona removes the reference id when an
	// inquiry is redacted, but the host must still learn about the redaction.
	LastReferenceID string
	LastReferenceAt time.Time

	// Coverage is what a case was about when it got a status. It is not part of a decision's
	// facts: no rule reads it.
	Coverage Coverage `json:"-"`
}

// Coverage is what a case was about when it got a status, by the newest event that shows it.
// The zero value means that no event did.
type Coverage struct {
	Status   string
	Resolved bool      // Persona counted the status as a resolution
	At       time.Time // of the event
	EventID  string
	About    []Ref // inquiries and accounts
}

// Transition is a change of an object's status.
type Transition struct {
	Object  Ref       `json:"object"`
	From    string    `json:"from"` // empty if the object was not known before
	To      string    `json:"to"`
	At      time.Time `json:"at"`       // created-at of the event that showed it
	EventID string    `json:"event_id"` // empty if a read showed it
	Event   string    `json:"event"`    // the event's name
}
