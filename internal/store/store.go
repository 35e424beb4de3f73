// Package store keeps the service's rows: events, objects, decisions, actions,
// notifications, audit. [Store] is the one interface; each database is a package
// below, and passes the suite in storetest.
//
// A row belongs to an environment, and no query crosses it. What follows from one
// event commits in one transaction, the jobs that go on with it included.
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

	// ErrChanged means that somebody else saved the row since it was read: read it again
	// and start over.
	ErrChanged = errors.New("changed by another process")

	// ErrNewer means that the database was written by a newer version of Idem.
	ErrNewer = errors.New("the database belongs to a newer version of Idem: run that version, or restore an older database")

	// ErrCursor means that a cursor is not one that a list returned.
	ErrCursor = errors.New("the cursor is not one of this list")

	// ErrRejected means that the database refuses a value, and will refuse it again.
	ErrRejected = errors.New("the database rejects a value")
)

// Job is a piece of work that a transaction asks for. It is run at least once, after
// the transaction commits.
type Job struct {
	Kind        JobKind
	Environment domain.Environment
	Object      domain.Ref // to advance or to read
	Action      string     // to perform
	At          time.Time  // not before; zero for at once
}

// NotDue is what the work on a job returns when its time has not come by the clock of the
// node that has it. Clocks differ: a job that ended now would wake nobody later.
type NotDue struct{ Wait time.Duration }

func (e NotDue) Error() string { return "the job is not due for " + e.Wait.String() }

// JobKind says what a job does.
type JobKind string

const (
	JobAdvance JobKind = "advance" // fold what waits for an object, with others in one transaction
	JobRead    JobKind = "read"    // the same for one object that needs reads from Persona
	JobPerform JobKind = "perform" // make the next attempt of an action
)

// Inbox is an object with the events that wait for it.
type Inbox struct {
	Object domain.Object  // Version is 0 for one that is not stored yet
	Events []domain.Event // in the order in which they were stored
}

// Advance is everything that advancing one object leads to. It is saved whole or not at
// all.
type Advance struct {
	Before    domain.Object   // the object as it was loaded; the zero Object where it was not stored
	Objects   []domain.Object // each is saved only if its Version is the stored one
	Events    []EventMark
	Decisions []domain.Decision
	Actions   []domain.Action // those of one decision are performed one after the other; one whose derived key is known already is left out
	Audit     []audit.Entry   // sealed by the store
	Jobs      []Job

	// Notifications are told beside those of the verdicts.
	Notifications []domain.Notification
}

// EventMark says what became of an event that waited.
type EventMark struct {
	ID         string
	ReceivedAt time.Time
	State      domain.EventState
	Reason     string // of poison

	// History marks an event that was folded as history. One that a webhook brought
	// meanwhile goes on waiting: it can be decided on.
	History bool
}

// Verdicts says how the verdict of a subject is computed, for [Store.Save] and
// [Store.Reevaluate].
type Verdicts struct {
	// Rules identifies the rules. Rows that were computed by other rules are found by it.
	Rules string

	// Of returns the verdict, its object and that object's status. The objects are the
	// subject's inquiries, accounts and cases with what a verdict needs: type, id, status,
	// redaction, created-at, an inquiry's reviewer, and a case's inquiries and accounts.
	Of func([]domain.Object) domain.Subject

	Now time.Time
}

// Saved says what [Store.Save] did.
type Saved struct {
	Changed       []int // indices of what was not saved, since somebody else saved one of its objects first: load it again
	Notifications []domain.Notification
}

// Claim is the right to be the only one who makes calls for an object or an action. It
// saves calls and workers. Correctness does not depend on it: every save compares the
// version of its row.
type Claim struct {
	Environment domain.Environment
	Target      domain.Ref
	Token       string
}

// ActionClaim is the type of a claim's target that is an action.
const ActionClaim = "action"

// Filter picks rows for a list, newest first unless Oldest is set.
type Filter struct {
	Object       domain.Ref // zero for all
	State        string     // of events and actions; empty for all
	Event        string     // of notifications: the id of the event that led to them; empty for all
	Endpoint     string     // of deliveries: the name of the endpoint; empty for all
	Notification string     // of deliveries: the id of what they deliver; empty for all
	Before       int64      // a cursor: rows older than this; zero for no bound
	After        int64      // a cursor: rows newer than this; zero for no bound
	Oldest       bool       // the oldest first
	Limit        int        // at most 100; 50 where zero
}

// Page is one page of a list. Next is the cursor of the next page, to give as Before, or
// as After where the oldest come first; zero at the end.
type Page[T any] struct {
	Rows []T
	Next int64
}

// Backlog is what is not finished in an environment.
type Backlog struct {
	Waiting       int            // events that wait
	Poison        int            // events that were set aside
	Retried       int            // of the waiting events, those that were tried and failed
	Reasons       map[string]int // of Retried: how many for each kind of reason, which is what the reason says before its first colon
	OldestWaiting time.Time      // when the event that waits longest was received; zero where none waits

	ActionsWaiting int
	ActionsDead    int
}

// OtherReason is the kind of a reason that does not begin with a few plain words and a
// colon.
const OtherReason = "other"

// Store is the database.
type Store interface {
	// AppendEvents stores events that are not known yet, with a job to advance the
	// object of each, and reports which were new. It returns after the commit. An event
	// that is known as history is new when a webhook brings it: it can be decided on.
	AppendEvents(ctx context.Context, events []domain.Event) (fresh []bool, err error)

	// Inbox returns objects with the events that wait for each, limit of them at the
	// most. The result is in the order of refs.
	Inbox(ctx context.Context, env domain.Environment, refs []domain.Ref, limit int) ([]Inbox, error)

	// Object returns an object, or ErrNotFound.
	Object(ctx context.Context, env domain.Environment, ref domain.Ref) (domain.Object, error)

	// Save commits what advancing objects led to, the verdicts of their subjects included.
	// It fails with ErrRejected when the database refuses a value of one of them: then
	// nothing is saved.
	Save(ctx context.Context, env domain.Environment, advances []Advance, v Verdicts) (Saved, error)

	// Subject returns the row of a subject, or ErrNotFound.
	Subject(ctx context.Context, env domain.Environment, reference string) (domain.Subject, error)

	// Subjects lists the subjects with a verdict, or all where it is empty, by the time
	// since when it stands, the oldest first.
	Subjects(ctx context.Context, env domain.Environment, verdict domain.Verdict, cursor string, limit int) (subjects []domain.Subject, next string, err error)

	// SubjectObjects returns what a subject's verdict is computed from: see [Verdicts].
	SubjectObjects(ctx context.Context, env domain.Environment, reference string) ([]domain.Object, error)

	// Reevaluate computes the verdicts of subjects that were computed by other rules, a
	// batch of them after a reference id in alphabetical order. It returns the last one
	// that it looked at, empty at the end.
	Reevaluate(ctx context.Context, env domain.Environment, v Verdicts, after string) (last string, told []domain.Notification, err error)

	// Tried records that working on events of an object failed. Where poison is not zero,
	// those that failed that often are set aside with notifications and an audit entry, which
	// it reports.
	Tried(ctx context.Context, env domain.Environment, object domain.Ref, events []string, reason string, poison int, told []domain.Notification, log audit.Entry) (setAside bool, err error)

	// Claim makes the caller the only one who has a claim on something, until it is
	// released or its process is gone. Where somebody else has one it is not ok, and that
	// one learns when it releases it that it is wanted again.
	Claim(ctx context.Context, env domain.Environment, target domain.Ref) (c Claim, ok bool, err error)

	// Claimed returns those of some objects that somebody has a claim on, who learns that
	// they are wanted again.
	Claimed(ctx context.Context, env domain.Environment, targets []domain.Ref) ([]domain.Ref, error)

	// Release gives a claim back, and reports whether it was wanted meanwhile. One that was
	// lost may have been.
	Release(ctx context.Context, c Claim) (again bool, err error)

	// Abandon gives a claim back after a failure. What it was on gets a job if it was wanted
	// meanwhile, also when the database does not answer now.
	Abandon(ctx context.Context, c Claim) error

	// Action returns an action, or ErrNotFound.
	Action(ctx context.Context, env domain.Environment, id string) (domain.Action, error)

	// SaveAction commits a change of an action that waits, with what is said about it. It
	// returns ErrChanged when the action was saved since it was read, and else the version
	// that it has now. An action that waits for its next attempt gets a job for it; when
	// one took effect, the next of its decision does; when one is dropped or dead, the
	// rest of its decision is dropped.
	SaveAction(ctx context.Context, a domain.Action, n []domain.Notification, log []audit.Entry) (version int64, err error)

	// Requeue makes events wait again, with jobs to advance their objects, and returns
	// how many of them did not wait already.
	Requeue(ctx context.Context, env domain.Environment, ids []string, log []audit.Entry) (requeued int, err error)

	// Revive makes a dead action wait again, under another idempotency key, and what was
	// dropped because of it. It returns ErrNotFound for one that is not dead.
	Revive(ctx context.Context, env domain.Environment, id, idempotencyKey string, now time.Time, log []audit.Entry) error

	// BeginReconciliation takes up the environment's reconciliation that is under way,
	// or begins the given one, for a holder until a moment. It is not ok when another
	// holder has it until later than now.
	BeginReconciliation(ctx context.Context, r domain.Reconciliation, holder string, now, until time.Time) (current domain.Reconciliation, ok bool, err error)

	// SaveReconciliation saves how far a reconciliation has come, and its end. It
	// returns ErrChanged when the holder has it no more.
	SaveReconciliation(ctx context.Context, r domain.Reconciliation, holder string, until time.Time) error

	// Watermark is where the last reconciliation that finished began, with the moment at
	// which the first of all began; zero before the first.
	Watermark(ctx context.Context, env domain.Environment) (mark domain.Mark, knownSince time.Time, err error)

	// Renew makes a claim last longer, and reports whether it was still held.
	Renew(ctx context.Context, c Claim) (held bool, err error)

	Deliveries

	// Lists for people and the API.
	Events(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Event], error)
	Event(ctx context.Context, env domain.Environment, id string) (domain.Event, error)
	Objects(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Object], error)
	Decision(ctx context.Context, env domain.Environment, id string) (domain.Decision, error) // with its facts
	Decisions(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Decision], error)
	Actions(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Action], error)
	Notifications(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Notification], error)
	Reconciliations(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Reconciliation], error)

	// AuditTrail returns at most so many entries after a sequence, oldest first.
	AuditTrail(ctx context.Context, env domain.Environment, after int64, limit int) ([]audit.Entry, error)

	// Backlog returns what is not finished.
	Backlog(ctx context.Context, env domain.Environment) (Backlog, error)

	// Resume inserts a job for everything that waits: it is called when the service
	// starts, so that nothing depends on a job that a crash cut short.
	Resume(ctx context.Context) error

	// CheckVersion returns ErrNewer when a newer version of Idem has migrated the database
	// since it was opened.
	CheckVersion(ctx context.Context) error

	// Ping reports whether rows can be written.
	Ping(ctx context.Context) error
}
