package fold

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/idemhq/idem/internal/domain"
)

// caseEvent is an event about a case, by the second of March 1 in which it happened.
type caseEvent struct {
	id, name  string
	second    int
	status    string
	inquiries string // ids, as JSON; empty if the payload withholds them
}

func (e caseEvent) read(t interface{ Fatal(...any) }) Snapshot {
	at := time.Date(2026, 3, 1, 0, 0, e.second, 0, time.UTC)
	resolved := "null"
	if e.status != "Open" {
		resolved = fmt.Sprintf("%q", at.Format(time.RFC3339))
	}
	relationships := ""
	if e.inquiries != "" {
		relationships = `"inquiries":{"data":` + e.inquiries + `}`
	}
	body := fmt.Sprintf(`{"data":{"type":"event","id":%q,"attributes":{"name":%q,"created-at":%q,"payload":{"data":{"type":"case","id":"case_1","attributes":{"status":%q,"resolved-at":%s,"created-at":"2026-03-01T00:00:00Z"},"relationships":{%s}}}}}}`,
		e.id, e.name, at.Format(time.RFC3339), e.status, resolved, relationships)
	s, err := Read(domain.Event{ID: e.id, Object: domain.Ref{Type: "case", ID: "case_1"}, Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	first = `[{"type":"inquiry","id":"a"}]`
	both  = `[{"type":"inquiry","id":"a"},{"type":"inquiry","id":"b"}]`
)

func TestTheEventOfItsStatusShowsWhatACaseCovers(t *testing.T) {
	created := caseEvent{"evt_1", "case.created", 1, "Open", first}
	approved := caseEvent{"evt_2", "case.status-updated", 2, "Approved", first}
	for name, test := range map[string]struct {
		events []caseEvent
		want   []string // the covered inquiries
	}{
		"an approval":                                    {[]caseEvent{created, approved}, []string{"a"}},
		"an approval without other events":               {[]caseEvent{approved}, []string{"a"}},
		"case.resolved alone":                            {[]caseEvent{{"evt_2", "case.resolved", 2, "Approved", first}}, []string{"a"}},
		"an inquiry is added later":                      {[]caseEvent{created, approved, {"evt_3", "case.updated-tags", 3, "Approved", both}}, []string{"a"}},
		"an inquiry is added in the same second":         {[]caseEvent{created, approved, {"evt_3", "case.updated-tags", 2, "Approved", both}}, []string{"a"}},
		"an inquiry is added before":                     {[]caseEvent{created, {"evt_3", "case.status-updated", 3, "Approved", both}}, []string{"a", "b"}},
		"the approval's event is lost":                   {[]caseEvent{created, {"evt_3", "case.updated-tags", 3, "Approved", both}}, nil},
		"the approval's event withholds it":              {[]caseEvent{created, {"evt_3", "case.status-updated", 3, "Approved", ""}}, nil},
		"the case is approved again":                     {[]caseEvent{created, approved, {"evt_3", "case.reopened", 3, "Open", both}, {"evt_4", "case.status-updated", 4, "Approved", both}}, []string{"a", "b"}},
		"the case is approved again by a lost event":     {[]caseEvent{created, approved, {"evt_3", "case.reopened", 3, "Open", both}, {"evt_5", "case.updated-tags", 5, "Approved", both}}, nil},
		"an inquiry is taken out before and added again": {[]caseEvent{created, {"evt_2", "case.status-updated", 2, "Approved", "[]"}, {"evt_3", "case.updated-tags", 3, "Approved", first}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var snapshots []Snapshot
			for _, e := range test.events {
				snapshots = append(snapshots, e.read(t))
			}
			kase := Fold(domain.Object{}, snapshots).Object
			var covered []string
			for _, id := range []string{"a", "b"} {
				if covers(kase, domain.Ref{Type: "inquiry", ID: id}) {
					covered = append(covered, id)
				}
			}
			if !slices.Equal(covered, test.want) {
				t.Errorf("it covers %q, want %q", covered, test.want)
			}
		})
	}
}

func TestTheCoverageOfACaseDoesNotDependOnTheOrderOfItsEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var snapshots []Snapshot
		for i := range rapid.IntRange(1, 6).Draw(t, "events") {
			snapshots = append(snapshots, caseEvent{
				fmt.Sprint("evt_", i), rapid.SampledFrom([]string{"case.created", "case.status-updated", "case.resolved", "case.reopened", "case.updated-tags"}).Draw(t, "name"), rapid.IntRange(0, 4).Draw(t, "second"),
				rapid.SampledFrom([]string{"Open", "Approved", "Declined"}).Draw(t, "status"), rapid.SampledFrom([]string{"", "[]", first, both}).Draw(t, "about"),
			}.read(t))
		}
		want := Fold(domain.Object{}, slices.Clone(snapshots)).Object.Coverage
		order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		order.Shuffle(len(snapshots), func(i, j int) { snapshots[i], snapshots[j] = snapshots[j], snapshots[i] })
		kase := domain.Object{}
		for _, s := range snapshots {
			r := Fold(kase, []Snapshot{s, s})
			if !r.Changed && r.Object.Coverage.EventID != kase.Coverage.EventID {
				t.Errorf("%s changed the coverage, and the case counts as unchanged", s.EventID)
			}
			kase = r.Object
		}
		if got := kase.Coverage; got.EventID != want.EventID || !slices.Equal(got.About, want.About) {
			t.Errorf("%+v, in another order %+v", want, got)
		}
	})
}

// The webhook withholds what cases are about, and the case is read.
func TestAReadShowsWhatACaseCoversOnlyIfItHasNotChangedSince(t *testing.T) {
	event := caseEvent{"evt_2", "case.status-updated", 2, "Approved", ""}
	for name, test := range map[string]struct {
		event   caseEvent
		updated int // second of updated-at; 0 means withheld
		want    bool
	}{
		"unchanged":                           {event, 2, true},
		"changed since":                       {event, 3, false},
		"it does not say when it was changed": {event, 0, false},
		"by an event that sets no status":     {caseEvent{"evt_2", "case.updated-tags", 2, "Approved", ""}, 2, false},
		"the event shows something else":      {caseEvent{"evt_2", "case.status-updated", 2, "Approved", "[]"}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			read := caseOf("case_1", "Approved", "a")
			read.Coverage = domain.Coverage{}
			if test.updated != 0 {
				read.AsOf = time.Date(2026, 3, 1, 0, 0, test.updated, 0, time.UTC)
			}
			kase := Fold(domain.Object{}, []Snapshot{test.event.read(t).Completed(read)}).Object
			if got := covers(kase, domain.Ref{Type: "inquiry", ID: "a"}); got != test.want {
				t.Errorf("covered %t, want %t", got, test.want)
			}
		})
	}
}
