// Package store defines the interface to the service's rows: events, objects, decisions,
// actions, notifications and the audit trail. Each database is a package below it and
// passes the suite in storetest.
//
// Every row belongs to an environment, and no query reads two. The results of an event
// commit in one transaction, together with the jobs that continue the work.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
)

var (
	// ErrNotFound means that there is no such row.
	ErrNotFound = errors.New("not found")

	// ErrChanged means that another process saved the row since it was read: read it again
	// and start over.
	ErrChanged = errors.New("changed by another process")

	// ErrNewer means that the database was written by a newer version of Idem.
	ErrNewer = errors.New("the database belongs to a newer version of Idem: run that version, or restore an older database")

	// ErrCursor means that no list returned this cursor.
	ErrCursor = errors.New("the cursor is not one of this list")

	// ErrRejected means that the database rejects a value, and that retrying does not help.
	ErrRejected = errors.New("the database rejects a value")
)

// Job is work that a transaction requests. It runs at least once after the commit.
type Job struct {
	Kind        JobKind
	Environment domain.Environment
	Object      domain.Ref // to advance or to read
	Action      string     // to perform
	At          time.Time  // not before this time; zero means immediately
}

// ClockError is by how much the clocks of two nodes may differ.
const ClockError = time.Minute

// NotDue is returned by a job that is not due yet by its node's clock. The job is then
// snoozed: clocks differ, and a job that simply ended would never run again.
type NotDue struct{ Wait time.Duration }

func (e NotDue) Error() string { return "the job is not due for " + e.Wait.String() }

// JobKind says what a job does.
type JobKind string

const (
	JobAdvance JobKind = "advance" // fold the waiting events of an object, with others in one transaction
	JobRead    JobKind = "read"    // the same for one object that needs reads from Persona
	JobPerform JobKind = "perform" // make the next attempt of an action
)

// Inbox is an object with its waiting events.
type Inbox struct {
	Object domain.Object  // Version is 0 if it is not stored yet
	Events []domain.Event // in the order in which they were stored
}

// Advance is the result of advancing one object. It is saved completely or not at all.
type Advance struct {
	Before    domain.Object   // the object as it was loaded; zero if it was not stored
	Objects   []domain.Object // each is saved only if its stored Version is the same
	Events    []EventMark
	Decisions []domain.Decision
	Actions   []domain.Action // those of one decision are performed in order; an action with a known derived key is ignored
	Audit     []audit.Entry   // the store adds the hashes
	Jobs      []Job

	// Notifications are told beside those of the verdicts.
	Notifications []domain.Notification
}

// EventMark is the new state of a waiting event.
type EventMark struct {
	ID         string
	ReceivedAt time.Time
	State      domain.EventState
	Reason     string // why the event is poison

	// History marks an event that was folded as history. If a webhook has delivered it in
	// the meantime, it stays waiting, since it can be decided on.
	History bool
}

// Verdicts says how to compute verdicts, for [Store.Save] and [Store.Reevaluate].
type Verdicts struct {
	// Rules identifies the rules. Subjects computed under other rules are found by it.
	Rules string

	// Of computes a verdict, with its object and that object's status, from the person's
	// inquiries, accounts and cases. The objects have only what a verdict needs: type, id,
	// status, redaction, created-at, an inquiry's reviewer, and a case's inquiries and
	// accounts.
	Of func([]domain.Object) domain.Subject

	Now time.Time
}

// Saved is the result of [Store.Save].
type Saved struct {
	Changed       []int // indices of the advances that were not saved, because another process saved one of their objects first
	Notifications []domain.Notification
}

// Claim is the exclusive right to make calls for an object or an action. It avoids
// duplicate calls. Correctness does not depend on it, since every save compares versions.
type Claim struct {
	Environment domain.Environment
	Target      domain.Ref
	Token       string
}

// ActionClaim is the target type of a claim on an action.
const ActionClaim = "action"

// Filter selects the rows of a list. The newest come first unless Oldest is set.
type Filter struct {
	Object       domain.Ref // zero means all
	Cases        bool       // of objects: only cases
	State        string     // of events and actions; empty means all
	Event        string     // of notifications: the event that caused them; empty means all
	Endpoint     string     // of deliveries: the name of the endpoint; empty means all
	Notification string     // of deliveries: the id of the notification; empty means all
	Reference    string     // of verifications: the subject; empty means all
	Flow         string     // of verifications: the name of the flow; empty means all
	Before       int64      // cursor: only older rows; zero means no limit
	After        int64      // cursor: only newer rows; zero means no limit
	Oldest       bool       // oldest first
	Limit        int        // at most 100; 0 means 50
}

// Page is a page of a list. Next is the cursor of the next page, for Before, or for After
// if the oldest come first. It is zero on the last page.
type Page[T any] struct {
	Rows []T
	Next int64
}

// Backlog is the unfinished work of an environment.
type Backlog struct {
	Waiting       int            // waiting events
	Poison        int            // poison events
	Retried       int            // waiting events whose processing has failed
	Reasons       map[string]int // number of Retried events by kind of reason: the text before the first colon
	OldestWaiting time.Time      // when the longest waiting event was received; zero if none is waiting

	ActionsWaiting int
	ActionsDead    int
}

// OtherReason is the kind of a reason that does not start with a few words and a colon.
const OtherReason = "other"

// Store is the database.
type Store interface {
	// AppendEvents stores events that are new, each with a job to advance its object, and
	// reports which were new. It returns after the commit. An event that is stored as
	// history counts as new when a webhook delivers it, since it can then be decided on.
	AppendEvents(ctx context.Context, events []domain.Event) (fresh []bool, err error)

	// Inbox returns objects in the order of refs, with up to limit waiting events each.
	Inbox(ctx context.Context, env domain.Environment, refs []domain.Ref, limit int) ([]Inbox, error)

	// Object returns an object, or ErrNotFound.
	Object(ctx context.Context, env domain.Environment, ref domain.Ref) (domain.Object, error)

	// Save commits the results of advancing objects, and the verdicts that change. If the
	// database rejects a value, it saves nothing and returns ErrRejected.
	Save(ctx context.Context, env domain.Environment, advances []Advance, v Verdicts) (Saved, error)

	// Subject returns a subject, or ErrNotFound.
	Subject(ctx context.Context, env domain.Environment, reference string) (domain.Subject, error)

	// Subjects lists the subjects with a verdict, or all if verdict is empty. Those that
	// have had their verdict the longest come first.
	Subjects(ctx context.Context, env domain.Environment, verdict domain.Verdict, cursor string, limit int) (subjects []domain.Subject, next string, err error)

	// SubjectObjects returns the objects that a subject's verdict is computed from: see
	// [Verdicts].
	SubjectObjects(ctx context.Context, env domain.Environment, reference string) ([]domain.Object, error)

	// Reevaluate recomputes a batch of verdicts that were computed under other rules, if
	// those are replaced, in alphabetical order of reference ids after the given one. It
	// returns the last reference id it looked at, or "" at the end.
	Reevaluate(ctx context.Context, env domain.Environment, v Verdicts, replaces func(rules string) bool, after string) (last string, told []domain.Notification, err error)

	// Tried records that processing events failed. If poison is not zero, events that have
	// failed that often become poison with notifications and an audit entry, and are returned.
	Tried(ctx context.Context, env domain.Environment, object domain.Ref, events []string, reason string, poison int, told []domain.Notification, log audit.Entry) (setAside bool, err error)

	// Claim claims an object or action until it is released or its process is gone. If
	// another process holds the claim, ok is false, and Release will tell that holder that
	// it was wanted.
	Claim(ctx context.Context, env domain.Environment, target domain.Ref) (c Claim, ok bool, err error)

	// Claimed returns the targets that have a claim. Release will tell their holders that
	// they were wanted.
	Claimed(ctx context.Context, env domain.Environment, targets []domain.Ref) ([]domain.Ref, error)

	// Release ends a claim and reports whether the target was wanted in the meantime. If
	// the claim was lost, it may have been.
	Release(ctx context.Context, c Claim) (again bool, err error)

	// Abandon ends a claim after a failure. If the target was wanted in the meantime, a job
	// is inserted for it, even if the database does not respond now.
	Abandon(ctx context.Context, c Claim) error

	// Action returns an action, or ErrNotFound.
	Action(ctx context.Context, env domain.Environment, id string) (domain.Action, error)

	// SaveAction commits a change of a waiting action with its notifications and audit
	// entries. It returns the new version, or ErrChanged if the action was saved since it
	// was read. A waiting action gets a job for its next attempt. After an action took
	// effect, the next action of its decision gets a job. If an action is dropped or dead,
	// the following actions of its decision are dropped.
	SaveAction(ctx context.Context, a domain.Action, n []domain.Notification, log []audit.Entry) (version int64, err error)

	// Requeue marks events as waiting again, inserts jobs for their objects, and returns
	// how many were not waiting before.
	Requeue(ctx context.Context, env domain.Environment, ids []string, log []audit.Entry) (requeued int, err error)

	// Revive marks a dead action as waiting again with a new idempotency key, and also the
	// actions that were dropped because of it. It returns ErrNotFound if the action is not
	// dead.
	Revive(ctx context.Context, env domain.Environment, id, idempotencyKey string, now time.Time, log []audit.Entry) error

	// RequestAction stores an action that a person requested, with its job and audit entries,
	// and returns it. If there is an action with its derived key, it returns that one.
	RequestAction(ctx context.Context, a domain.Action, log []audit.Entry) (domain.Action, error)

	// Discard marks a dead action as discarded: nothing is left to do. It returns ErrNotFound
	// if the action is not dead.
	Discard(ctx context.Context, env domain.Environment, id string, log []audit.Entry) error

	// BeginReconciliation resumes the environment's unfinished reconciliation or starts the
	// given one, for a holder until a time. If another holder has it, ok is false, unless it is
	// held for more than twice that time: the clock was ahead then.
	BeginReconciliation(ctx context.Context, r domain.Reconciliation, holder string, now, until time.Time) (current domain.Reconciliation, ok bool, err error)

	// SaveReconciliation saves the progress or the end of a reconciliation. It returns
	// ErrChanged if the holder no longer has it.
	SaveReconciliation(ctx context.Context, r domain.Reconciliation, holder string, until time.Time) error

	// Watermark returns the newest event at the start of the last finished reconciliation,
	// and when the first reconciliation started. Both are zero before the first one.
	Watermark(ctx context.Context, env domain.Environment) (mark domain.Mark, knownSince time.Time, err error)

	// Renew makes a claim last longer, and reports whether it was still held.
	Renew(ctx context.Context, c Claim) (held bool, err error)

	Deliveries
	Tokens
	Requests
	Timelines
	Verifications
	ViewReader

	// RecordAudit adds entries about what happened outside of the database. The times of the
	// entries are given.
	RecordAudit(ctx context.Context, env domain.Environment, entries []audit.Entry) error

	// Lists for people and the API.
	Events(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Event], error)
	Event(ctx context.Context, env domain.Environment, id string) (domain.Event, error)
	Objects(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Object], error)
	Decision(ctx context.Context, env domain.Environment, id string) (domain.Decision, error) // with its facts
	Decisions(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Decision], error)
	Actions(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Action], error)
	Notifications(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Notification], error)
	Reconciliations(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Reconciliation], error)

	// AuditTrail returns up to limit entries after a sequence, oldest first.
	AuditTrail(ctx context.Context, env domain.Environment, after int64, limit int) ([]audit.Entry, error)

	// AuditOf returns the newest 1,000 entries about objects with these ids, oldest first.
	AuditOf(ctx context.Context, env domain.Environment, objects []string) ([]audit.Entry, error)

	// Backlog counts the unfinished work.
	Backlog(ctx context.Context, env domain.Environment) (Backlog, error)

	// Resume inserts a job for all unfinished work. The service calls it when it starts, so
	// that nothing depends on a job that a crash interrupted.
	Resume(ctx context.Context) error

	// CheckVersion returns ErrNewer if a newer version of Idem has migrated the database
	// since it was opened.
	CheckVersion(ctx context.Context) error

	// Ping reports whether rows can be written.
	Ping(ctx context.Context) error
}
