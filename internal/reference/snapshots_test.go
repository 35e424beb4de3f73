package reference

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// Contradicting events also lead to the same state in any order: the greatest in the order
// of the reference.
func TestContradictingEventsLeadToTheGreatestState(t *testing.T) {
	t.Parallel()
	counted := figures{}
	for _, seed := range seeds(t, 30_000, 500) {
		d := newDraw(seed)
		events := d.snapshots(pick(d, "inquiry", "inquiry", "case", "account"))
		want := greatest(events)
		kept := keep(t, d, events)[domain.Ref{Type: want.thing.typ, ID: want.thing.id}]
		counted["histories"]++
		counted["events"] += len(events)
		truth := (&world{carried: carried(events)}).said(want.thing)
		if _, carries := want.thing.attributes["reference-id"]; !carries { // withheld
			hidden := want.thing.snapshot()
			hidden.attributes["reference-id"] = carried(events)[hidden.id]
			truth = (&world{}).said(hidden)
		}
		if got := said(kept); got != truth {
			t.Errorf("seed %d: kept as %s, want %s", seed, got, truth)
			for _, e := range events {
				t.Logf("%s %s %s", e.id, stamp(e.at), encode(e.thing.attributes))
			}
		}
		if t.Failed() {
			break
		}
	}
	counted.report(t)
}

// snapshots draws events about one thing that may contradict each other.
func (d *draw) snapshots(typ string) (events []event) {
	id := d.id(typ)
	for range 1 + d.IntN(6) {
		at := epoch.Add(time.Duration(d.IntN(5)) * time.Second)
		status := pick(d, "created", "pending", "completed", "failed", "expired", "needs_review", "approved", "declined", "reticulated")
		if typ == "case" {
			status = pick(d, "Open", "Pending", "Approved", "Declined")
		}
		t := &thing{typ: typ, id: id, attributes: map[string]any{"status": status, "created-at": stamp(epoch), "redacted-at": nil}}
		switch typ {
		case "account":
			delete(t.attributes, "status")
		case "inquiry":
			if d.chance(15) {
				t.attributes["redacted-at"] = stamp(at)
			}
		}
		if typ != "case" && d.chance(90) {
			t.attributes["reference-id"] = pick[any](d, "user-1", "user-2", nil)
		}
		events = append(events, event{d.id("evt"), typ + ".transitioned", at, t, false})
	}
	return events
}

// greatest returns the event that determines the state. An inquiry stays redacted and stays
// decided. Otherwise the later event counts, then the later status, then the greater event
// id.
func greatest(events []event) event {
	return slices.MaxFunc(events, func(a, b event) int {
		order := a.at.Compare(b.at)
		if order == 0 {
			order = far(a.thing) - far(b.thing)
		}
		if order == 0 && a.id > b.id {
			order = 1
		}
		if a.thing.typ == "inquiry" {
			switch {
			case a.thing.redacted() != b.thing.redacted():
				order = one(a.thing.redacted())
			case decided(a.thing) != decided(b.thing):
				order = one(decided(a.thing))
			}
		}
		return order
	})
}

func one(first bool) int {
	if first {
		return 1
	}
	return -1
}

func decided(t *thing) bool { return t.status() == "approved" || t.status() == "declined" }

// far returns how far an inquiry has come. Of two decisions at the same time the decline
// counts.
func far(t *thing) int {
	return 1 + slices.Index([]string{"created", "pending", "expired", "failed", "completed", "needs_review", "approved", "declined"}, t.status())
}

// carried returns the newest reference ids of events; of two with the same time, the
// greater.
func carried(events []event) map[string]string {
	found := map[string]string{}
	sorted := slices.SortedFunc(slices.Values(events), func(a, b event) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.thing.text("reference-id"), b.thing.text("reference-id")))
	})
	for _, e := range sorted {
		if reference := e.thing.text("reference-id"); reference != "" {
			found[e.thing.id] = reference
		}
	}
	return found
}
