package advance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// Others are the other inquiries of a person, as they are at Persona.
type Others struct {
	Inquiries []domain.Object
	Cases     []domain.Object // that they are in
	Missing   []string        // what cannot be read
}

// Others implements [Reader].
func (p Persona) Others(ctx context.Context, inquiry domain.Object) (Others, error) {
	g := &gathering{persona: p}
	var others Others
	inquiries := p.Client.Inquiries.List(ctx, persona.InquiryListParams{ReferenceID: inquiry.ReferenceID})
	err := list(g, "inquiries of the person", inquiries, func(i *persona.Inquiry) []byte { return i.Raw }, func(o domain.Object) {
		if o.Ref != inquiry.Ref {
			others.Inquiries = append(others.Inquiries, o)
		}
	})
	for _, o := range others.Inquiries {
		if err != nil {
			break
		}
		cases := p.Client.Cases.List(ctx, persona.CaseListParams{InquiryID: o.Ref.ID})
		err = list(g, "cases of "+o.Ref.String(), cases, func(c *persona.Case) []byte { return c.Raw }, func(c domain.Object) { others.Cases = append(others.Cases, c) })
	}
	if err != nil {
		return Others{}, fmt.Errorf("read the other inquiries of the person of %s: %w", inquiry.Ref, err)
	}
	others.Missing = g.facts.Missing
	return others, nil
}

// errUndecided means that an older inquiry of the person comes first.
var errUndecided = errors.New("an older inquiry of the person has no decision yet")

// lookForDeclines looks whether an older inquiry of somebody who is to be approved was
// declined, or is to be. What is stored does not tell: events come late and in any order,
// and a decline of ours may be on its way.
func (w *work) lookForDeclines(ctx context.Context, facts *policy.Facts) error {
	if facts.Inquiry == nil || facts.Inquiry.ReferenceID == "" {
		return nil
	}
	began := w.now()
	others, err := w.settings.Reader.Others(ctx, *facts.Inquiry)
	if err != nil {
		return err
	}
	facts.Missing = append(facts.Missing, others.Missing...)
	facts.DeclinedBefore = fold.DeclinedBefore(*facts.Inquiry, others.Inquiries, others.Cases, w.settings.Policy.VerdictRules())
	for _, o := range others.Inquiries {
		if facts.DeclinedBefore || fold.Newest(o, *facts.Inquiry) < 0 {
			continue
		}
		// First this, then the actions: a decision is saved together with them.
		undecided, err := w.undecided(ctx, o)
		switch {
		case err != nil:
			return err
		case undecided && w.tries() < maxStaleReads:
			return errUndecided
		case undecided:
			facts.Missing = append(facts.Missing, o.Ref.String()+": not decided on")
		}
		if facts.DeclinedBefore, err = w.declines(ctx, o, others.Cases, began); err != nil {
			return err
		}
	}
	return nil
}

// declines reports whether a decision of ours declines an inquiry or a case of it, and had
// not taken effect, or hardly, when we began to read them.
func (w *work) declines(ctx context.Context, inquiry domain.Object, cases []domain.Object, began time.Time) (bool, error) {
	targets := []domain.Ref{inquiry.Ref}
	for _, c := range cases {
		if slices.Contains(c.Relationships["inquiries"], inquiry.Ref) {
			targets = append(targets, c.Ref)
		}
	}
	for _, target := range targets {
		for a, err := range store.All(ctx, w.store.Actions, w.env, store.Filter{Object: target}) {
			if err != nil {
				return false, err
			}
			if !w.settings.Policy.Declines(a.Spec) {
				continue
			}
			switch a.State {
			case domain.ActionWaiting, domain.ActionDead:
				return true, nil
			case domain.ActionDone, domain.ActionAlreadyDone:
				if a.FinishedAt.After(began.Add(-visible)) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// visible is how long after a call its effect is in every answer of Persona, at the most.
const visible = time.Minute

// undecided reports whether a person has gone through an inquiry and nobody has decided on
// it, though the policy does.
func (w *work) undecided(ctx context.Context, inquiry domain.Object) (bool, error) {
	if inquiry.Status != "completed" && inquiry.Status != "failed" || !inquiry.RedactedAt.IsZero() {
		return false, nil
	}
	if !w.settings.Policy.Covers(domain.Transition{Object: inquiry.Ref, From: "pending", To: inquiry.Status}) {
		return false, nil
	}
	made, err := w.store.Decisions(ctx, w.env, store.Filter{Object: inquiry.Ref, Limit: 1})
	return len(made.Rows) == 0, err
}
