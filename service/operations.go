package service

import (
	"context"
	"errors"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/reconcile"
	"github.com/idemhq/idem/internal/replay"
	"github.com/idemhq/idem/internal/store"
)

// Verdict says whether a host application may let a person proceed.
type Verdict string

// The verdicts. docs/service.md explains them.
const (
	VerdictNone     = Verdict(domain.VerdictNone)
	VerdictPending  = Verdict(domain.VerdictPending)
	VerdictReview   = Verdict(domain.VerdictReview)
	VerdictApproved = Verdict(domain.VerdictApproved)
	VerdictDeclined = Verdict(domain.VerdictDeclined)
	VerdictExpired  = Verdict(domain.VerdictExpired)
	VerdictRedacted = Verdict(domain.VerdictRedacted)
)

// Subject is a person, named by the host's reference id, with the current verdict.
type Subject struct {
	Reference string
	Verdict   Verdict
	Object    Object    // the object that the verdict is based on; zero for VerdictNone
	Status    string    // of that object, at Persona
	Since     time.Time // when the verdict last changed; zero for VerdictNone
	Version   int64     // grows with every change; zero for VerdictNone
}

// Object names a resource at Persona.
type Object struct {
	Type string // inquiry or case
	ID   string // inq_… or case_…
}

// Subject returns the verdict on a person. An unknown reference id has [VerdictNone].
func (s *Service) Subject(ctx context.Context, environment Environment, reference string) (Subject, error) {
	row, err := s.db.Subject(ctx, environment, reference)
	if errors.Is(err, store.ErrNotFound) {
		return Subject{Reference: reference, Verdict: VerdictNone}, nil
	}
	return Subject{row.Reference, Verdict(row.Verdict), Object{row.Object.Type, row.Object.ID}, row.Status, row.Since, row.Version}, err
}

// Selection selects the events to replay. An event must match all fields that are set. The
// zero Selection matches no event.
type Selection struct {
	Event    string    // the id of one event
	Object   string    // the id of the object that the events are about
	State    string    // poison, unhandled, stale or applied
	From, To time.Time // when the events were received; To is excluded
}

// ErrNotFound means that there is no such event, object or action.
var ErrNotFound = store.ErrNotFound

// Replay marks events as waiting again and returns how many. The actor is recorded in the
// audit trail. The events are processed by the service that runs on the same database, now
// or later. If the event or object does not exist, the error is [ErrNotFound].
func (s *Service) Replay(ctx context.Context, environment Environment, what Selection, actor string) (int, error) {
	selection := replay.Selection{Event: what.Event, Object: what.Object, State: domain.EventState(what.State), From: what.From, To: what.To}
	return replay.Events(ctx, s.db, environment, selection, actor, s.db.Now())
}

// ReplayAction marks a dead action as waiting again. If the action does not exist or is not
// dead, the error is [ErrNotFound].
func (s *Service) ReplayAction(ctx context.Context, environment Environment, id, actor string) error {
	return replay.Action(ctx, s.db, environment, id, actor, s.db.Now())
}

// Reconciliation is the result of comparing Persona's events with the stored ones.
type Reconciliation struct {
	Environment  Environment
	Seen         int       // events looked at
	Missed       int       // events whose webhook never arrived; now stored
	History      int       // events from before the service knew the environment; now stored
	OldestMissed time.Time // when the oldest missed event was created; zero if none was missed
	OldestSeen   time.Time // when the oldest event looked at was created
	Done         float64   // progress through the period to compare, from 0 to 1
	Lost         bool      // Persona's list ended before the watermark: events may be lost
}

// ReconcileOptions are the options of [Service.Reconcile].
type ReconcileOptions struct {
	Since    time.Time            // go back at least this far; default: to the watermark
	Progress func(Reconciliation) // called after each page; may be nil
}

// ErrReconciling means that another process is reconciling the environment.
var ErrReconciling = reconcile.ErrHeld

// Reconcile compares an environment's events at Persona with the stored ones, and stores
// what is missing. The events are processed by the service that runs on the same database,
// now or later. If Reconcile fails, the events it has stored are kept, and the next call
// resumes there.
func (s *Service) Reconcile(ctx context.Context, environment Environment, o ReconcileOptions) (Reconciliation, error) {
	options := reconcile.Options{Since: o.Since}
	if o.Progress != nil {
		options.Progress = func(r domain.Reconciliation) { o.Progress(reconciliationOf(r)) }
	}
	r, err := s.reconciler.Reconcile(ctx, environment, options)
	return reconciliationOf(r), err
}

func reconciliationOf(r domain.Reconciliation) Reconciliation {
	return Reconciliation{r.Environment, r.Seen, r.Missed, r.History, r.OldestMissed, r.OldestSeen, r.Done(), r.Lost}
}
