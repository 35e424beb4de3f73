package advance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/persona"
)

// readers is how many calls for one set of facts are under way at a time.
const readers = 4

// Facts implements [Reader].
func (p Persona) Facts(ctx context.Context, ref domain.Ref, accountReports bool) (policy.Facts, error) {
	g := &gathering{persona: p, facts: policy.Facts{Environment: p.Environment}}
	var err error
	switch ref.Family() {
	case "inquiry":
		err = g.inquiry(ctx, ref)
	case "case":
		err = g.kase(ctx, ref)
	default:
		return g.facts, fmt.Errorf("read the facts of %s: %w", ref, ErrCannotRead)
	}
	if err == nil && accountReports {
		err = g.accountReports(ctx)
	}
	if err != nil {
		return policy.Facts{}, fmt.Errorf("read the facts of %s: %w", ref, err)
	}
	slices.Sort(g.facts.Missing)
	g.facts.Missing = slices.Compact(g.facts.Missing)
	return g.facts, nil
}

// gathering is facts on their way.
type gathering struct {
	persona  Persona
	facts    policy.Facts
	accounts []domain.Object // of all inquiries
}

// inquiry gathers the facts about an inquiry.
func (g *gathering) inquiry(ctx context.Context, ref domain.Ref) error {
	if err := g.inquiries(ctx, []domain.Ref{ref}); err != nil {
		return err
	}
	return g.cases(ctx, ref)
}

// kase gathers the facts about a case: those of all its inquiries, and the reports that
// it names itself.
func (g *gathering) kase(ctx context.Context, ref domain.Ref) error {
	objects, err := g.read(ctx, []domain.Ref{ref}, nil)
	if err != nil || len(objects) == 0 {
		return err
	}
	g.facts.Cases = objects
	if err := g.inquiries(ctx, objects[0].Relationships["inquiries"]); err != nil {
		return err
	}
	reports, err := g.read(ctx, g.others(objects[0].Relationships["reports"], g.facts.Reports), nil)
	g.facts.Reports = append(g.facts.Reports, reports...)
	return err
}

// inquiries gathers inquiries and what they name.
func (g *gathering) inquiries(ctx context.Context, refs []domain.Ref) error {
	included := map[domain.Ref]domain.Object{}
	inquiries, err := g.read(ctx, refs, included)
	if err != nil {
		return err
	}
	slices.SortFunc(inquiries, fold.Newest)
	g.facts.Inquiries = inquiries
	for relationship, into := range map[string]*[]domain.Object{
		"account": &g.accounts, "verifications": &g.facts.Verifications, "reports": &g.facts.Reports, "sessions": &g.facts.Sessions,
	} {
		if err := g.related(ctx, relationship, included, into); err != nil {
			return err
		}
	}
	if len(inquiries) == 0 {
		return nil
	}
	g.facts.Inquiry = &g.facts.Inquiries[0]
	for _, ref := range g.facts.Inquiry.Relationships["account"] {
		if at := slices.IndexFunc(g.accounts, func(o domain.Object) bool { return o.Ref == ref }); at >= 0 {
			g.facts.Account = &g.accounts[at]
		}
	}
	return nil
}

// related gathers what a relationship of the inquiries names.
func (g *gathering) related(ctx context.Context, relationship string, included map[domain.Ref]domain.Object, into *[]domain.Object) error {
	var absent []domain.Ref
	for _, inquiry := range g.facts.Inquiries {
		for _, ref := range g.others(inquiry.Relationships[relationship], *into) {
			if o, ok := included[ref]; ok {
				g.keep(o, into)
			} else if !slices.Contains(absent, ref) {
				absent = append(absent, ref)
			}
		}
	}
	objects, err := g.read(ctx, absent, nil)
	*into = append(*into, objects...)
	return err
}

// others are the refs whose objects are not there yet.
func (g *gathering) others(refs []domain.Ref, have []domain.Object) []domain.Ref {
	return slices.DeleteFunc(slices.Clone(refs), func(ref domain.Ref) bool {
		return slices.ContainsFunc(have, func(o domain.Object) bool { return o.Ref == ref })
	})
}

// keep adds an object to the facts, and names what is withheld of it.
func (g *gathering) keep(o domain.Object, into *[]domain.Object) {
	*into = append(*into, o)
	g.facts.Missing = append(g.facts.Missing, withheld(o)...)
}

// read reads objects, a few at a time, in the order of their refs. One that cannot be
// read is missing. What came along with inquiries is added to included, unless that is
// nil.
func (g *gathering) read(ctx context.Context, refs []domain.Ref, included map[domain.Ref]domain.Object) ([]domain.Object, error) {
	type answer struct {
		object   domain.Object
		included []domain.Object
		err      error
	}
	answers := make([]answer, len(refs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, ref := range refs {
		group.Go(func() error {
			a := &answers[i]
			if a.object, a.included, a.err = g.persona.object(ctx, ref); mayChange(a.err) {
				return a.err
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var objects []domain.Object
	for i, a := range answers {
		if a.err == nil && a.object.Ref != refs[i] {
			a.err = errors.New("Persona answers with another object")
		}
		if a.err != nil {
			g.unread(refs[i].String(), a.err)
			continue
		}
		g.keep(a.object, &objects)
		for _, o := range a.included {
			if included != nil {
				included[o.Ref] = o
			}
		}
	}
	return objects, nil
}

// unread names what cannot be read.
func (g *gathering) unread(what string, err error) {
	why := "unreadable"
	var refusal *persona.Error
	if errors.As(err, &refusal) {
		why = fmt.Sprintf("%d %s", refusal.Status, http.StatusText(refusal.Status))
	}
	g.facts.Missing = append(g.facts.Missing, fmt.Sprintf("%s (%s)", what, why))
}

// object reads an object; of an inquiry also what a decision needs.
func (p Persona) object(ctx context.Context, ref domain.Ref) (domain.Object, []domain.Object, error) {
	if ref.Family() != "inquiry" {
		o, err := p.Object(ctx, ref)
		return o, nil, err
	}
	inquiry, err := p.Client.Inquiries.Get(ctx, ref.ID, persona.WithInclude("account", "verifications", "reports", "sessions"))
	if err != nil {
		return domain.Object{}, nil, fmt.Errorf("read %s: %w", ref, err)
	}
	o, err := fold.FromResource(p.Environment, inquiry.Raw)
	if err != nil {
		return o, nil, fmt.Errorf("read %s: %w", ref, err)
	}
	var included []domain.Object
	for _, other := range inquiry.Included {
		raw, err := other.MarshalJSON()
		if err != nil {
			continue // it is read on its own
		}
		if o, err := fold.FromResource(p.Environment, raw); err == nil {
			included = append(included, o)
		}
	}
	return o, included, nil
}

// mayChange reports whether an error may be gone when the call is made again: the
// network, a server that fails or is busy, a key that is not valid, the end of a context.
// What Persona refuses otherwise, and what it answers that cannot be read, stays so.
func mayChange(err error) bool {
	var refusal *persona.Error
	switch {
	case err == nil:
		return false
	case errors.Is(err, ErrCannotRead), errors.Is(err, persona.ErrTooLarge):
		return false
	case errors.As(err, &refusal):
		return errors.Is(err, persona.ErrUnavailable) || errors.Is(err, persona.ErrRateLimited) || errors.Is(err, persona.ErrUnauthorized)
	}
	return true
}

// cases gathers the cases that an inquiry is attached to.
func (g *gathering) cases(ctx context.Context, inquiry domain.Ref) error {
	for c, err := range g.persona.Client.Cases.List(ctx, persona.CaseListParams{InquiryID: inquiry.ID}) {
		if mayChange(err) {
			return err
		}
		if err != nil {
			g.unread("cases of "+inquiry.String(), err)
			return nil
		}
		o, err := fold.FromResource(g.persona.Environment, c.Raw)
		if err != nil {
			g.unread("a case of "+inquiry.String(), err)
			continue
		}
		if named := o.Relationships["inquiries"]; named != nil && !slices.Contains(named, inquiry) {
			continue // never act on somebody else's case
		}
		g.keep(o, &g.facts.Cases)
	}
	return nil
}

// accountReports gathers the reports of the accounts.
func (g *gathering) accountReports(ctx context.Context) error {
	for _, account := range g.accounts {
		for r, err := range g.persona.Client.Reports.List(ctx, persona.ReportListParams{AccountID: account.Ref.ID}) {
			if mayChange(err) {
				return err
			}
			if err != nil {
				g.unread("reports of "+account.Ref.String(), err)
				break
			}
			o, err := fold.FromResource(g.persona.Environment, r.Raw)
			if err != nil {
				g.unread("a report of "+account.Ref.String(), err)
				continue
			}
			g.keep(o, &g.facts.AccountReports)
		}
	}
	return nil
}
