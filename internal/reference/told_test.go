package reference

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
)

// The last notification, the row of the subject, and the verdict from Persona's state are
// the same, in whatever order and by whichever node the events are processed.
func TestNotifiedVerdictsAreTheCurrentOnes(t *testing.T) {
	t.Parallel()
	databases := map[string]func(*testing.T, *persona, *policy.Policy) []*node{
		"SQLite": func(t *testing.T, p *persona, real *policy.Policy) []*node { return []*node{onSQLite(t, p, real)} },
		"PostgreSQL with two nodes": func(t *testing.T, p *persona, real *policy.Policy) []*node {
			url := server.Database(t)
			return []*node{onPostgreSQL(t, url, p, real), onPostgreSQL(t, url, p, real)}
		},
	}
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			counted := figures{}
			for _, seed := range seeds(t, 4, 1) {
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
					d := newDraw(seed)
					plan, real := d.usable(t, seed)
					p := newPersona(d.worlds(seed, sized(60, 20))...)
					nodes := open(t, p, real)
					liveAndDeliver(t, d, p, nodes)
					settle(t, nodes[0])
					counted.add(compareTold(t, nodes[0], p, plan))
					counted.add(compareStored(t, nodes[0], p, plan))
				})
			}
			counted.report(t)
		})
	}
}

// usable draws a valid policy. The first seed uses the built-in one.
func (d *draw) usable(t *testing.T, seed uint64) (*plan, *policy.Policy) {
	t.Helper()
	if seed == 1 {
		return builtIn(), load(t, policy.Default)
	}
	for {
		p := d.plan()
		if real, err := policy.Load("drawn.yaml", p.source(), domain.Sandbox); err == nil {
			return p, real
		}
	}
}

// worlds returns independent worlds.
func (d *draw) worlds(seed uint64, n int) (worlds []*world) {
	for i := range n {
		own := newDraw(seed<<32 + uint64(i))
		own.ids = i * 1_000_000 // unique ids
		w := newWorld(own, fmt.Sprintf("user-%d-a", i), fmt.Sprintf("user-%d-b", i))
		w.thin = own.chance(20)
		w.now = time.Now().Add(-24 * time.Hour).Truncate(time.Millisecond)
		worlds = append(worlds, w)
	}
	return worlds
}

// liveAndDeliver changes the worlds while their events are delivered.
func liveAndDeliver(t *testing.T, d *draw, p *persona, nodes []*node) {
	t.Helper()
	var post mail
	var wg sync.WaitGroup
	over := make(chan struct{})
	failed := make([]error, 2*len(nodes))
	for i := range failed {
		own := newDraw(d.Uint64())
		wg.Go(func() { failed[i] = deliver(t, own, &post, nodes[i%len(nodes)], over) })
	}
	for range 12 {
		p.mu.Lock()
		for _, w := range p.worlds {
			told := len(w.events)
			w.live(1 + d.IntN(2))
			post.add(w.events[told:])
		}
		p.mu.Unlock()
		time.Sleep(time.Duration(d.IntN(60)) * time.Millisecond) // so that nodes also process intermediate states
	}
	close(over)
	wg.Wait()
	must(t, errors.Join(failed...))
}

func deliver(t *testing.T, d *draw, post *mail, to *node, over <-chan struct{}) error {
	for {
		last := false
		select {
		case <-over:
			last = true
		default:
		}
		var events []domain.Event
		for _, e := range post.take(d, 1+d.IntN(30)) {
			real := e.real(pick(d, casings...))
			real.ReceivedAt = time.Now()
			if !slices.ContainsFunc(events, func(other domain.Event) bool { return other.ID == real.ID }) {
				events = append(events, real)
			}
		}
		if len(events) == 0 && last && post.empty() {
			return nil
		}
		if _, err := to.AppendEvents(t.Context(), events); err != nil {
			return err
		}
		time.Sleep(time.Duration(d.IntN(10)) * time.Millisecond) // spreads the events over time
	}
}

// compareTold compares the last notification, the row and the reference for every person.
func compareTold(t *testing.T, s store.Store, p *persona, plan *plan) figures {
	t.Helper()
	counted := figures{}
	last := map[string]domain.Notification{}
	for _, n := range all(t, s.Notifications) {
		if n.Type == domain.NotifyVerdictChanged {
			last[n.Subject] = n
			counted["told"]++
		}
	}
	for _, w := range p.worlds {
		for _, person := range w.people {
			told := last[person]
			if told.ID == "" {
				told.Verdict = domain.VerdictNone
			}
			row, err := s.Subject(t.Context(), domain.Sandbox, person)
			if errors.Is(err, store.ErrNotFound) {
				row, err = domain.Subject{Verdict: domain.VerdictNone}, nil
			}
			must(t, err)
			if row.Verdict != told.Verdict || row.Notification != told.Sequence {
				t.Errorf("%s: the last notification has %s (%d), the row has %s (%d)", person, told.Verdict, told.Sequence, row.Verdict, row.Notification)
			}
			counted["subjects"]++
			truth := w.subject(person, plan.hostRules)
			want := truth.verdict()
			counted[string(want.verdict)]++
			if told.Verdict == domain.VerdictApproved && want.verdict != domain.VerdictApproved {
				t.Errorf("WRONG APPROVAL: %s", person)
			}
			if got := (standing{verdict: row.Verdict}); got.verdict != want.verdict || row.Object != want.real().Object || row.Status != want.real().Status {
				t.Errorf("the verdict on %s is %s from %v %s, want %+v\n%s", person, row.Verdict, row.Object, row.Status, want.real(), truth)
			}
		}
	}
	return counted
}

// compareStored compares every decision with the plan's outcome for the same facts, and
// every object with Persona's state.
func compareStored(t *testing.T, s store.Store, p *persona, plan *plan) figures {
	t.Helper()
	counted := figures{}
	decided := map[domain.Transition]bool{}
	for _, row := range all(t, s.Decisions) {
		counted["decisions"]++
		if row.Result == domain.Superseded {
			counted["superseded"]++
			continue
		}
		decided[domain.Transition{Object: row.Object, To: row.Transition.To}] = true
		whole, err := s.Decision(t.Context(), domain.Sandbox, row.ID)
		must(t, err)
		counted.add(compareDecided(t, p, plan, whole))
	}
	for _, w := range p.worlds {
		for _, truth := range w.things {
			ref := domain.Ref{Type: truth.typ, ID: truth.id}
			kept, err := s.Object(t.Context(), domain.Sandbox, ref)
			must(t, err)
			if got, want := said(kept), w.said(truth); got != want {
				t.Errorf("%s is kept as %s, and is %s", truth.id, got, want)
			}
			counted["objects"]++
			if plan.mustDecide(truth) && !decided[domain.Transition{Object: ref, To: truth.status()}] {
				t.Errorf("nothing was decided on %s, which became %s", truth.id, truth.status())
			}
		}
	}
	return counted
}

// mustDecide reports whether there must be a decision on a thing's current status.
func (p *plan) mustDecide(t *thing) bool {
	if t.typ == "case" && known.readCases {
		return false
	}
	return !t.redacted() && slices.ContainsFunc(p.rules, func(r rule) bool {
		return r.object == t.typ && len(r.from) == 0 && slices.Contains(r.to, t.status())
	})
}

// compareDecided repeats a decision with the plan.
func compareDecided(t *testing.T, p *persona, plan *plan, d domain.Decision) figures {
	t.Helper()
	var told policy.Facts
	must(t, json.Unmarshal(d.Facts, &told))
	at := slices.IndexFunc(told.Sessions, func(o domain.Object) bool { return strings.HasPrefix(o.Ref.ID, "iqse_answer") })
	if at < 0 {
		t.Errorf("the decision on %s has unknown facts", d.Object)
		return nil
	}
	p.mu.Lock()
	answered := p.answers[told.Sessions[at].Ref.ID]
	p.mu.Unlock()
	f := *answered.facts
	f.missing = slices.Clone(f.missing)
	for _, lack := range told.Missing { // who the other inquiries of a case belong to was read later than these facts
		if strings.Contains(lack, "not of this person") || strings.Contains(lack, "several people") {
			f.missing = append(f.missing, lack)
		}
	}
	f.thresholds, f.from, f.to, f.event, f.declinedBefore = plan.thresholds, d.Transition.From, d.Transition.To, d.Transition.Event, told.DeclinedBefore
	want := plan.decide(&f)
	got := outcome{result: d.Result, rule: d.Rule}
	for _, a := range d.Actions {
		got.asked = append(got.asked, asked{"", a.Kind, a.Target, argument(a)})
	}
	for i := range want.asked {
		want.asked[i].rule = "" // the row contains the deciding rule only
	}
	counted := figures{string(d.Result): 1}
	if plan.approved(want) {
		counted["approvals"]++
	}
	if plan.approved(got) && !plan.approved(want) {
		t.Errorf("WRONG APPROVAL: %s", d.Object)
	}
	if other := p.approvesAnother(plan, d.Object, got, answered); other != "" {
		t.Errorf("WRONG APPROVAL: %s also approves %s", d.Object, other)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decided on %s: %+v, want %+v", d.Object, got, want)
	}
	return counted
}

// approvesAnother returns an inquiry that an outcome approves by a case, although it is of
// another person: at the time of the facts, and still.
func (p *persona) approvesAnother(plan *plan, object domain.Ref, o outcome, a answer) (inquiry string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a.facts.inquiry == nil {
		return ""
	}
	person := a.owners[a.facts.inquiry.id]
	for _, asked := range o.asked {
		for _, c := range a.facts.cases {
			if !plan.approving(asked.kind, asked.argument) || c.id != asked.target.ID && object.Family() != "case" {
				continue
			}
			for _, id := range c.inquiries {
				w, i := p.find(domain.Ref{Type: "inquiry", ID: id})
				if i != nil && person != "" && !i.redacted() && a.owners[id] != "" && a.owners[id] != person && w.owner(i) == a.owners[id] {
					return id
				}
			}
		}
	}
	return ""
}

// builtIn returns the built-in policy as a plan.
func builtIn() *plan {
	passed, failed := attribute("status", "==", "passed"), attribute("status", "==", "failed")
	attempts := lists[0]
	verified := passed.exists(attempts.name, attempts.of).and(passed.or(failed).all(attempts.name, attempts.of)).
		and(ask("", func(f *facts) tri { return is(len(failedChecks(f.attempts)) == 0) })).
		and(ask("", func(f *facts) tri { return is(clean(f.reports)) }))
	review := []step{{domain.MarkInquiryForReview, ""}, {domain.SetCaseStatus, "Pending"}}
	return &plan{
		hostRules: hostRules{reapply: "review", caseStatuses: map[string]domain.Verdict{
			"Open": domain.VerdictReview, "Pending": domain.VerdictReview, "Approved": domain.VerdictApproved, "Declined": domain.VerdictDeclined,
		}},
		rules: []rule{
			{name: "approve what passed", object: "inquiry", to: []string{"completed"}, when: verified, then: []step{{domain.ApproveInquiry, ""}, {domain.SetCaseStatus, "Approved"}}},
			{name: "review the rest", object: "inquiry", to: []string{"completed"}, otherwise: true, then: review},
			{name: "review what failed", object: "inquiry", to: []string{"failed"}, otherwise: true, then: append(slices.Clone(review), step{domain.GenerateOneTimeLink, ""})},
		},
	}
}
