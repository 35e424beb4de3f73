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

	// ErrChanged means that somebody else saved the object since it was read: read it
	// again and start over.
	ErrChanged = errors.New("the object was changed by somebody else")

	// ErrNewer means that the database was written by a newer version of Idem.
	ErrNewer = errors.New("the database belongs to a newer version of Idem: run that version, or restore an older database")
)

// Job is a piece of work that a transaction asks for. It is run at least once, after
// the transaction commits.
type Job struct {
	Kind        JobKind
	Environment domain.Environment
	Object      domain.Ref // to advance
	Action      string     // to perform
	At          time.Time  // not before; zero for at once
}

// Early is what the work on a job returns when its time has not come by the clock of the
// node that has it: clocks differ, and a job that ended now would wake nobody later.
type Early struct{ Wait time.Duration }

func (e Early) Error() string { return "the job came " + e.Wait.String() + " early" }

// JobKind says what a job does.
type JobKind string

const (
	JobAdvance JobKind = "advance"
	JobPerform JobKind = "perform"
)

// Advance is everything that advancing one object leads to.
type Advance struct {
	Objects       []domain.Object // saved if their Version is the stored one, ErrChanged otherwise
	Events        map[string]domain.EventState
	History       []string // those of Events that were read as history: one that a webhook brought meanwhile waits on
	Decisions     []domain.Decision
	Actions       []domain.Action // those of one decision are performed one after the other; one whose derived key is known already is left out
	Notifications []domain.Notification
	Audit         []audit.Entry // sealed by the store
}

// Filter picks rows for a list, newest first unless Oldest is set.
type Filter struct {
	Object domain.Ref // zero for all
	State  string     // of events and actions; empty for all
	Event  string     // of notifications: the id of the event that led to them; empty for all
	Before int64      // a cursor: rows older than this; zero for no bound
	After  int64      // a cursor: rows newer than this; zero for no bound
	Oldest bool       // the oldest first
	Limit  int        // at most 100; 50 where zero
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

	// Waiting returns the events of an object that were not folded yet, the oldest first
	// and limit of them at the most.
	Waiting(ctx context.Context, env domain.Environment, object domain.Ref, limit int) ([]domain.Event, error)

	// Object returns an object, or ErrNotFound.
	Object(ctx context.Context, env domain.Environment, ref domain.Ref) (domain.Object, error)

	// ObjectsTo returns the objects of a type that have a relationship to one.
	ObjectsTo(ctx context.Context, env domain.Environment, typ string, to domain.Ref) ([]domain.Object, error)

	// ObjectsOf returns the inquiries, cases and accounts of a subject: those with its
	// reference id, and the cases of these.
	ObjectsOf(ctx context.Context, env domain.Environment, referenceID string) ([]domain.Object, error)

	// LastVerdict returns the verdict that the host was last notified of for a subject,
	// domain.VerdictNone before the first.
	LastVerdict(ctx context.Context, env domain.Environment, referenceID string) (domain.Verdict, error)

	// Save commits what advancing an object led to.
	Save(ctx context.Context, env domain.Environment, a Advance) error

	// Action returns an action, or ErrNotFound.
	Action(ctx context.Context, env domain.Environment, id string) (domain.Action, error)

	// SaveAction commits a change of an action, with what is said about it. An action
	// that waits for its next attempt gets a job for it; when one took effect, the next
	// of its decision does; when one is dropped or dead, the rest of its decision is
	// dropped.
	SaveAction(ctx context.Context, a domain.Action, n []domain.Notification, log []audit.Entry) error

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

	// Lists for people and the API.
	Events(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Event], error)
	Event(ctx context.Context, env domain.Environment, id string) (domain.Event, error)
	Objects(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Object], error)
	Decisions(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Decision], error)
	Actions(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Action], error)
	Notifications(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Notification], error)
	Reconciliations(ctx context.Context, env domain.Environment, f Filter) (Page[domain.Reconciliation], error)

	// AuditTrail returns at most so many entries after a sequence, oldest first.
	AuditTrail(ctx context.Context, env domain.Environment, after int64, limit int) ([]audit.Entry, error)

	// Backlog returns what is not finished.
	Backlog(ctx context.Context, env domain.Environment) (Backlog, error)

	// Counts returns how many events are waiting or poison, and how many actions are
	// waiting or dead. A state without any is left out.
	Counts(ctx context.Context, env domain.Environment) (events map[domain.EventState]int, actions map[domain.ActionState]int, err error)

	// Resume inserts a job for everything that waits: it is called when the service
	// starts, so that nothing depends on a job that a crash cut short.
	Resume(ctx context.Context) error

	// Lock makes its caller the only one who has a name, in all processes on the
	// database, until unlock is called. It waits for others, or until the context ends.
	Lock(ctx context.Context, name string) (unlock func(), err error)

	// Ping reports whether rows can be written.
	Ping(ctx context.Context) error
}
