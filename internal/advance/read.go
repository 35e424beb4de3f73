package advance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/store"
)

// Read advances one object that needs reads from Persona. It returns nil if no events are
// waiting, or if another worker holds the object's claim: that worker then looks for new
// events again. Failures is how often the job has failed before; a job that has failed a few
// times accepts an answer that lags behind the events.
func (a *Advancer) Read(ctx context.Context, env domain.Environment, ref domain.Ref, failures int) error {
	settings, known := a.deps(env)
	if !known {
		return fmt.Errorf("advance %s: environment %s is not configured", ref, env)
	}
	for unfinished := true; unfinished; {
		claim, ok, err := a.store.Claim(ctx, env, ref)
		if err != nil {
			return fmt.Errorf("advance %s: %w", ref, err)
		}
		if !ok {
			return nil
		}
		if unfinished, err = a.readWith(ctx, env, settings, claim, failures < maxStaleReads); err != nil {
			return fmt.Errorf("advance %s: %w", ref, err)
		}
	}
	return nil
}

// readWith reads for an object under a claim and releases the claim. It reports whether
// another worker asked for the object in the meantime.
func (a *Advancer) readWith(ctx context.Context, env domain.Environment, settings Deps, claim store.Claim, mayLag bool) (unfinished bool, err error) {
	finished := false
	defer func() {
		if finished {
			return
		}
		// The job panicked and the queue recovers from it: do not keep the claim.
		last, cancel := cleanupContext(ctx)
		defer cancel()
		_ = a.store.Abandon(last, claim) // the job is retried in any case
	}()
	err = a.readAll(ctx, env, settings, claim.Target, mayLag)
	finished = true
	last, cancel := cleanupContext(ctx)
	defer cancel()
	if err != nil {
		return false, errors.Join(err, a.store.Abandon(last, claim))
	}
	return a.store.Release(last, claim)
}

// cleanupContext limits how long a cancelled job may take to clean up. A database that does
// not respond must not block the worker forever.
func cleanupContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}

// readAll advances an object until none of its events are waiting.
func (a *Advancer) readAll(ctx context.Context, env domain.Environment, settings Deps, ref domain.Ref, mayLag bool) error {
	limit := batch
	for tries := 1; ; tries++ {
		inbox, err := a.store.Inbox(ctx, env, []domain.Ref{ref}, limit)
		if err != nil || len(inbox[0].Events) == 0 {
			return err
		}
		w := a.begin(env, settings, ref, inbox[0])
		w.mayLag = mayLag
		if err := w.readAndDecide(ctx); err != nil {
			return a.failed(ctx, w, err)
		}
		lost, err := a.commit(ctx, env, settings, []*work{w})
		switch {
		case errors.Is(err, store.ErrRejected) && limit > 1:
			limit = 1 // to find the event with the rejected value
		case errors.Is(err, store.ErrRejected):
			return a.rejected(ctx, w, err)
		case err != nil:
			return err
		case len(lost) == 0:
			tries = 0 // more events may be waiting
		case tries >= maxTries:
			return store.ErrChanged
		}
	}
}

func (w *work) readAndDecide(ctx context.Context) error {
	w.parse()
	if err := w.hydrate(ctx); err != nil {
		return err
	}
	w.fold()
	if w.reread {
		if err := w.resolveConflict(ctx); err != nil {
			return err
		}
	}
	if err := w.findUndecided(ctx); err != nil {
		return err
	}
	w.skipHistory()
	if err := w.decide(ctx); err != nil {
		return err
	}
	w.auditTransitions()
	return nil
}

// failed records with the waiting events why they could not be processed. The queue retries
// the job.
func (a *Advancer) failed(ctx context.Context, w *work, cause error) error {
	if ctx.Err() != nil && errors.Is(cause, context.Canceled) {
		return cause // the service is stopping
	}
	var ids []string
	tries := 0
	for _, e := range w.in.Events {
		ids = append(ids, e.ID)
		tries = max(tries, e.Tries+1)
	}
	reason := cause.Error()
	last, cancel := cleanupContext(ctx)
	defer cancel()
	if _, err := a.store.Tried(last, w.env, w.ref, ids, domain.Storable(reason, maxReason), 0, nil, audit.Entry{}); err != nil {
		cause = errors.Join(cause, err)
	}
	a.logger.WarnContext(ctx, "reading from Persona failed; the object's events will be retried", "environment", w.env, "object", w.ref.ID, "type", w.ref.Type, "events", len(ids), "tries", tries, "error", cause)
	return cause
}

// maxReason is the maximum length in bytes of an error that is stored with an event.
const maxReason = 300

// hydrate completes incomplete payloads with one read of the object. The snapshots keep the
// times of their events.
func (w *work) hydrate(ctx context.Context) error {
	if !slices.ContainsFunc(w.snapshots, thin) {
		return nil
	}
	now, err := w.settings.Reader.Object(ctx, w.ref)
	if refused(err) {
		return nil // use the payload as it is; a decision will find the missing facts
	}
	if err != nil {
		return fmt.Errorf("read an object whose payload is incomplete: %w", err)
	}
	for i := range w.snapshots {
		s := &w.snapshots[i]
		if !s.Thin {
			continue
		}
		if older(now, domain.Transition{To: s.Object.Status, At: s.At}) && s.Object.Status != "" {
			if w.mayLag {
				return fmt.Errorf("read an object whose payload is incomplete: %w", errOlder)
			}
			continue
		}
		*s = s.Completed(now)
	}
	return nil
}

// resolveConflict resolves a conflict between events by reading the object from Persona.
func (w *work) resolveConflict(ctx context.Context) error {
	object, err := w.settings.Reader.Object(ctx, w.ref)
	if refused(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("settle contradicting events: %w", err)
	}
	// If Persona's answer stays older than the event, use the answer: the event may be
	// wrong.
	if older(object, domain.Transition{To: w.next.Status, At: w.next.AsOf}) && w.mayLag {
		return fmt.Errorf("settle contradicting events: %w", errOlder)
	}
	if object.AsOf.Before(w.next.AsOf) {
		object.AsOf = w.next.AsOf
	}
	w.replace(object)
	if w.in.Object.Version > 0 && object.Status == w.in.Object.Status && !slices.ContainsFunc(w.snapshots, func(s fold.Snapshot) bool { return s.At.After(w.in.Object.AsOf) }) {
		w.transitions = nil // old events were processed again, and the conflict was resolved before
	}
	return nil
}
