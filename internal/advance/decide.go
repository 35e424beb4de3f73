package advance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/action"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

// needsReads reports whether the object needs reads before it can be saved, because there is
// a transition to decide on, one that may still be undecided, or a conflict between events.
func (w *work) needsReads() bool {
	if w.reread {
		return true
	}
	if t, ok := w.repeatedTransition(); ok && len(w.transitions) == 0 {
		return w.settings.Policy.Covers(t)
	}
	_, ok := w.toDecide()
	return ok
}

// toDecide returns the transition to decide on, if there is one.
func (w *work) toDecide() (domain.Transition, bool) {
	if len(w.transitions) == 0 || !w.next.RedactedAt.IsZero() {
		return domain.Transition{}, false
	}
	t := w.transitions[len(w.transitions)-1]
	return t, w.settings.Policy.Covers(t) && !w.isHistory(t)
}

// skipHistory writes to the audit trail that no decision is made on a transition that is
// history.
func (w *work) skipHistory() {
	if len(w.transitions) == 0 || !w.next.RedactedAt.IsZero() {
		return
	}
	if t := w.transitions[len(w.transitions)-1]; w.settings.Policy.Covers(t) && w.isHistory(t) {
		w.audit("decision.skipped", "it happened before Idem knew the environment")
	}
}

// isHistory reports whether a transition is known only from events from before the service
// knew the environment. No decision is made on those, since people have been treated
// accordingly ever since.
func (w *work) isHistory(t domain.Transition) bool {
	return !slices.ContainsFunc(w.in.Events, func(e domain.Event) bool {
		return e.Via != domain.ViaHistory && (e.ID == t.EventID || t.EventID == "")
	})
}

// repeatedTransition returns the transition to the current status if its event is processed again,
// because it was history and has now been delivered by a webhook, or because it is
// replayed.
func (w *work) repeatedTransition() (domain.Transition, bool) {
	at := slices.IndexFunc(w.in.Events, func(e domain.Event) bool { return e.ID == w.in.Object.EventID && e.Via != domain.ViaHistory })
	if at < 0 || w.in.Object.Status == "" {
		return domain.Transition{}, false
	}
	e := w.in.Events[at]
	return domain.Transition{Object: w.ref, To: w.in.Object.Status, At: w.in.Object.AsOf, EventID: e.ID, Event: e.Name}, true
}

// findUndecided adds the transition of a repeated event to the work, if no decision was
// made on it.
func (w *work) findUndecided(ctx context.Context) error {
	t, ok := w.repeatedTransition()
	if !ok || len(w.transitions) > 0 {
		return nil
	}
	newest := true
	for d, err := range store.All(ctx, w.store.Decisions, w.env, store.Filter{Object: w.ref}) {
		// A decision on another event with the same status counts too.
		if err != nil || d.Transition.EventID == t.EventID || newest && d.Transition.To == t.To {
			return err
		}
		newest = false
	}
	w.transitions = []domain.Transition{t}
	return nil
}

// decide applies the policy to the transition that led to the current status.
func (w *work) decide(ctx context.Context) error {
	t, ok := w.toDecide()
	if !ok {
		return nil
	}
	facts, lacks, err := w.readFacts(ctx, t)
	if err != nil {
		return err
	}
	w.facts = &facts
	lag := w.lag(facts, t, lacks)
	if lag != nil && w.mayLag {
		return fmt.Errorf("read the facts of a decision: %w", lag)
	}
	now := decidedObject(facts, w.ref)
	switch {
	case errors.Is(lag, errOlder):
		return w.record(t, policy.Outcome{Result: domain.NotEvaluated, Explanation: "the facts could not be read", Reason: lag.Error(), Actions: review(facts)})
	case now != nil && (now.Status != t.To && now.Status != "" || !now.RedactedAt.IsZero()): // a withheld status is a missing fact
		return w.record(t, policy.Outcome{Result: domain.Superseded, Explanation: "the " + w.ref.Family() + " had moved on when its facts were read", Reason: "it is " + orNone(now.Status)})
	}
	facts.Missing = append(facts.Missing, lacks...)
	if err := w.saveUnknownCases(ctx, facts.Cases); err != nil {
		return err
	}
	outcome, err := w.judge(ctx, &facts)
	if err != nil {
		return err
	}
	return w.record(t, outcome)
}

// readFacts reads the facts of a decision on a transition. lacks is what they do not contain
// although events named it.
func (w *work) readFacts(ctx context.Context, t domain.Transition) (facts policy.Facts, lacks []string, err error) {
	facts, err = w.settings.Reader.Facts(ctx, w.ref, w.settings.Policy.NeedsAccountReports())
	if err != nil {
		return facts, nil, fmt.Errorf("read the facts of a decision: %w", err)
	}
	facts.Environment, facts.Transition = w.env, t
	lacks, err = w.lacks(ctx, facts)
	return facts, lacks, err
}

// judge applies the policy to facts. If it would approve somebody, judge adds what speaks
// against that to the facts: an older decline, and other people in a case.
func (w *work) judge(ctx context.Context, facts *policy.Facts) (outcome policy.Outcome, err error) {
	if facts.DeclinedBefore, err = w.declinedBefore(ctx, *facts); err != nil {
		return outcome, err
	}
	outcome = w.settings.Policy.Decide(*facts)
	if w.settings.Policy.Approves(outcome) && w.settings.Policy.VerdictRules().Reapply != fold.ReapplyAllow {
		if err := w.checkForDeclines(ctx, facts); err != nil {
			return outcome, err
		}
		outcome = w.settings.Policy.Decide(*facts)
	}
	others, err := w.alsoApproved(ctx, *facts, outcome)
	if err != nil || len(others) == 0 {
		return outcome, err
	}
	facts.Missing = append(facts.Missing, others...)
	return w.settings.Policy.Decide(*facts), nil
}

// decidedObject returns the object of a decision as it was read, or nil if it could not be read.
func decidedObject(f policy.Facts, ref domain.Ref) *domain.Object {
	if f.Inquiry != nil && f.Inquiry.Ref == ref {
		return f.Inquiry
	}
	for i := range f.Cases {
		if f.Cases[i].Ref == ref {
			return &f.Cases[i]
		}
	}
	return nil
}

// review returns the actions that mark a decision's inquiries for review.
func review(f policy.Facts) []policy.Action {
	var actions []policy.Action
	for _, o := range f.Inquiries {
		actions = append(actions, policy.Action{Spec: domain.ActionSpec{Kind: domain.MarkInquiryForReview, Target: o.Ref}})
	}
	return actions
}

// saveUnknownCases saves cases that were read but are not stored yet, because a case
// outranks its inquiry as soon as it is known. If it is withheld what a case is about, it is
// about the inquiry that Persona listed it for.
func (w *work) saveUnknownCases(ctx context.Context, cases []domain.Object) error {
	var about domain.Object
	if w.ref.Family() == "inquiry" {
		about.Relationships = map[string][]domain.Ref{"inquiries": {w.ref}}
	}
	for _, c := range cases {
		if c.Ref == w.ref {
			continue
		}
		stored, err := w.store.Object(ctx, w.env, c.Ref)
		switch {
		case errors.Is(err, store.ErrNotFound):
			w.save.Objects = append(w.save.Objects, fold.WithAttachments(c, about))
		case err != nil:
			return err
		case stored.Relationships["inquiries"] == nil && about.Relationships != nil:
			w.save.Objects = append(w.save.Objects, fold.WithAttachments(stored, about))
		}
	}
	return nil
}

// declinedBefore reports whether an older inquiry of the subject was declined.
func (w *work) declinedBefore(ctx context.Context, f policy.Facts) (bool, error) {
	if f.Inquiry == nil || f.Inquiry.ReferenceID == "" {
		return false, nil
	}
	objects, err := w.store.SubjectObjects(ctx, w.env, f.Inquiry.ReferenceID)
	if err != nil {
		return false, err
	}
	// The objects that were just read are newer than the stored ones: the event of a
	// decline may not have arrived yet.
	inquiries, _, cases := split(merge(objects, slices.Concat(f.Inquiries, f.Cases)))
	return fold.DeclinedBefore(*f.Inquiry, inquiries, cases, w.settings.Policy.VerdictRules()), nil
}

// merge returns the stored objects, replaced and extended by those that were read. Only events
// show the coverage of a case.
func merge(stored, read []domain.Object) []domain.Object {
	joined := slices.Clone(read)
	for _, o := range stored {
		if at := indexOf(joined, o.Ref); at >= 0 {
			joined[at].Coverage = o.Coverage
		} else {
			joined = append(joined, o)
		}
	}
	return joined
}

// record adds a decision, its facts and its actions to what is saved.
func (w *work) record(t domain.Transition, o policy.Outcome) error {
	facts, err := json.Marshal(w.facts)
	if err != nil {
		return fmt.Errorf("encode the facts of a decision: %w", err)
	}
	now := w.now()
	d := domain.Decision{
		ID: domain.NewID("dec"), Environment: w.env, Object: w.ref, Transition: t, Result: o.Result, Rule: o.Rule, PolicyVersion: w.settings.Policy.Version(),
		Explanation: o.Explanation, Reason: o.Reason, Facts: facts, DecidedAt: now,
	}
	for _, asked := range o.Actions {
		spec := asked.Spec
		d.Actions = append(d.Actions, spec)
		spec.Expects = statusOf(*w.facts, spec.Target)
		key := action.Key(w.env, d.PolicyVersion, asked.Rule, t, spec)
		a := domain.Action{
			ID: domain.NewID("axn"), Environment: w.env, DecisionID: d.ID, Spec: spec, DerivedKey: key, IdempotencyKey: key, KeyMadeAt: now,
			State: domain.ActionWaiting, CreatedAt: now,
		}
		if spec.Target.IsZero() {
			a.State, a.Outcome, a.FinishedAt = domain.ActionSkipped, "there is nothing to act on", now
		}
		w.save.Actions = append(w.save.Actions, a)
	}
	w.save.Decisions = append(w.save.Decisions, d)
	switch d.Result {
	case domain.Incomplete, domain.NotEvaluated:
		w.tell(notify.PolicyError(d))
	}
	if !slices.ContainsFunc(w.save.Objects, func(o domain.Object) bool { return o.Ref == w.ref }) {
		w.save.Objects = append(w.save.Objects, w.next) // saving the object, with its version, keeps two workers from deciding
	}
	w.audit("decision.made", fmt.Sprintf("%s: %s by rule %q of policy %s: %s", d.ID, d.Result, d.Rule, d.PolicyVersion, d.Explanation))
	return nil
}

// statusOf returns the status of an object in the facts, or "" if the facts do not contain
// it.
func statusOf(f policy.Facts, target domain.Ref) string {
	for _, o := range slices.Concat(f.Inquiries, f.Cases) {
		if o.Ref == target {
			return o.Status
		}
	}
	return ""
}
