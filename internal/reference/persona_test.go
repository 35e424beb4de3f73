package reference

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
)

// persona answers reads about several worlds with their current state, and records its
// answers. The facts of a decision contain the number of their answer.
type persona struct {
	mu       sync.Mutex
	worlds   []*world
	evidence map[string]*facts // by inquiry or case id
	answers  map[string]answer
}

// answer contains the facts that were returned, and the true state of their subject at that
// time.
type answer struct {
	facts    *facts
	subjects map[string]subject // by inquiry id: the person's subject
	owners   map[string]string  // of all inquiries
}

func newPersona(worlds ...*world) *persona {
	return &persona{worlds: worlds, evidence: map[string]*facts{}, answers: map[string]answer{}}
}

// find returns a thing and its world, or nil.
func (p *persona) find(ref domain.Ref) (*world, *thing) {
	for _, w := range p.worlds {
		for _, t := range w.things {
			if t.id == ref.ID {
				return w, t
			}
		}
	}
	return nil, nil
}

// Object implements advance.Reader.
func (p *persona) Object(_ context.Context, ref domain.Ref) (domain.Object, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, t := p.find(ref)
	if t == nil {
		return domain.Object{}, advance.ErrCannotRead
	}
	return t.object(), nil
}

// Facts implements advance.Reader.
func (p *persona) Facts(_ context.Context, ref domain.Ref, accountReports bool) (policy.Facts, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, t := p.find(ref)
	if t == nil {
		return policy.Facts{Missing: []string{ref.ID}}, nil
	}
	f := p.about(w, t, ref)
	if !accountReports {
		f.accountReports = nil
	}
	number := fmt.Sprintf("iqse_answer%d", len(p.answers))
	f.sessions = append(slices.Clone(f.sessions), &thing{typ: "inquiry-session", id: number, attributes: map[string]any{"status": "active", "is-proxy": false, "country-code": "US"}})
	seen := answer{facts: f, subjects: map[string]subject{}, owners: map[string]string{}}
	for _, i := range f.inquiries {
		seen.subjects[i.id] = w.subject(w.owner(i), hostRules{}).snapshot()
	}
	for _, i := range w.of("inquiry") {
		seen.owners[i.id] = w.owner(i)
	}
	p.answers[number] = seen
	return f.real(), nil
}

// Others implements advance.Reader. Late events are not part of this comparison: the stored
// state counts.
func (p *persona) Others(context.Context, domain.Object) (advance.Others, error) {
	return advance.Others{}, nil
}

// about collects the current facts of an inquiry or a case.
func (p *persona) about(w *world, t *thing, ref domain.Ref) *facts {
	f := p.evidence[t.id]
	if f == nil {
		f = &facts{}
		w.evidence(f, w.chance(60))
		p.evidence[t.id] = f
	}
	told := *f
	told.environment, told.object, told.missing = domain.Sandbox, ref, slices.Clone(f.missing)
	if t.typ == "case" {
		told.cases = []*thing{t.snapshot()}
		for _, i := range w.of("inquiry") {
			if t.is(i.id) {
				told.inquiries = append(told.inquiries, i.snapshot())
			}
		}
		told.inquiry = subject{}.newest(told.inquiries)
	} else {
		told.inquiry = t.snapshot()
		told.inquiries = []*thing{told.inquiry}
		for _, c := range w.of("case") {
			if c.is(t.id) {
				told.cases = append(told.cases, c.snapshot())
			}
		}
	}
	for _, a := range w.of("account") {
		if told.inquiry != nil && slices.Contains(told.inquiry.accounts, a.id) {
			told.account = a.snapshot()
		}
	}
	return &told
}

func (s subject) snapshot() subject {
	copied := subject{hostRules: s.hostRules, accounts: s.accounts}
	for _, i := range s.inquiries {
		copied.inquiries = append(copied.inquiries, i.snapshot())
	}
	for _, c := range s.cases {
		copied.cases = append(copied.cases, c.snapshot())
	}
	return copied
}
