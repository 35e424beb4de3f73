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

// Verdict is what a host may do with a subject.
type Verdict string

// The verdicts: see docs/service.md.
const (
	VerdictNone     = Verdict(domain.VerdictNone)
	VerdictPending  = Verdict(domain.VerdictPending)
	VerdictReview   = Verdict(domain.VerdictReview)
	VerdictApproved = Verdict(domain.VerdictApproved)
	VerdictDeclined = Verdict(domain.VerdictDeclined)
	VerdictExpired  = Verdict(domain.VerdictExpired)
	VerdictRedacted = Verdict(domain.VerdictRedacted)
)

// Subject is somebody by the host's reference id, and the verdict that stands.
type Subject struct {
	Reference string
	Verdict   Verdict
	Object    Object    // that the verdict comes from; zero where nothing is known
	Status    string    // of that object, at Persona
	Since     time.Time // since when the verdict stands; zero where nothing is known
	Version   int64     // grows with every change; zero where nothing is known
}

// Object names a resource at Persona.
type Object struct {
	Type string // inquiry or case
	ID   string // inq_… or case_…
}

// Subject returns the verdict on a subject. One of whom nothing is known has [VerdictNone].
func (s *Service) Subject(ctx context.Context, environment Environment, reference string) (Subject, error) {
	row, err := s.db.Subject(ctx, environment, reference)
	if errors.Is(err, store.ErrNotFound) {
		return Subject{Reference: reference, Verdict: VerdictNone}, nil
	}
	return Subject{row.Reference, Verdict(row.Verdict), Object{row.Object.Type, row.Object.ID}, row.Status, row.Since, row.Version}, err
}

// Selection says which events to replay: those that match all of it. An empty one matches
// none.
type Selection struct {
	Event    string    // the id of one event
	Object   string    // the id of the object that the events are about
	State    string    // poison, unhandled, stale or applied
	From, To time.Time // when the events were received; To is excluded
}

// ErrNotFound means that there is no such event, object or action.
var ErrNotFound = store.ErrNotFound

// Replay makes events wait again, and returns how many. The actor is who asks, for the audit
// trail. The service need not run: it works on them when it does. An event or object that
// does not exist is [ErrNotFound].
func (s *Service) Replay(ctx context.Context, environment Environment, what Selection, actor string) (int, error) {
	selection := replay.Selection{Event: what.Event, Object: what.Object, State: domain.EventState(what.State), From: what.From, To: what.To}
	return replay.Events(ctx, s.db, environment, selection, actor, s.db.Now())
}

// ReplayAction makes a dead action wait again. An action that does not exist, or is not dead,
// is [ErrNotFound].
func (s *Service) ReplayAction(ctx context.Context, environment Environment, id, actor string) error {
	return replay.Action(ctx, s.db, environment, id, actor, s.db.Now())
}

// Reconciliation compares Persona's events with those that are stored.
type Reconciliation struct {
	Environment  Environment
	Seen         int       // events looked at
	Missed       int       // of them, those that no webhook had brought; they are stored now
	History      int       // of them, those from before the service knew the environment; they are stored now
	OldestMissed time.Time // when the oldest missed event happened; zero for none
	OldestSeen   time.Time // when the oldest event looked at happened
	Done         float64   // how much of the time to go through is done, from 0 to 1
	Lost         bool      // Persona's list ended before the last reconciliation: events may be lost
}

// ReconcileOptions changes how [Service.Reconcile] works.
type ReconcileOptions struct {
	Since    time.Time            // go back at least this far; to where the last one began unless set
	Progress func(Reconciliation) // called after each page; may be nil
}

// ErrReconciling means that another process reconciles the environment.
var ErrReconciling = reconcile.ErrHeld

// Reconcile compares an environment's events at Persona with those that are stored, and
// stores what is missing. The service need not run: it works on the events when it does.
// What was stored stays stored when it fails, and the next one continues from there.
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
