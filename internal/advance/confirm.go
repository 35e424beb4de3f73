package advance

import (
	"context"
	"errors"
	"fmt"

	"github.com/idemhq/idem/internal/action"
	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

// Confirm decides again whether to approve somebody, for an action that is performed long
// after its decision. Meanwhile a report can have found a match, without a change of the
// inquiry's status. If the present facts do not approve, why says so, and the inquiries of
// the decision are marked for review.
func (a *Advancer) Confirm(ctx context.Context, late domain.Action) (why string, err error) {
	settings, known := a.deps(late.Environment)
	if !known {
		return "", fmt.Errorf("confirm %s: environment %s is not configured", late.ID, late.Environment)
	}
	if !settings.Policy.Approves(policy.Outcome{Actions: []policy.Action{{Spec: late.Spec}}}) {
		return "", nil
	}
	d, err := a.store.Decision(ctx, late.Environment, late.DecisionID)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil // a person asked for it
	}
	if err == nil {
		why, err = a.confirm(ctx, settings, late, d)
	}
	if err != nil {
		return "", fmt.Errorf("confirm %s: %w", late.ID, err)
	}
	return why, nil
}

func (a *Advancer) confirm(ctx context.Context, settings Deps, late domain.Action, d domain.Decision) (why string, err error) {
	w := a.begin(late.Environment, settings, d.Object, store.Inbox{})
	if w.next, err = a.store.Object(ctx, w.env, w.ref); err != nil {
		return "", err
	}
	facts, lacks, err := w.readFacts(ctx, d.Transition)
	if err != nil {
		return "", err
	}
	facts.Missing = append(facts.Missing, lacks...)
	now := decidedObject(facts, w.ref)
	switch {
	case now != nil && w.approved(*now):
		return "", nil // by an action that went before, or by somebody else
	case now != nil && now.Status != d.Transition.To && now.Status != "":
		return fmt.Sprintf("the %s is %s by now", w.ref.Family(), now.Status), nil
	}
	outcome, err := w.judge(ctx, &facts)
	if err != nil || settings.Policy.Approves(outcome) {
		return "", err
	}
	why = "the facts have changed since the decision: " + outcome.Explanation
	for _, asked := range review(facts) {
		if err := w.request(ctx, d.Transition, asked.Spec, late.ID+": "+why); err != nil {
			return "", err
		}
	}
	return why, nil
}

// approved reports whether an inquiry or a case is approved.
func (w *work) approved(o domain.Object) bool {
	if o.Ref.Family() == "case" {
		return w.settings.Policy.VerdictRules().CaseStatuses[o.Status] == domain.VerdictApproved
	}
	return o.Status == "approved"
}

// request stores an action that does not belong to a decision, once.
func (w *work) request(ctx context.Context, t domain.Transition, spec domain.ActionSpec, why string) error {
	now := w.now()
	key := action.Key(w.env, domain.WithoutDecision, why, t, spec)
	id := domain.NewID("axn")
	asked := domain.Action{
		ID: id, Environment: w.env, DecisionID: domain.WithoutDecision + id, Spec: spec, DerivedKey: key, IdempotencyKey: key, KeyMadeAt: now,
		State: domain.ActionWaiting, CreatedAt: now,
	}
	entry := audit.Entry{Environment: w.env, At: now, Actor: "idem", What: "action.requested", About: spec.Target, Detail: fmt.Sprintf("%s %s: %s", asked.ID, spec.Kind, why)}
	_, err := w.store.RequestAction(ctx, asked, []audit.Entry{entry})
	return err
}
