package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/persona"
)

// ErrHeld means that another process is reconciling this environment.
var ErrHeld = errors.New("another process is reconciling this environment")

// ErrCursor means that Persona no longer knows a page's cursor.
var ErrCursor = errors.New("Persona no longer knows the cursor")

// Lister reads Persona's list of events.
type Lister interface {
	// Page reads up to size events, newest first. An empty cursor means the first page, and
	// an empty next that there are no more. Events that cannot be processed are returned as
	// poison with a reason. The error is ErrCursor if Persona does not know the cursor, and
	// [persona.ErrTooLarge] if the answer is too large; pages of size 1 are never too
	// large.
	Page(ctx context.Context, cursor string, size int) (events []domain.Event, next string, err error)

	// Clock returns Persona's time to the second, or zero if it is not known.
	Clock(ctx context.Context) (time.Time, error)
}

// Deps are the dependencies for one environment.
type Deps struct {
	Lister Lister

	// Since is when Idem took over the environment: earlier events are history. The default
	// is when its first reconciler was created.
	Since time.Time
}

// Store is the part of [store.Store] that reconciling needs.
type Store interface {
	AppendEvents(ctx context.Context, events []domain.Event) (fresh []bool, err error)
	BeginReconciliation(ctx context.Context, r domain.Reconciliation, holder string, now, until time.Time) (domain.Reconciliation, bool, error)
	SaveReconciliation(ctx context.Context, r domain.Reconciliation, holder string, until time.Time) error
	Watermark(ctx context.Context, env domain.Environment) (domain.Mark, time.Time, error)
}

const (
	// overlap is how far behind the watermark a reconciliation looks, because an event may
	// appear in Persona's list later than a newer one.
	overlap = 15 * time.Minute

	// grace is how long a webhook may take before its event counts as missed.
	grace = time.Minute

	// leaseTTL is how long a reconciliation stays with its process without a renewal.
	leaseTTL = 2 * time.Minute

	// pageSize is the maximum (Persona docs: Pagination). If the answer is too large, the
	// page is requested again with half the size. After growAfter pages that fit, the size
	// is doubled.
	pageSize  = 100
	growAfter = 4

	// maxAhead is how far ahead an event may be dated before it counts as from the future.
	maxAhead = 5 * time.Minute

	// sameClock is the largest difference of clocks that is ignored.
	sameClock = 2 * time.Second

	// logEvery is how often the progress of a long reconciliation is logged.
	logEvery = 5 * time.Second
)

// Reconciler reconciles environments.
type Reconciler struct {
	store        Store
	environments map[domain.Environment]Deps
	metrics      *telemetry.Metrics
	logger       *slog.Logger
	now          func() time.Time
	holder       string
	made         time.Time
	running      sync.Mutex // one reconciliation at a time
}

// New returns a reconciler for the environments that have an entry. Create it before events
// can arrive: those from before the first one was created are history.
func New(s Store, environments map[domain.Environment]Deps, metrics *telemetry.Metrics, logger *slog.Logger, now func() time.Time) *Reconciler {
	return &Reconciler{store: s, environments: environments, metrics: metrics, logger: logger, now: now, holder: domain.NewID("node"), made: now()}
}

// Options are the options of a reconciliation.
type Options struct {
	// Since makes the reconciliation go back at least this far, even behind the watermark.
	// Without a watermark it goes back only this far. Zero means back to the watermark or
	// the end of Persona's list.
	Since time.Time

	// Progress is called after each page; may be nil.
	Progress func(domain.Reconciliation)
}

// Reconcile starts a reconciliation, or resumes an unfinished one, and completes it. If
// another process holds it or takes it over, the error is [ErrHeld]. If it fails or the
// context ends, its progress is kept and the next call resumes there.
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
		err := w.page(ctx)
		if errors.Is(err, store.ErrChanged) {
			r.logger.InfoContext(ctx, "another process took over the reconciliation", "environment", env, "reconciliation", w.run.ID)
			return w.run, ErrHeld
		}
		if err != nil {
			return w.run, fmt.Errorf("reconcile: %w", err)
		}
		if o.Progress != nil {
			o.Progress(w.run)
		}
	}
	r.report(ctx, w.run)
	return w.run, nil
}

// work is a running reconciliation.
type work struct {
	*Reconciler
	lister     Lister
	run        domain.Reconciliation
	watermark  domain.Mark
	knownSince time.Time
	loggedAt   time.Time // when the progress was last logged
	restarted  bool      // its cursor was rejected once; a second time is an error
	size       int       // of the next page
	fitting    int       // pages of this size that were not too large

	compared bool          // this machine's clock with Persona's
	behindBy time.Duration // zero unless it is behind
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
	if knownSince.IsZero() {
		run.StartedAt = r.startTime(ctx, settings.Lister)
		knownSince = run.StartedAt
	}
	if !watermark.At.IsZero() {
		run.Until = watermark.At.Add(-overlap)
		if !o.Since.IsZero() && o.Since.Before(run.Until) {
			run.Until = o.Since
		}
	}
	run, ok, err := r.store.BeginReconciliation(ctx, run, r.holder, now, now.Add(leaseTTL))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrHeld
	}
	if !o.Since.IsZero() && o.Since.Before(run.Until) {
		run.Until = o.Since // also for a resumed reconciliation
	}
	return &work{Reconciler: r, lister: settings.Lister, run: run, watermark: watermark, knownSince: knownSince, loggedAt: now, size: pageSize}, nil
}

// startTime returns Persona's time when this process started, which is the start of the first
// reconciliation. Earlier events are history. Persona's clock is used because Persona dates
// the events: with its own clock, a node that is five minutes ahead would make no decision
// on events of its first five minutes. If Persona does not answer, the own clock is used,
// since waiting would move the start.
func (r *Reconciler) startTime(ctx context.Context, lister Lister) time.Time {
	before := r.now()
	clock, err := lister.Clock(ctx)
	after := r.now()
	var skew time.Duration
	switch {
	case err != nil || clock.IsZero():
	case clock.Before(before.Add(-sameClock)):
		skew = before.Sub(clock)
	case clock.After(after.Add(sameClock)):
		skew = after.Sub(clock)
	}
	if skew != 0 {
		r.logger.WarnContext(ctx, "this machine's clock differs from Persona's: synchronize it", "ahead", skew.Round(time.Second))
	}
	return r.made.Add(-skew)
}

// page stores one page of events, and then the progress.
func (w *work) page(ctx context.Context) error {
	events, next, err := w.lister.Page(ctx, w.run.Cursor, w.size)
	switch {
	case errors.Is(err, ErrCursor) && w.run.Cursor != "" && !w.restarted:
		w.run.Cursor, w.run.From, w.restarted = "", domain.Mark{}, true // start again at the top
		return w.save(ctx)
	case errors.Is(err, persona.ErrTooLarge) && w.size > 1:
		w.size, w.fitting = w.size/2, 0
		w.logger.InfoContext(ctx, "page of events too large: retrying with a smaller page", "environment", w.run.Environment, "size", w.size)
		return w.save(ctx)
	case err != nil:
		return err
	}
	w.grow()
	received := w.received(ctx, events)
	for i := range events {
		w.prepare(&events[i], received)
		w.mark(events[i])
	}
	fresh, err := w.store.AppendEvents(ctx, events)
	if err != nil {
		return err
	}
	for i, e := range events {
		w.count(e, fresh[i])
		if fresh[i] {
			w.warn(ctx, e)
		}
	}
	w.run.Cursor = next
	if next == "" || w.behind(events) {
		w.finish(next == "")
	} else if now := w.now(); now.Sub(w.loggedAt) >= logEvery {
		w.loggedAt = now
		w.logger.InfoContext(ctx, "reconciliation resumed", "environment", w.run.Environment, "percent", int(w.run.Done()*100), "seen", w.run.Seen, "back_to", w.run.OldestSeen)
	}
	return w.save(ctx)
}

// grow increases the page size again after several pages of a smaller size.
func (w *work) grow() {
	if w.fitting++; w.fitting >= growAfter {
		w.size, w.fitting = min(2*w.size, pageSize), 0
	}
}

// mark records the newest event. The time is limited to the start of the reconciliation: an
// event from the future would otherwise end the next reconciliation at once.
func (w *work) mark(e domain.Event) {
	if w.run.From.EventID == "" {
		w.run.From.EventID = e.ID
	}
	if w.run.From.At.IsZero() && !e.CreatedAt.IsZero() {
		w.run.From.At = earlier(e.CreatedAt, w.run.StartedAt)
	}
}

// behind reports whether a page reaches back to the end of the reconciliation. Only its
// last event counts, so that a newer event with a wrong date does not end it early.
func (w *work) behind(events []domain.Event) bool {
	for _, e := range slices.Backward(events) {
		if !e.CreatedAt.IsZero() {
			return e.CreatedAt.Before(w.run.Until)
		}
	}
	return false
}

// received returns when a page of events was received. An event that is dated in the future
// counts from its receipt. If this machine's clock is behind, that would reverse the order of
// events, since the list begins with the newest. So Persona's clock counts then.
func (w *work) received(ctx context.Context, events []domain.Event) time.Time {
	now := w.now()
	if !slices.ContainsFunc(events, w.future) {
		return now
	}
	if !w.compared {
		clock, err := w.lister.Clock(ctx)
		if w.compared = err == nil; err == nil && clock.After(now.Add(sameClock)) {
			w.behindBy = clock.Sub(now)
			w.logger.WarnContext(ctx, "this machine's clock is behind Persona's: synchronize it", "environment", w.run.Environment, "behind", w.behindBy.Round(time.Second))
		}
	}
	return now.Add(w.behindBy)
}

// prepare sets how an event was received and its state.
func (w *work) prepare(e *domain.Event, received time.Time) {
	e.Environment, e.Via, e.ReceivedAt = w.run.Environment, domain.ViaReconcile, received
	if e.CreatedAt.Before(w.knownSince) {
		e.Via = domain.ViaHistory
	}
	switch {
	case e.State == domain.EventPoison:
	case fold.Keeps(*e):
		e.State = domain.EventWaiting
	default:
		e.State = domain.EventUnhandled
	}
}

// future reports whether an event is dated further ahead than clocks differ.
func (w *work) future(e domain.Event) bool { return e.CreatedAt.After(w.now().Add(maxAhead)) }

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
	case fresh && w.future(e):
		outcome = "future"
	case fresh:
		outcome = "early" // its webhook may still arrive
	}
	if fresh && e.State == domain.EventPoison {
		outcome = "poison"
	}
	w.metrics.Reconciled.WithLabelValues(string(w.run.Environment), outcome).Inc()
}

// warn logs a stored event that needs attention.
func (w *work) warn(ctx context.Context, e domain.Event) {
	log := w.logger.With("environment", w.run.Environment, "event", e.ID, "name", e.Name)
	if e.State == domain.EventPoison {
		log.ErrorContext(ctx, "an event in Persona's list cannot be processed; marked as poison", "reason", e.Reason)
	}
	if w.future(e) {
		log.WarnContext(ctx, "event dated in the future: compare this machine's clock with Persona's", "created_at", e.CreatedAt)
	}
}

// finish completes the reconciliation. If the list was empty, the watermark does not
// change.
func (w *work) finish(atTheEnd bool) {
	w.run.FinishedAt, w.run.Cursor = w.now(), ""
	if w.run.From.EventID == "" {
		w.run.From = w.watermark
	}
	w.run.Lost = atTheEnd && !w.watermark.At.IsZero() && (w.run.OldestSeen.IsZero() || w.run.OldestSeen.After(w.watermark.At))
}

func (w *work) save(ctx context.Context) error {
	return w.store.SaveReconciliation(ctx, w.run, w.holder, w.now().Add(leaseTTL))
}

func (r *Reconciler) report(ctx context.Context, run domain.Reconciliation) {
	env := string(run.Environment)
	r.metrics.ReconciledAt.WithLabelValues(env).Set(float64(run.FinishedAt.Unix()))
	log := r.logger.With("environment", env, "reconciliation", run.ID, "seen", run.Seen, "missed", run.Missed, "history", run.History)
	switch {
	case run.Lost:
		log.ErrorContext(ctx, "events may be lost: Persona's list ends after the last reconciliation; compare the objects with Persona", "oldest", run.OldestSeen)
	case run.Missed > 0:
		log.WarnContext(ctx, "recovered events whose webhook never arrived", "oldest_missed", run.OldestMissed)
	default:
		log.InfoContext(ctx, "reconciled")
	}
}

// RunPeriodically reconciles every environment immediately and then at an interval, until
// the context ends. Errors are logged, and the next interval tries again.
func (r *Reconciler) RunPeriodically(ctx context.Context, every time.Duration) {
	for {
		for env := range r.environments {
			if _, err := r.Reconcile(ctx, env, Options{}); err != nil && !errors.Is(err, ErrHeld) && ctx.Err() == nil {
				r.logger.ErrorContext(ctx, "reconciliation failed; it resumes at the next interval", "environment", env, "error", err)
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
