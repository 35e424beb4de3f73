package idem

import (
	"context"
	"iter"
	"time"
)

// HappeningKind says what an entry of a timeline is.
type HappeningKind string

// The kinds of entries. The service may add more.
const (
	HappeningEvent        HappeningKind = "event"        // Persona sent an event
	HappeningTransition   HappeningKind = "transition"   // an object moved to another status
	HappeningDecision     HappeningKind = "decision"     // the policy decided
	HappeningAction       HappeningKind = "action"       // a call at Persona was requested
	HappeningNotification HappeningKind = "notification" // there was something to tell your application
	HappeningDelivery     HappeningKind = "delivery"     // it was to be sent to one of your endpoints
	HappeningAudit        HappeningKind = "audit"        // somebody read or changed something
)

// Happening is one entry of a timeline. Fields that a kind does not use are zero.
type Happening struct {
	At       time.Time     `json:"at"` // by the service's clock
	Kind     HappeningKind `json:"kind"`
	ID       string        `json:"id"`       // of the row; of a transition or audit entry, its number in the audit trail
	Object   Object        `json:"object"`   // what it is about; zero for a delivery
	Name     string        `json:"name"`     // of the event, rule, kind of action, type of notification or endpoint; or what was done
	State    string        `json:"state"`    // of an event, action or delivery; the result of a decision; the verdict of a notification
	Detail   string        `json:"detail"`   // the reason, explanation or outcome; of a delivery, the id of the notification
	Actor    string        `json:"actor"`    // who caused a transition or audit entry
	Attempts int           `json:"attempts"` // of an action or delivery
}

// Timeline lists everything that happened to a subject, newest first: also what happened to
// its inquiries, accounts and cases, and to their verifications, reports and sessions. What
// happens during the iteration can be missing. The iteration ends after the first error.
func (c *Client) Timeline(ctx context.Context, reference string) iter.Seq2[Happening, error] {
	if reference == "" {
		return failed[Happening](errNoReference)
	}
	return pages[Happening](ctx, c, "read a timeline", "subjects/"+segment(reference)+"/timeline", "before", nil)
}
