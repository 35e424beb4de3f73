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

// Read advances one object with what has to be read from Persona for it. It returns nil
// when nothing waits, and when another worker has the object: that one is told to look
// again.
func (a *Advancer) Read(ctx context.Context, env domain.Environment, ref domain.Ref) error {
	settings, known := a.environments[env]
	if !known {
		return fmt.Errorf("advance %s: environment %s is not configured", ref, env)
	}
	for again := true; again; {
		claim, ok, err := a.store.Claim(ctx, env, ref)
		if err != nil {
			return fmt.Errorf("advance %s: %w", ref, err)
		}
		if !ok {
			return nil
		}
		if again, err = a.readWith(ctx, env, settings, claim); err != nil {
			return fmt.Errorf("advance %s: %w", ref, err)
		}
	}
	return nil
}

// readWith reads for an object under a claim, and gives the claim back. It reports whether
// the object was wanted meanwhile.
func (a *Advancer) readWith(ctx context.Context, env domain.Environment, settings Deps, claim store.Claim) (again bool, err error) {
	finished := false
	defer func() {
		if finished {
			return
		}
		// It panicked, which the queue recovers from: the object must not stay claimed.
		last, cancel := cleanupContext(ctx)
		defer cancel()
		_ = a.store.Abandon(last, claim) // the job is run again in any case
	}()
	err = a.readAll(ctx, env, settings, claim.Target)
	finished = true
	last, cancel := cleanupContext(ctx)
	defer cancel()
	if err != nil {
		return false, errors.Join(err, a.store.Abandon(last, claim))
	}
	return a.store.Release(last, claim)
}

// cleanupContext is the time in which a job that was cut short says so. A database that fell
// silent must not keep its worker for ever.
func cleanupContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}

// readAll brings an object forward until nothing waits for it.
func (a *Advancer) readAll(ctx context.Context, env domain.Environment, settings Deps, ref domain.Ref) error {
	limit := batch
	for tries := 1; ; tries++ {
		inbox, err := a.store.Inbox(ctx, env, []domain.Ref{ref}, limit)
		if err != nil || len(inbox[0].Events) == 0 {
			return err
		}
		w := a.begin(env, settings, ref, inbox[0])
		if err := w.readAndDecide(ctx); err != nil {
			return a.failed(ctx, w, err)
		}
		lost, err := a.commit(ctx, env, settings, []*work{w})
		switch {
		case errors.Is(err, store.ErrRejected) && limit > 1:
			limit = 1 // to find the event whose value it is
		case errors.Is(err, store.ErrRejected):
			return a.rejected(ctx, w, err)
		case err != nil:
			return err
		case len(lost) == 0:
			tries = 0 // more may wait
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
		if err := w.settle(ctx); err != nil {
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

// failed records why what waits for an object goes on waiting. Its job is run again.
func (a *Advancer) failed(ctx context.Context, w *work, cause error) error {
	if ctx.Err() != nil && errors.Is(cause, context.Canceled) {
		return cause // told to stop
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

// maxReason is how much of an error is kept with an event, in bytes.
const maxReason = 300

// hydrate reads what thin payloads left out: once for all of them. Their moments stay
// those of the events.
func (w *work) hydrate(ctx context.Context) error {
	if !slices.ContainsFunc(w.snapshots, thin) {
		return nil
	}
	now, err := w.settings.Reader.Object(ctx, w.ref)
	if refused(err) {
		return nil // what the payload has must do; a decision finds its facts incomplete
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
			if w.tries() < maxStaleReads {
				return fmt.Errorf("read an object whose payload is incomplete: %w", errOlder)
			}
			continue
		}
		at, id, reference := s.Object.AsOf, s.Object.EventID, s.Object.ReferenceID
		s.Object = now
		s.Object.AsOf, s.Object.EventID = at, id
		if reference != "" { // what is read may be redacted by now
			s.Object.LastReferenceID, s.Object.LastReferenceAt = reference, at
		}
	}
	return nil
}

// settle decides between events that contradict each other by what Persona says now.
func (w *work) settle(ctx context.Context) error {
	object, err := w.settings.Reader.Object(ctx, w.ref)
	if refused(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("settle contradicting events: %w", err)
	}
	// Where Persona goes on saying so, it counts: the event may be the one that is wrong.
	if older(object, domain.Transition{To: w.next.Status, At: w.next.AsOf}) && w.tries() < maxStaleReads {
		return fmt.Errorf("settle contradicting events: %w", errOlder)
	}
	if object.AsOf.Before(w.next.AsOf) {
		object.AsOf = w.next.AsOf
	}
	w.replace(object)
	if w.in.Object.Version > 0 && object.Status == w.in.Object.Status && !slices.ContainsFunc(w.snapshots, func(s fold.Snapshot) bool { return s.At.After(w.in.Object.AsOf) }) {
		w.transitions = nil // old events that come once more: it was settled before
	}
	return nil
}

// errOlder means that Persona's answer is from before the event that is worked on.
var errOlder = errors.New("the answer from Persona is older than the event")

// maxStaleReads is how often an answer that is older than its event is asked for again, about
// a minute in all. It counts tries, not time: the clocks of nodes differ.
const maxStaleReads = 6
