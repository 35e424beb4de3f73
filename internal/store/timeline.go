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

// TimelinePlace is where a page of a timeline begins: the sequence of the next row of each
// source. 0 means that the source has no more rows.
type TimelinePlace struct {
	Events, Decisions, Actions, Audit, Notifications int64

	// Delivery is the next delivery of that notification. 0 means that the notification
	// itself is next: it comes after its deliveries.
	Delivery int64
}

// TimelinePage is a page of a timeline. Next is where the following page begins; it is nil
// after the last page.
type TimelinePage struct {
	Rows []Happening
	Next *TimelinePlace
}

// Timelines reads the timelines of subjects.
type Timelines interface {
	// RelatedObjects returns the ids of a subject's inquiries, accounts and cases, and of
	// their verifications, reports and sessions.
	RelatedObjects(ctx context.Context, env domain.Environment, reference string) ([]string, error)

	// Timeline returns up to limit entries about a subject and objects, newest first. It
	// begins at a place, or with the newest entry if that is nil. What is added meanwhile is
	// not in later pages, except deliveries of older notifications.
	//
	// The entries of a source are in the order in which they were stored, which can differ
	// from that of their times if the clocks of nodes differ. Deliveries are listed with
	// their notification.
	Timeline(ctx context.Context, env domain.Environment, reference string, objects []string, from *TimelinePlace, limit int) (TimelinePage, error)
}
