package advance

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/family"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/persona"
)

// maxCalls is the number of concurrent calls for one set of facts.
const maxCalls = 4

// Facts implements [Reader].
func (p Persona) Facts(ctx context.Context, ref domain.Ref, accountReports bool) (policy.Facts, error) {
	g := &factReader{persona: p, facts: policy.Facts{Environment: p.Environment}}
	var err error
	switch ref.Family() {
	case "inquiry":
		err = g.aboutInquiry(ctx, ref)
	case "case":
		err = g.aboutCase(ctx, ref)
	default:
		err = ErrCannotRead
	}
	if err == nil && accountReports {
		err = g.listAccountReports(ctx)
	}
	if err != nil {
		return policy.Facts{}, fmt.Errorf("read the facts of %s: %w", ref, err)
	}
	slices.Sort(g.facts.Missing)
	g.facts.Missing = slices.Compact(g.facts.Missing)
	return g.facts, nil
}

// factReader is a set of facts that is being read.
type factReader struct {
	persona  Persona
	facts    policy.Facts
	accounts []domain.Object // of all inquiries
}

func (g *factReader) aboutInquiry(ctx context.Context, ref domain.Ref) error {
	if err := g.inquiries(ctx, []domain.Ref{ref}); err != nil {
		return err
	}
	return g.listCases(ctx, ref)
}

// aboutCase reads a case, all its inquiries, and the reports that it names itself.
func (g *factReader) aboutCase(ctx context.Context, ref domain.Ref) (err error) {
	if g.facts.Cases, _, err = g.read(ctx, []domain.Ref{ref}); err != nil || len(g.facts.Cases) == 0 {
		return err
	}
	if err := g.inquiries(ctx, family.Related(g.facts.Cases[0], "inquiries")); err != nil {
		return err
	}
	return g.add(ctx, &g.facts.Reports, family.Related(g.facts.Cases[0], "reports"), nil)
}

// inquiries reads inquiries and the objects they name.
func (g *factReader) inquiries(ctx context.Context, refs []domain.Ref) error {
	inquiries, included, err := g.read(ctx, refs)
	if err != nil {
		return err
	}
	fold.NewestFirst(inquiries)
	g.facts.Inquiries = inquiries
	for _, related := range []struct {
		name string
		to   *[]domain.Object
	}{{"account", &g.accounts}, {"verifications", &g.facts.Verifications}, {"reports", &g.facts.Reports}, {"sessions", &g.facts.Sessions}} {
		var refs []domain.Ref
		for _, inquiry := range inquiries {
			refs = append(refs, family.Related(inquiry, related.name)...)
		}
		if err := g.add(ctx, related.to, refs, included); err != nil {
			return err
		}
	}
	if len(inquiries) == 0 {
		return nil
	}
	g.facts.Inquiry = &inquiries[0]
	for _, ref := range family.Related(inquiries[0], "account") {
		if at := indexOf(g.accounts, ref); at >= 0 {
			g.facts.Account = &g.accounts[at]
		}
	}
	return nil
}

// add adds the named objects to a list. It takes them from the objects that were included
// with the inquiries, or else reads each with a call.
func (g *factReader) add(ctx context.Context, to *[]domain.Object, refs []domain.Ref, included []domain.Object) error {
	var absent []domain.Ref
	for _, ref := range refs {
		if indexOf(*to, ref) >= 0 || slices.Contains(absent, ref) {
			continue
		}
		if at := indexOf(included, ref); at >= 0 {
			g.collect(to, included[at])
		} else {
			absent = append(absent, ref)
		}
	}
	objects, _, err := g.read(ctx, absent)
	*to = append(*to, objects...)
	return err
}

// collect adds an object to a list and records which of its attributes are withheld. An object
// that is already in the list is ignored: it may be named twice, or be on two pages of a
// list that is changing.
func (g *factReader) collect(to *[]domain.Object, o domain.Object) {
	if indexOf(*to, o.Ref) >= 0 {
		return
	}
	*to = append(*to, o)
	g.facts.Missing = append(g.facts.Missing, family.Withheld(o)...)
}

// read reads objects concurrently, together with the objects that inquiries include.
// Objects that cannot be read are recorded as missing.
func (g *factReader) read(ctx context.Context, refs []domain.Ref) (objects, included []domain.Object, err error) {
	answers := make([]answer, len(refs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxCalls)
	for i, ref := range refs {
		group.Go(func() error {
			answers[i] = g.persona.ask(ctx, ref, "account", "verifications", "reports", "sessions")
			if mayRecover(answers[i].err) {
				return answers[i].err
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for i, a := range answers {
		if a.err != nil {
			g.addMissing(refs[i].String(), a.err)
			continue
		}
		g.collect(&objects, a.object)
		included = append(included, a.included...)
	}
	return objects, included, nil
}

// addMissing records that something cannot be read.
func (g *factReader) addMissing(what string, err error) {
	status := 0
	var refusal *persona.Error
	if errors.As(err, &refusal) {
		status = refusal.Status
	}
	g.facts.Missing = append(g.facts.Missing, missing(what, status))
}

// missing describes something that cannot be read. Status is the status of Persona's answer,
// or 0 if it was not an error.
func missing(what string, status int) string {
	if status == 0 {
		return what + " (cannot be read)"
	}
	return fmt.Sprintf("%s (%d %s)", what, status, http.StatusText(status))
}

// listCases adds the cases that an inquiry is attached to.
func (g *factReader) listCases(ctx context.Context, inquiry domain.Ref) error {
	if !family.Readable(inquiry) {
		return nil // already recorded as missing
	}
	cases := g.persona.Client.Cases.List(ctx, persona.CaseListParams{InquiryID: inquiry.ID})
	return list(g, casesOf(inquiry), cases, func(c *persona.Case) []byte { return c.Raw }, func(o domain.Object) {
		if inquiries := o.Relationships["inquiries"]; inquiries != nil && !slices.Contains(inquiries, inquiry) {
			return // ignore a case that does not name the inquiry
		}
		g.collect(&g.facts.Cases, o)
	})
}

// listAccountReports adds the reports of the accounts.
func (g *factReader) listAccountReports(ctx context.Context) error {
	for _, account := range g.accounts {
		reports := g.persona.Client.Reports.List(ctx, persona.ReportListParams{AccountID: account.Ref.ID})
		err := list(g, "reports of "+account.Ref.String(), reports, func(r *persona.Report) []byte { return r.Raw }, func(o domain.Object) {
			g.collect(&g.facts.AccountReports, o)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// list iterates over a list at Persona. If it cannot be read, it is recorded as missing.
func list[T any](g *factReader, what string, items iter.Seq2[T, error], raw func(T) []byte, each func(domain.Object)) error {
	for item, err := range items {
		if mayRecover(err) {
			return fmt.Errorf("list the %s: %w", what, err)
		}
		var o domain.Object
		if err == nil {
			o, err = fold.FromResource(g.persona.Environment, raw(item))
		}
		if err != nil {
			g.addMissing(what, err)
			continue
		}
		each(o)
	}
	return nil
}

func indexOf(objects []domain.Object, ref domain.Ref) int {
	return slices.IndexFunc(objects, func(o domain.Object) bool { return o.Ref == ref })
}
