package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/telemetry"
)

// ErrHeld means that the environment is being reconciled already, here or by another
// process.
var ErrHeld = errors.New("the environment is being reconciled already")

// ErrCursor means that Persona does not know a page's cursor any more.
var ErrCursor = errors.New("the cursor is not known any more")

// Lister reads Persona's list of events, the newest first. The cursor of the first
// page is empty, and so is next on the last. A cursor that Persona does not know is
// ErrCursor.
type Lister interface {
	Page(ctx context.Context, cursor string) (events []domain.Event, next string, err error)
}

// Environment is what reconciling an environment needs.
type Environment struct {
	Lister Lister

	// Since is when Idem took the environment over: events from before are history. The
	// moment at which its first reconciler was made unless set.
	Since time.Time
}

// Store is what reconciling needs of the database: see [store.Store].
type Store interface {
	AppendEvents(ctx context.Context, events []domain.Event) (fresh []bool, err error)
	BeginReconciliation(ctx context.Context, r domain.Reconciliation, holder string, now, until time.Time) (domain.Reconciliation, bool, error)
	SaveReconciliation(ctx context.Context, r domain.Reconciliation, holder string, until time.Time) error
	Watermark(ctx context.Context, env domain.Environment) (domain.Mark, time.Time, error)
}

const (
	// overlap is how far behind the watermark a reconciliation looks: an event may
	// become visible in Persona's list later than a newer one.
	overlap = 15 * time.Minute

	// grace is how long an event may be on its way by webhook before it counts as
	// missed.
	grace = time.Minute

	// hold is how long a process keeps a reconciliation without a sign of life.
	hold = 2 * time.Minute

	// tellEvery is how often the log says how far a long reconciliation is.
	tellEvery = 5 * time.Second
)

// Reconciler reconciles environments.
type Reconciler struct {
	store        Store
	environments map[domain.Environment]Environment
	metrics      *telemetry.Metrics
	logger       *slog.Logger
	now          func() time.Time
	holder       string
	made         time.Time
	running      sync.Mutex // one reconciliation at a time
}

// New returns a reconciler. Make it before events can come: those from before the first
// one was made are history.
func New(s Store, environments map[domain.Environment]Environment, metrics *telemetry.Metrics, logger *slog.Logger, now func() time.Time) *Reconciler {
	return &Reconciler{store: s, environments: environments, metrics: metrics, logger: logger, now: now, holder: domain.NewID("node"), made: now()}
}

// Options say how far a reconciliation goes.
type Options struct {
	// Since makes it go back at least this far, also behind the watermark. Without a
	// watermark it goes back this far only; zero for as far as Persona's list does.
	Since time.Time

	// Progress is called after each page; nil for nothing.
	Progress func(domain.Reconciliation)
}

// Reconcile takes up the reconciliation of an environment that is under way, or
// begins one, and brings it to its end. It returns [ErrHeld] when another process has
// it. What it has done is kept when it fails or the context ends, and the next one
// goes on from there.
func (r *Reconciler) Reconcile(ctx context.Context, env domain.Environment, o Options) (domain.Reconciliation, error) {
	if !r.running.TryLock() {
		return domain.Reconciliation{}, ErrHeld
	}
	defer r.running.Unlock()
	w, err := r.begin(ctx, env, o)
	if err != nil {
		return domain.Reconciliation{}, err
	}
	for w.run.FinishedAt.IsZero() {
		if err := w.page(ctx); err != nil {
			return w.run, fmt.Errorf("reconcile: %w", err)
		}
		if o.Progress != nil {
			o.Progress(w.run)
		}
	}
	r.report(ctx, w.run)
	return w.run, nil
}

// work is one reconciliation under way.
type work struct {
	*Reconciler
	lister     Lister
	run        domain.Reconciliation
	watermark  domain.Mark
	knownSince time.Time
	told       time.Time // when the log was told how far it is
	restarted  bool      // its cursor was refused once: twice is no accident
}

func (r *Reconciler) begin(ctx context.Context, env domain.Environment, o Options) (*work, error) {
	settings, configured := r.environments[env]
	if !configured {
		return nil, fmt.Errorf("reconcile: environment %s is not configured", env)
	}
	watermark, knownSince, err := r.store.Watermark(ctx, env)
	if err != nil {
		return nil, fmt.Errorf("reconcile: %w", err)
	}
	now := r.now()
	if !settings.Since.IsZero() {
		knownSince = settings.Since
	}
	run := domain.Reconciliation{ID: domain.NewID("rec"), Environment: env, StartedAt: now, Until: o.Since}
	if knownSince.IsZero() { // the first: the process has been there for a moment already
		knownSince, run.StartedAt = r.made, r.made
	}
	if !watermark.At.IsZero() {
		run.Until = watermark.At.Add(-overlap)
		if !o.Since.IsZero() && o.Since.Before(run.Until) {
			run.Until = o.Since
		}
	}
	run, ok, err := r.store.BeginReconciliation(ctx, run, r.holder, now, now.Add(hold))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrHeld
	}
	if !o.Since.IsZero() && o.Since.Before(run.Until) {
		run.Until = o.Since // also of one that was under way
	}
	return &work{Reconciler: r, lister: settings.Lister, run: run, watermark: watermark, knownSince: knownSince, told: now}, nil
}

// page stores one page of events, and then how far the reconciliation has come.
func (w *work) page(ctx context.Context) error {
	events, next, err := w.lister.Page(ctx, w.run.Cursor)
	if errors.Is(err, ErrCursor) && w.run.Cursor != "" && !w.restarted {
		w.run.Cursor, w.run.From, w.restarted = "", domain.Mark{}, true // from the top again
		return w.save(ctx)
	}
	if err != nil {
		return err
	}
	for i, e := range events {
		w.prepare(&events[i])
		if w.run.From.EventID == "" {
			w.run.From = domain.Mark{EventID: e.ID, At: e.CreatedAt}
		}
	}
	fresh, err := w.store.AppendEvents(ctx, events)
	if err != nil {
		return err
	}
	reached := next == ""
	for i, e := range events {
		w.count(e, fresh[i])
		reached = reached || e.CreatedAt.Before(w.run.Until) && !e.CreatedAt.IsZero()
	}
	w.run.Cursor = next
	if reached {
		w.finish(next == "")
	} else if now := w.now(); now.Sub(w.told) >= tellEvery {
		w.told = now
		w.logger.InfoContext(ctx, "reconciliation goes on", "environment", w.run.Environment, "percent", int(w.run.Done()*100), "seen", w.run.Seen, "back_to", w.run.OldestSeen)
	}
	return w.save(ctx)
}

// prepare says how an event came, and what becomes of it.
func (w *work) prepare(e *domain.Event) {
	e.Environment, e.Via, e.ReceivedAt, e.State = w.run.Environment, domain.ViaReconcile, w.now(), domain.EventWaiting
	if e.CreatedAt.Before(w.knownSince) {
		e.Via = domain.ViaHistory
	}
	if !fold.Keeps(*e) {
		e.State = domain.EventUnhandled
	}
}

func (w *work) count(e domain.Event, fresh bool) {
	w.run.Seen++
	w.run.OldestSeen = earlier(w.run.OldestSeen, e.CreatedAt)
	outcome := "known"
	switch {
	case fresh && e.Via == domain.ViaHistory:
		outcome = "history"
		w.run.History++
	case fresh && e.CreatedAt.Before(w.run.StartedAt.Add(-grace)):
		outcome = "missed"
		w.run.Missed++
		w.run.OldestMissed = earlier(w.run.OldestMissed, e.CreatedAt)
	case fresh:
		outcome = "early" // its webhook may still come
	}
	w.metrics.Reconciled.WithLabelValues(string(w.run.Environment), outcome).Inc()
}

// finish ends the reconciliation. Where the list was empty, the watermark stays.
func (w *work) finish(atTheEnd bool) {
	w.run.FinishedAt, w.run.Cursor = w.now(), ""
	if w.run.From.EventID == "" {
		w.run.From = w.watermark
	}
	w.run.Lost = atTheEnd && !w.watermark.At.IsZero() && (w.run.OldestSeen.IsZero() || w.run.OldestSeen.After(w.watermark.At))
}

func (w *work) save(ctx context.Context) error {
	return w.store.SaveReconciliation(ctx, w.run, w.holder, w.now().Add(hold))
}

func (r *Reconciler) report(ctx context.Context, run domain.Reconciliation) {
	env := string(run.Environment)
	r.metrics.ReconciledAt.WithLabelValues(env).Set(float64(run.FinishedAt.Unix()))
	log := r.logger.With("environment", env, "reconciliation", run.ID, "seen", run.Seen, "missed", run.Missed, "history", run.History)
	switch {
	case run.Lost:
		log.ErrorContext(ctx, "events may be lost: Persona's list ends after the last reconciliation; compare the objects with Persona", "oldest", run.OldestSeen)
	case run.Missed > 0:
		log.WarnContext(ctx, "events had not come by webhook, and are stored now", "oldest_missed", run.OldestMissed)
	default:
		log.InfoContext(ctx, "reconciled")
	}
}

// Keep reconciles every environment at once and then again and again, until the
// context ends. What fails is logged, and tried again next time.
func (r *Reconciler) Keep(ctx context.Context, every time.Duration) {
	for {
		for env := range r.environments {
			if _, err := r.Reconcile(ctx, env, Options{}); err != nil && !errors.Is(err, ErrHeld) && ctx.Err() == nil {
				r.logger.ErrorContext(ctx, "reconciliation failed; it goes on next time", "environment", env, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) && !b.IsZero() {
		return b
	}
	return a
}

var _ Store = store.Store(nil)
