package reference

import (
	"fmt"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
)

// The events of a history arrive in any order, in batches, and some of them twice. In the
// end the stored state and all verdicts match Persona's.
func TestEveryHistoryLeadsToTheStateOfTheReference(t *testing.T) {
	t.Parallel()
	counted := figures{}
	for _, seed := range seeds(t, 50_000, 500) {
		d := newDraw(seed)
		rules := d.hostRules()
		w := newWorld(d, "user-1", "user-2")
		w.live(3 + d.IntN(8))
		counted["histories"]++
		counted["events"] += len(w.events)
		kept := keep(t, d, w.events)
		for _, truth := range w.things {
			if got, want := said(kept[domain.Ref{Type: truth.typ, ID: truth.id}]), w.said(truth); got != want {
				t.Errorf("seed %d: %s is kept as %s, and is %s", seed, truth.id, got, want)
			}
		}
		for _, person := range w.people {
			compareVerdict(t, counted, seed, w.subject(person, rules), person, kept)
		}
		if t.Failed() {
			break
		}
	}
	counted.demand(t, "approved", "declined", "redacted")
	counted.report(t)
}

// keep folds events in batches.
func keep(t *testing.T, d *draw, events []event) map[domain.Ref]domain.Object {
	t.Helper()
	var arriving []fold.Snapshot
	for _, e := range events {
		real := e.real(pick(d, casings...))
		snapshot, err := fold.Read(real)
		if err != nil {
			t.Fatalf("read %s: %v", real.Body, err)
		}
		arriving = append(arriving, snapshot)
	}
	arriving = shuffled(d, append(arriving, some(d, 20, arriving...)...))
	kept := map[domain.Ref]domain.Object{}
	for len(arriving) > 0 {
		n := min(1+d.IntN(6), len(arriving))
		batches := map[domain.Ref][]fold.Snapshot{}
		for _, s := range arriving[:n] {
			batches[s.Object.Ref] = append(batches[s.Object.Ref], s)
		}
		for ref, batch := range batches {
			kept[ref] = fold.Fold(kept[ref], batch).Object
		}
		arriving = arriving[n:]
	}
	return kept
}

// compareVerdict compares the verdict from the stored objects with the one from Persona's.
func compareVerdict(t *testing.T, counted figures, seed uint64, s subject, person string, kept map[domain.Ref]domain.Object) {
	t.Helper()
	want := s.verdict()
	counted["verdicts"]++
	counted[string(want.verdict)]++
	var inquiries, cases []domain.Object
	for _, i := range s.inquiries {
		inquiries = append(inquiries, kept[domain.Ref{Type: i.typ, ID: i.id}])
	}
	for _, c := range s.cases {
		cases = append(cases, kept[domain.Ref{Type: c.typ, ID: c.id}])
	}
	got := fold.Verdict(inquiries, s.owned(), cases, s.real())
	if got.Verdict == domain.VerdictApproved && want.verdict != domain.VerdictApproved {
		t.Errorf("WRONG APPROVAL: seed %d, %s", seed, person)
	}
	if got != want.real() {
		t.Errorf("seed %d: %s is %+v, want %+v\n%s", seed, person, got, want.real(), s)
	}
}

// said returns the compared parts of an object.
func said(o domain.Object) string {
	return fmt.Sprintf("%q of %q, redacted %t", o.Status, o.ReferenceID, !o.RedactedAt.IsZero())
}

func (w *world) said(t *thing) string {
	return fmt.Sprintf("%q of %q, redacted %t", t.status(), w.owner(t), t.redacted())
}
