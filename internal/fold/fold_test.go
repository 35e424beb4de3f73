package fold

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/idemhq/idem/internal/domain"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// snapshot returns a snapshot of an inquiry, dated a number of seconds after the start.
func snapshot(seconds int, status string) Snapshot {
	at := start.Add(time.Duration(seconds) * time.Second)
	id := fmt.Sprintf("evt_%d_%s", seconds, status)
	return Snapshot{EventID: id, Name: "inquiry." + status, At: at, Object: domain.Object{
		Environment: domain.Sandbox, Ref: domain.Ref{Type: "inquiry", ID: "inq_1"}, Status: status, AsOf: at, EventID: id,
	}}
}

func TestFold(t *testing.T) {
	for name, test := range map[string]struct {
		events []Snapshot
		status string
		path   []string // statuses that the transitions lead to
		stale  int
		reread bool
	}{
		"events in order give every transition": {
			events: []Snapshot{snapshot(0, "created"), snapshot(1, "pending"), snapshot(2, "completed"), snapshot(3, "approved")},
			status: "approved", path: []string{"created", "pending", "completed", "approved"},
		},
		"events of a batch are sorted": {
			events: []Snapshot{snapshot(2, "completed"), snapshot(0, "created"), snapshot(1, "pending")},
			status: "completed", path: []string{"created", "pending", "completed"},
		},
		"the later status wins if the times are equal": {
			events: []Snapshot{snapshot(1, "approved"), snapshot(1, "completed")},
			status: "approved", path: []string{"completed", "approved"},
		},
		"a later undecided status does not undo a decision": {
			events: []Snapshot{snapshot(1, "approved"), snapshot(5, "completed")},
			status: "approved", path: []string{"completed", "approved"}, reread: true,
		},
		"a later decision replaces the other one": {
			events: []Snapshot{snapshot(1, "approved"), snapshot(5, "declined")},
			status: "declined", path: []string{"approved", "declined"},
		},
		"an expired inquiry can be resumed": {
			events: []Snapshot{snapshot(1, "expired"), snapshot(5, "pending")},
			status: "pending", path: []string{"expired", "pending"},
		},
		"an unknown status is kept": {
			events: []Snapshot{snapshot(1, "pending"), snapshot(2, "on_the_moon")},
			status: "on_the_moon", path: []string{"pending", "on_the_moon"},
		},
		"a repeated event counts once": {
			events: []Snapshot{snapshot(1, "created"), snapshot(1, "created")},
			status: "created", path: []string{"created"}, stale: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := Fold(domain.Object{}, test.events)
			var path []string
			for _, transition := range r.Transitions {
				path = append(path, transition.To)
			}
			if r.Object.Status != test.status || !slices.Equal(path, test.path) || len(r.Stale) != test.stale || r.Reread != test.reread {
				t.Errorf("status %s, path %v, stale %v, reread %v", r.Object.Status, path, r.Stale, r.Reread)
			}
		})
	}
}

func TestALateEventChangesNothing(t *testing.T) {
	first := Fold(domain.Object{}, []Snapshot{snapshot(5, "approved")})
	late := Fold(first.Object, []Snapshot{snapshot(2, "completed")})
	if late.Changed || late.Object.Status != "approved" || len(late.Transitions) != 0 || len(late.Stale) != 1 {
		t.Errorf("a late event changed an approved inquiry: %+v", late)
	}
	if late.Reread {
		t.Error("a late event requests a read")
	}
}

// In whatever order, number and batches an object's events arrive, they lead to the same
// state.
func TestTheStateDoesNotDependOnTheOrderOfEvents(t *testing.T) {
	statuses := []string{"created", "pending", "expired", "failed", "completed", "needs_review", "declined", "approved", "unheard_of"}
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Snapshot {
			s := snapshot(rapid.IntRange(0, 5).Draw(t, "second"), rapid.SampledFrom(statuses).Draw(t, "status"))
			if rapid.IntRange(0, 9).Draw(t, "redacted") == 0 {
				s.Object.RedactedAt = s.At
				s.EventID += "_redacted"
				s.Object.EventID = s.EventID
			}
			return s
		}), 1, 12).Draw(t, "events")
		want := Fold(domain.Object{}, slices.Clone(events)).Object

		arrival := append(slices.Clone(events), events[:rapid.IntRange(0, len(events)).Draw(t, "repeated")]...)
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(arrival), func(i, j int) { arrival[i], arrival[j] = arrival[j], arrival[i] })
		var got domain.Object
		wasDecided := false
		for len(arrival) > 0 {
			n := rapid.IntRange(1, len(arrival)).Draw(t, "batch")
			got = Fold(got, slices.Clone(arrival[:n])).Object
			arrival = arrival[n:]
			if wasDecided && !decided(got) && !final(got) {
				t.Fatalf("a decision was undone: %s", got.Status)
			}
			wasDecided = decided(got)
		}
		if got.EventID != want.EventID || got.Status != want.Status {
			t.Fatalf("this order leads to %s (%s), the sorted order to %s (%s)", got.Status, got.EventID, want.Status, want.EventID)
		}
	})
}

// A list that is withheld must not look like an empty list.
func TestAMalformedToManyRelationshipCountsAsWithheld(t *testing.T) {
	one, many := domain.Ref{Type: "account", ID: "act_1"}, domain.Ref{Type: "report/watchlist", ID: "rep_1"}
	for relationship, want := range map[string][]domain.Ref{
		`"account":{"data":{"type":"account","id":"act_1"}}`:            {one},
		`"account":{"data":null}`:                                       {},
		`"account":{"data":{}}`:                                         {},
		`"account":{}`:                                                  nil,
		`"reports":{"data":[{"type":"report/watchlist","id":"rep_1"}]}`: {many},
		`"reports":{"data":[]}`:                                         {},
		`"reports":{"data":null}`:                                       nil,
		`"reports":{"data":{}}`:                                         nil,
		`"reports":{"data":{"type":"report/watchlist","id":"rep_1"}}`:   nil,
		`"reports":{}`:                                                  nil,
		`"reports":null`:                                                nil,
	} {
		o, err := FromResource(domain.Sandbox, []byte(`{"type":"inquiry","id":"inq_1","relationships":{`+relationship+`}}`))
		if err != nil {
			t.Fatal(err)
		}
		got := o.Relationships["account"]
		if strings.Contains(relationship, "reports") {
			got = o.Relationships["reports"]
		}
		if (got == nil) != (want == nil) || !slices.Equal(got, want) {
			t.Errorf("%s is %v, want %v", relationship, got, want)
		}
	}
	for _, relationship := range []string{`"account":{"data":"act_1"}`, `"account":"act_1"`, `"reports":{"data":["rep_1"]}`} {
		if o, err := FromResource(domain.Sandbox, []byte(`{"type":"inquiry","id":"inq_1","relationships":{`+relationship+`}}`)); err == nil {
			t.Errorf("%s is %v", relationship, o.Relationships)
		}
	}
}

// No decision was made on an object that was read before its events arrived.
func TestTheFirstEventAfterAReadIsATransition(t *testing.T) {
	for name, seconds := range map[string]int{"older than the read": 1, "newer than the read": 9} {
		t.Run(name, func(t *testing.T) {
			read := snapshot(5, "completed").Object
			read.EventID, read.Version = "", 1
			event := snapshot(seconds, "completed")
			r := Fold(read, []Snapshot{event})
			if len(r.Transitions) != 1 || r.Transitions[0].From != "" || r.Transitions[0].To != "completed" || r.Object.EventID != event.EventID || !r.Changed {
				t.Errorf("folded to %+v", r)
			}
			if again := Fold(r.Object, []Snapshot{event}); len(again.Transitions) != 0 {
				t.Errorf("repeating the event causes %+v", again.Transitions)
			}
		})
	}
}
