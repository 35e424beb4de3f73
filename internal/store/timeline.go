package store

import (
	"context"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// Happening is one entry of the timeline of a subject.
type Happening struct {
	At       time.Time
	Kind     string // event, transition, decision, action, notification, delivery or audit
	ID       string // of the row; the sequence of a transition or audit entry
	Object   domain.Ref
	Name     string // of the event, rule, kind of action, type of notification, endpoint, or what was done
	State    string // or the result, or the verdict
	Detail   string
	Actor    string // of a transition or audit entry
	Attempts int    // of an action or delivery
}

// Timelines reads the timelines of subjects.
type Timelines interface {
	// RelatedObjects returns the ids of a subject's inquiries, accounts and cases, and of
	// their verifications, reports and sessions.
	RelatedObjects(ctx context.Context, env domain.Environment, reference string) ([]string, error)

	// Timeline returns up to limit entries about a subject and objects, newest first: those
	// after the given one, or the newest if it is zero.
	Timeline(ctx context.Context, env domain.Environment, reference string, objects []string, after Happening, limit int) ([]Happening, error)
}
