package advance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/telemetry"
)

// Environment is what advancing an environment's objects needs.
type Environment struct {
	Reader Reader
	Policy *policy.Policy
}

// Advancer advances objects.
type Advancer struct {
	store        store.Store
	environments map[domain.Environment]Environment
	metrics      *telemetry.Metrics
	logger       *slog.Logger
	now          func() time.Time
}

// New returns an advancer.
func New(s store.Store, environments map[domain.Environment]Environment, metrics *telemetry.Metrics, logger *slog.Logger, now func() time.Time) *Advancer {
	return &Advancer{store: s, environments: environments, metrics: metrics, logger: logger, now: now}
}

// Advance folds what waits for an object, and does what follows. It returns nil when
// nothing waits.
func (a *Advancer) Advance(ctx context.Context, env domain.Environment, ref domain.Ref) error {
	settings, known := a.environments[env]
	if !known {
		return fmt.Errorf("advance %s: environment %s is not configured", ref, env)
	}
	unlock, err := a.store.Lock(ctx, "object "+string(env)+" "+ref.ID) // one object by one worker at a time
	if err != nil {
		return fmt.Errorf("advance %s: %w", ref, err)
	}
	defer unlock()
	for tries := 1; ; tries++ {
		events, err := a.advance(ctx, env, ref, settings)
		switch {
		case err == nil && events == batch:
			tries = 0 // there may be more
		case !errors.Is(err, store.ErrChanged) || tries == maxTries:
			return err
		}
	}
}

const (
	// maxTries is how often an object is begun anew because something it saves was
	// changed meanwhile, such as a case that arrived by its own event.
	maxTries = 5

	// batch is how many events of an object are folded at once. An object may have
	// thousands that wait after a long outage; each can be a mebibyte.
	batch = 50
)

// advance folds a batch of what waits, and returns how many events it had.
func (a *Advancer) advance(ctx context.Context, env domain.Environment, ref domain.Ref, settings Environment) (events int, err error) {
	w := &work{Advancer: a, env: env, ref: ref, settings: settings, save: store.Advance{Events: map[string]domain.EventState{}}}
	if err := w.load(ctx); err != nil {
		return 0, err
	}
	if len(w.events) == 0 {
		return 0, nil
	}
	if err := w.fold(ctx); err != nil {
		return 0, err
	}
	if err := w.decide(ctx); err != nil {
		return 0, err
	}
	if err := w.commit(ctx); err != nil {
		return 0, err
	}
	w.report(ctx)
	return len(w.events), nil
}

// commit saves what follows. A verdict is made of several objects, each of which may
// be worked on at the same time: looking at the others and saving this one is one step,
// or two workers would each miss what the other one saves.
func (w *work) commit(ctx context.Context) error {
	subjects, err := w.subjects(ctx)
	if err != nil {
		return err
	}
	slices.Sort(subjects) // whoever waits for another's has none that the other waits for
	for _, subject := range subjects {
		unlock, err := w.store.Lock(ctx, "subject "+string(w.env)+" "+subject)
		if err != nil {
			return fmt.Errorf("advance %s: %w", w.ref, err)
		}
		defer unlock()
	}
	if err := w.verdict(ctx, subjects); err != nil {
		return err
	}
	if err := w.store.Save(ctx, w.env, w.save); err != nil {
		return fmt.Errorf("advance %s: %w", w.ref, err)
	}
	return nil
}

// work is one object's way through the stage.
type work struct {
	*Advancer
	env      domain.Environment
	ref      domain.Ref
	settings Environment

	events      []domain.Event
	current     domain.Object
	next        domain.Object
	transitions []domain.Transition
	facts       *policy.Facts
	save        store.Advance
}

func (w *work) load(ctx context.Context) (err error) {
	if w.events, err = w.store.Waiting(ctx, w.env, w.ref, batch); err != nil || len(w.events) == 0 {
		return err
	}
	w.current, err = w.store.Object(ctx, w.env, w.ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// fold brings the object forward by its events.
func (w *work) fold(ctx context.Context) error {
	var snapshots []fold.Snapshot
	for _, event := range w.events {
		if event.Via == domain.ViaHistory {
			w.save.History = append(w.save.History, event.ID)
		}
		s, err := fold.Read(event)
		if err != nil {
			w.save.Events[event.ID] = domain.EventPoison
			w.audit("event.poison", event.ID+" cannot be read and is set aside")
			w.logger.ErrorContext(ctx, "event set aside", "environment", w.env, "event", event.ID, "error", err)
			continue
		}
		if s.Thin {
			if s.Object, err = w.hydrate(ctx, s); err != nil {
				return err
			}
		}
		w.save.Events[event.ID] = domain.EventApplied
		snapshots = append(snapshots, s)
	}
	result := fold.Fold(w.current, snapshots)
	for _, id := range result.Stale {
		w.save.Events[id] = domain.EventStale
	}
	w.next, w.transitions = result.Object, result.Transitions
	if len(w.transitions) == 0 {
		undecided, err := w.undecided(ctx)
		if err != nil {
			return err
		}
		w.transitions = undecided
	}
	if result.Reread {
		if err := w.reread(ctx); err != nil {
			return err
		}
	}
	if result.Changed || w.next.EventID != w.current.EventID {
		w.save.Objects = append(w.save.Objects, w.next)
	}
	for _, t := range w.transitions {
		w.audit("object.moved", fmt.Sprintf("%s to %s by %s %s", orNone(t.From), orNone(t.To), t.Event, t.EventID))
	}
	return nil
}

// undecided is the transition that the present state's event showed already and nothing
// was decided on: it was history, and comes by a webhook now, or is replayed.
func (w *work) undecided(ctx context.Context) ([]domain.Transition, error) {
	at := slices.IndexFunc(w.events, func(e domain.Event) bool { return e.ID == w.current.EventID && e.Via != domain.ViaHistory })
	if at < 0 || w.current.Status == "" {
		return nil, nil
	}
	e := w.events[at]
	for d, err := range store.All(ctx, w.store.Decisions, w.env, store.Filter{Object: w.ref}) {
		if err != nil || d.Transition.EventID == e.ID {
			return nil, err
		}
	}
	return []domain.Transition{{Object: w.ref, To: w.current.Status, At: w.current.AsOf, EventID: e.ID, Event: e.Name}}, nil
}

// hydrate reads what a thin payload left out. The moment stays that of the event.
func (w *work) hydrate(ctx context.Context, s fold.Snapshot) (domain.Object, error) {
	object, err := w.settings.Reader.Object(ctx, s.Object.Ref)
	if errors.Is(err, ErrCannotRead) {
		return s.Object, nil
	}
	if err != nil {
		return object, fmt.Errorf("hydrate event %s: %w", s.EventID, err)
	}
	if s.Object.Status != "" {
		if _, err := w.movedOn(object, domain.Transition{To: s.Object.Status, At: s.At, EventID: s.EventID}); err != nil {
			return object, fmt.Errorf("hydrate event %s: %w", s.EventID, err)
		}
	}
	object.AsOf, object.EventID = s.At, s.EventID
	return object, nil
}

// reread settles events that contradict each other by what Persona says now.
func (w *work) reread(ctx context.Context) error {
	object, err := w.settings.Reader.Object(ctx, w.ref)
	if errors.Is(err, ErrCannotRead) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("settle contradicting events: %w", err)
	}
	if object.AsOf.Before(w.next.AsOf) {
		object.AsOf = w.next.AsOf
	}
	object.Version, object.EventID = w.next.Version, w.next.EventID
	if object.Status != w.next.Status {
		w.transitions = append(w.transitions, domain.Transition{Object: w.ref, From: w.next.Status, To: object.Status, At: object.AsOf, Event: "read"})
	}
	w.next = object
	return nil
}

// decide applies the policy to the transition that led to the present status.
func (w *work) decide(ctx context.Context) error {
	if len(w.transitions) == 0 {
		return nil
	}
	transition := w.transitions[len(w.transitions)-1]
	if !w.next.RedactedAt.IsZero() || !w.settings.Policy.Covers(transition) {
		return nil
	}
	if w.isHistory(transition) {
		w.audit("decision.skipped", "it happened before Idem knew the environment")
		return nil
	}
	facts, moved, err := w.gather(ctx, transition)
	if errors.Is(err, ErrCannotRead) {
		w.audit("decision.skipped", "Persona has the object no more")
		return nil
	}
	if err != nil || moved {
		return err
	}
	w.facts = &facts
	outcomes, err := w.settings.Policy.Decide(facts)
	if err != nil {
		return fmt.Errorf("decide on %s: %w", w.ref, err)
	}
	now := w.now()
	for _, o := range outcomes {
		d := domain.Decision{
			ID: domain.NewID("dec"), Environment: w.env, Object: w.ref, Transition: transition, Rule: o.Rule,
			PolicyVersion: w.settings.Policy.Version(), Explanation: o.Explanation, Actions: o.Actions, DecidedAt: now,
		}
		w.save.Decisions = append(w.save.Decisions, d)
		w.audit("decision.made", fmt.Sprintf("%s: rule %q of policy %s: %s", d.ID, d.Rule, d.PolicyVersion, d.Explanation))
		for _, spec := range o.Actions {
			spec.Expects = statusOf(facts, spec.Target)
			key := DeriveKey(w.env, d.PolicyVersion, d.Rule, transition, spec)
			w.save.Actions = append(w.save.Actions, domain.Action{
				ID: domain.NewID("axn"), Environment: w.env, DecisionID: d.ID, Spec: spec, DerivedKey: key, IdempotencyKey: key, KeyMadeAt: now,
				State: domain.ActionWaiting, CreatedAt: now,
			})
		}
	}
	return nil
}

// isHistory reports whether all that shows a transition are events from before the
// service knew the environment: what was then is not decided on, people have lived with
// it since.
func (w *work) isHistory(t domain.Transition) bool {
	return !slices.ContainsFunc(w.events, func(e domain.Event) bool {
		return e.Via != domain.ViaHistory && (e.ID == t.EventID || t.EventID == "")
	})
}

// statusOf is the status that an object has in the facts, empty for one that is not
// among them.
func statusOf(f policy.Facts, target domain.Ref) string {
	if f.Inquiry != nil && f.Inquiry.Ref == target {
		return f.Inquiry.Status
	}
	for _, c := range f.Cases {
		if c.Ref == target {
			return c.Status
		}
	}
	return ""
}

// gather reads the facts of a decision. It reports whether the object has moved on.
func (w *work) gather(ctx context.Context, t domain.Transition) (facts policy.Facts, moved bool, err error) {
	switch w.ref.Family() {
	case "inquiry":
		if facts, err = w.settings.Reader.Facts(ctx, w.ref.ID); err != nil {
			return facts, false, err
		}
		if moved, err := w.movedOn(*facts.Inquiry, t); moved || err != nil {
			return facts, moved, err
		}
		for _, c := range facts.Cases {
			if err := w.remember(ctx, c); err != nil {
				return facts, false, err
			}
		}
	case "case":
		now, err := w.settings.Reader.Object(ctx, w.ref)
		if err != nil {
			return facts, false, err
		}
		if moved, err := w.movedOn(now, t); moved || err != nil {
			return facts, moved, err
		}
		if inquiries := now.Relationships["inquiries"]; len(inquiries) > 0 {
			if facts, err = w.settings.Reader.Facts(ctx, inquiries[0].ID); err != nil {
				return facts, false, err
			}
		}
		facts.Cases = []domain.Object{now}
	}
	facts.Environment, facts.Transition = w.env, t
	return facts, false, nil
}

const (
	lag   = time.Minute // how far what Persona answers may be behind its own events
	after = time.Second // how far an event's moment may be after the change that it tells of
)

// movedOn reports whether an object that was read has left the status of a transition.
// Where it has not come there yet by what Persona answers, that is an error: it does in a
// moment, and a decision that was left out would be missed for good.
func (w *work) movedOn(now domain.Object, t domain.Transition) (bool, error) {
	if now.Status == t.To {
		return !now.RedactedAt.IsZero(), nil
	}
	if !now.AsOf.IsZero() && now.AsOf.Before(t.At.Add(-after)) && w.now().Sub(t.At) < lag {
		return false, fmt.Errorf("read %s: Persona's answer is older than its event %s", w.ref, t.EventID)
	}
	return true, nil
}

// remember saves an object that was read and is not known yet: a case outranks its
// inquiry from the moment that it is known.
func (w *work) remember(ctx context.Context, o domain.Object) error {
	_, err := w.store.Object(ctx, w.env, o.Ref)
	if errors.Is(err, store.ErrNotFound) {
		w.save.Objects = append(w.save.Objects, o)
		return nil
	}
	return err
}

// verdict notifies the host of each subject whose verdict is another than the one it
// was told last.
func (w *work) verdict(ctx context.Context, subjects []string) error {
	for _, subject := range subjects {
		known, err := w.store.ObjectsOf(ctx, w.env, subject)
		if err != nil {
			return err
		}
		if w.ref.Family() != "case" {
			// Its cases may be known longer than the object, and its subject with it.
			cases, err := w.store.ObjectsTo(ctx, w.env, "case", w.ref)
			if err != nil {
				return err
			}
			known = append(known, cases...)
		}
		told, err := w.store.LastVerdict(ctx, w.env, subject)
		if err != nil {
			return err
		}
		is := Verdict(latest(w.save.Objects, known), w.settings.Policy)
		if is.Verdict == told {
			continue
		}
		n := notify.New(w.env, notify.VerdictChanged, is.Object, w.now())
		n.Subject, n.Verdict, n.EventID = subject, is.Verdict, w.next.EventID
		w.save.Notifications = append(w.save.Notifications, n)
		w.audit("verdict.changed", fmt.Sprintf("%s to %s by %s being %s", told, is.Verdict, is.Object.ID, is.Status))
	}
	return nil
}

// subjects are the host's reference ids whose verdict may change with the object: that of
// an inquiry or an account itself, also the one it had before its redaction; a case's
// through what is attached to it.
func (w *work) subjects(ctx context.Context) ([]string, error) {
	var subjects []string
	add := func(o domain.Object) {
		if o.ReferenceID != "" && !slices.Contains(subjects, o.ReferenceID) {
			subjects = append(subjects, o.ReferenceID)
		}
	}
	switch w.ref.Family() {
	case "inquiry", "account":
		if add(w.next); len(subjects) == 0 {
			add(w.current)
		}
	case "case":
		for _, ref := range slices.Concat(w.next.Relationships["inquiries"], w.next.Relationships["accounts"]) {
			switch o, err := w.store.Object(ctx, w.env, ref); {
			case err == nil:
				add(o)
			case !errors.Is(err, store.ErrNotFound):
				return nil, err
			}
		}
	}
	return subjects, nil
}

// latest joins objects that are about to be saved with those that are known, each
// once.
func latest(saved, known []domain.Object) []domain.Object {
	joined := slices.Clone(saved)
	for _, o := range known {
		if !slices.ContainsFunc(joined, func(s domain.Object) bool { return s.Ref == o.Ref }) {
			joined = append(joined, o)
		}
	}
	return joined
}

// Verdict is the verdict on the subject that objects belong to.
func Verdict(objects []domain.Object, p *policy.Policy) fold.Why {
	var inquiries, cases []domain.Object
	for _, o := range objects {
		switch o.Ref.Family() {
		case "inquiry":
			inquiries = append(inquiries, o)
		case "case":
			cases = append(cases, o)
		}
	}
	return fold.Verdict(inquiries, cases, p.CaseStatuses())
}

func (w *work) audit(what, detail string) {
	w.save.Audit = append(w.save.Audit, audit.Entry{Environment: w.env, At: w.now(), Actor: "idem", What: what, About: w.ref, Detail: detail})
}

// report logs and counts what was committed.
func (w *work) report(ctx context.Context) {
	for _, state := range w.save.Events {
		w.metrics.Advanced.WithLabelValues(string(w.env), string(state)).Inc()
	}
	log := w.logger.With("environment", w.env, "object", w.ref.ID, "type", w.ref.Type)
	for _, t := range w.transitions {
		log.InfoContext(ctx, "object moved", "from", t.From, "to", t.To, "event", t.EventID, "name", t.Event)
	}
	for _, d := range w.save.Decisions {
		w.metrics.Decided.WithLabelValues(string(w.env), d.Rule).Inc()
		log.InfoContext(ctx, "decided", "decision", d.ID, "rule", d.Rule, "policy", d.PolicyVersion, "actions", len(d.Actions),
			"failed_checks", policy.FailedChecks(w.facts.Verifications), "risk_signals", riskSignals(w.facts))
	}
	for _, n := range w.save.Notifications {
		w.metrics.Notified.WithLabelValues(string(w.env), n.Name).Inc()
	}
	notify.Print(ctx, w.logger, w.save.Notifications)
}

// riskSignals are the kinds of reports that found a match, and the reasons of checks
// that failed: codes, never what was found.
func riskSignals(f *policy.Facts) []string {
	signals := []string{}
	for _, r := range f.Reports {
		if string(r.Attributes["has-match"]) == "true" {
			signals = append(signals, strings.TrimPrefix(r.Ref.Type, "report/")+".matched")
		}
	}
	return append(signals, policy.FailureReasons(f.Verifications)...)
}

// DeriveKey derives an action's idempotency key from what makes it this action. The
// same event, folded again, asks for the same action under the same key.
func DeriveKey(env domain.Environment, policyVersion, rule string, t domain.Transition, spec domain.ActionSpec) string {
	h := sha256.New()
	parts := []string{
		string(env), policyVersion, rule, t.Object.Type, t.Object.ID, t.From, t.To, t.At.UTC().Format(time.RFC3339Nano),
		string(spec.Kind), spec.Target.Type, spec.Target.ID, spec.Arguments["status"], spec.Arguments["tag"], spec.Arguments["actions"],
	}
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return "idem-" + hex.EncodeToString(h.Sum(nil)[:20])
}

func orNone(status string) string {
	if status == "" {
		return "nothing"
	}
	return status
}
