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

// Others are the other inquiries of a person, as Persona has them.
type Others struct {
	Inquiries []domain.Object
	Cases     []domain.Object // the cases of those inquiries
	Missing   []string        // what could not be read
	Unlisted  bool            // the list lacks the inquiry itself, so it may lack others
}

// Others implements [Reader].
func (p Persona) Others(ctx context.Context, inquiry domain.Object) (Others, error) {
	g := &factReader{persona: p}
	others := Others{Unlisted: true}
	inquiries := p.Client.Inquiries.List(ctx, persona.InquiryListParams{ReferenceID: inquiry.ReferenceID})
	err := list(g, "inquiries of the person", inquiries, func(i *persona.Inquiry) []byte { return i.Raw }, func(o domain.Object) {
		if o.Ref == inquiry.Ref {
			others.Unlisted = false
			return
		}
		others.Inquiries = append(others.Inquiries, o)
	})
	for _, o := range others.Inquiries {
		if err != nil {
			break
		}
		cases := p.Client.Cases.List(ctx, persona.CaseListParams{InquiryID: o.Ref.ID})
		err = list(g, casesOf(o.Ref), cases, func(c *persona.Case) []byte { return c.Raw }, func(c domain.Object) { others.Cases = append(others.Cases, c) })
	}
	if err != nil {
		return Others{}, fmt.Errorf("read the other inquiries of the person of %s: %w", inquiry.Ref, err)
	}
	others.Missing = g.facts.Missing
	return others, nil
}

// errUnlisted means that Persona's list of the person's inquiries lags behind.
var errUnlisted = errors.New("the list of the person's inquiries lacks the one to decide on")

// errUndecided means that an older inquiry of the person must be decided on first.
var errUndecided = errors.New("an older inquiry of the person has no decision yet")

// checkForDeclines checks whether an older inquiry of a person who is about to be approved
// was declined or is being declined. The stored objects are not enough: events can arrive
// late and in any order, and the service's own decline may not have taken effect yet.
func (w *work) checkForDeclines(ctx context.Context, facts *policy.Facts) error {
	if facts.Inquiry == nil || facts.Inquiry.ReferenceID == "" {
		return nil
	}
	began := w.now()
	others, err := w.settings.Reader.Others(ctx, *facts.Inquiry)
	if err != nil {
		return err
	}
	switch {
	case others.Unlisted && len(others.Missing) == 0 && w.mayLag:
		return errUnlisted
	case others.Unlisted:
		facts.Missing = append(facts.Missing, "inquiries of the person: the list lacks "+facts.Inquiry.Ref.String())
	}
	facts.Missing = append(facts.Missing, others.Missing...)
	if err := w.addCoverage(ctx, others.Cases); err != nil {
		return err
	}
	facts.DeclinedBefore = fold.DeclinedBefore(*facts.Inquiry, others.Inquiries, others.Cases, w.settings.Policy.VerdictRules())
	for _, o := range others.Inquiries {
		if facts.DeclinedBefore || fold.CreatedAfter(o, *facts.Inquiry) {
			continue
		}
		// A decision is saved together with its actions. Checking for undecided transitions
		// before actions therefore misses no decline.
		undecided, err := w.undecided(ctx, o)
		switch {
		case err != nil:
			return err
		case undecided && w.mayLag:
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

// addCoverage adds to cases that were read what only their events have shown.
func (w *work) addCoverage(ctx context.Context, cases []domain.Object) error {
	for i := range cases {
		stored, err := w.store.Object(ctx, w.env, cases[i].Ref)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		cases[i].Coverage = stored.Coverage
	}
	return nil
}

// declines reports whether a decision of the service declines an inquiry or its case, and
// had not taken effect for certain when the inquiries were read.
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
				if a.FinishedAt.After(began.Add(-effectDelay)) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// effectDelay is the longest time until the effect of a call is visible in all of Persona's
// answers.
const effectDelay = time.Minute

// undecided reports whether a person has finished an inquiry that the policy covers but has
// not decided on.
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
