package advance

import (
	"errors"
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// work is one object with a batch of its events while they are processed.
type work struct {
	*Advancer
	env      domain.Environment
	ref      domain.Ref
	settings Deps
	in       store.Inbox

	snapshots   []fold.Snapshot
	next        domain.Object // the object after the events
	transitions []domain.Transition
	reread      bool // the events conflict: read the object from Persona
	mayLag      bool // an answer that lags behind the events is an error, so that it is requested again
	facts       *policy.Facts
	save        store.Advance
}

func (a *Advancer) begin(env domain.Environment, settings Deps, ref domain.Ref, in store.Inbox) *work {
	return &work{Advancer: a, env: env, ref: ref, settings: settings, in: in, save: store.Advance{Before: in.Object}}
}

// parse parses the events. An event that cannot be parsed is marked as poison and blocks no
// other.
func (w *work) parse() {
	for _, e := range w.in.Events {
		s, err := fold.Read(e)
		if err != nil {
			w.mark(e, domain.EventPoison, reasonOf(err))
			w.audit("event.poison", e.ID+" cannot be read and is set aside: "+reasonOf(err))
			w.tell(notify.Poison(e, reasonOf(err), w.now()))
			continue
		}
		if s.Future {
			w.audit("event.future", e.ID+" says that it happened after it was received; it counts as of its receipt")
		}
		w.snapshots = append(w.snapshots, s)
	}
}

// reasonOf says why an event cannot be read.
func reasonOf(err error) string {
	var why *fold.UnreadableError
	if errors.As(err, &why) {
		return why.Error()
	}
	return "it cannot be read"
}

func thin(s fold.Snapshot) bool { return s.Thin }

// hasThinPayload reports whether a payload is incomplete.
func (w *work) hasThinPayload() bool { return slices.ContainsFunc(w.snapshots, thin) }

// fold applies the events to the object.
func (w *work) fold() {
	result := fold.Fold(w.in.Object, w.snapshots)
	w.next, w.transitions, w.reread = result.Object, result.Transitions, result.Reread
	for _, s := range w.snapshots {
		state := domain.EventApplied
		if slices.Contains(result.Stale, s.EventID) {
			state = domain.EventStale
		}
		w.mark(w.event(s.EventID), state, "")
	}
	if result.Changed || w.next.EventID != w.in.Object.EventID {
		w.save.Objects = []domain.Object{w.next}
	}
}

// replace uses an object that was read from Persona instead of the folded one.
func (w *work) replace(object domain.Object) {
	object.Version, object.EventID, object.Coverage = w.next.Version, w.next.EventID, w.next.Coverage
	object.LastReferenceID, object.LastReferenceAt = w.next.LastReferenceID, w.next.LastReferenceAt
	object = fold.WithAttachments(fold.WithReference(object), w.next)
	if object.Status != w.next.Status {
		w.transitions = append(w.transitions, domain.Transition{Object: w.ref, From: w.next.Status, To: object.Status, At: object.AsOf, Event: "read"})
	}
	w.next = object
	w.save.Objects = []domain.Object{object}
}

// auditTransitions adds an audit entry for each transition. The host is told the current
// status of a case, unless it is history.
func (w *work) auditTransitions() {
	for _, t := range w.transitions {
		moved := orNone(t.To)
		if t.From != "" {
			moved = t.From + " to " + moved
		}
		w.audit("object.moved", fmt.Sprintf("%s by %s %s", moved, t.Event, t.EventID))
	}
	if len(w.transitions) == 0 || w.ref.Family() != "case" {
		return
	}
	if t := w.transitions[len(w.transitions)-1]; !w.isHistory(t) {
		w.tell(notify.CaseChanged(w.env, t, w.now()))
	}
}

// tell adds a notification.
func (w *work) tell(n domain.Notification) { w.save.Notifications = append(w.save.Notifications, n) }

func (w *work) event(id string) domain.Event {
	return w.in.Events[slices.IndexFunc(w.in.Events, func(e domain.Event) bool { return e.ID == id })]
}

func (w *work) mark(e domain.Event, state domain.EventState, reason string) {
	w.save.Events = append(w.save.Events, store.EventMark{ID: e.ID, ReceivedAt: e.ReceivedAt, State: state, Reason: reason, History: e.Via == domain.ViaHistory})
}

func (w *work) audit(what, detail string) {
	w.save.Audit = append(w.save.Audit, audit.Entry{Environment: w.env, At: w.now(), Actor: "idem", What: what, About: w.ref, Detail: detail})
}

// refused reports whether reading an object fails for good: Persona cannot read this type,
// does not have the object, or the API key may not read it.
func refused(err error) bool {
	return errors.Is(err, ErrCannotRead) || errors.Is(err, persona.ErrForbidden)
}

func orNone(status string) string {
	if status == "" {
		return "without a status"
	}
	return status
}
