package storage

import (
	"fmt"
	"iter"
	"slices"
	"testing"
)

func TestATableIsReadInBothDirections(t *testing.T) {
	s := NewTables()
	for i := range 5 {
		s.Put(&Resource{Typ: "account", ID: fmt.Sprint("act_", i)})
		s.Put(&Resource{Typ: "report/watchlist", ID: fmt.Sprint("rep_", i)})
	}
	s.Put(&Resource{Typ: "account", ID: "act_2", Attributes: map[string]any{"note": "changed"}})
	tests := map[string]struct {
		resources iter.Seq[*Resource]
		want      []string
	}{
		"all, oldest first":                   {s.All("account"), []string{"act_0", "act_1", "act_2", "act_3", "act_4"}},
		"all, newest first":                   {s.Newest("account"), []string{"act_4", "act_3", "act_2", "act_1", "act_0"}},
		"all outlines, newest first":          {s.Outlines("account"), []string{"act_4", "act_3", "act_2", "act_1", "act_0"}},
		"older than one":                      {s.Older("account", "act_2"), []string{"act_1", "act_0"}},
		"newer than one":                      {s.Newer("account", "act_2"), []string{"act_3", "act_4"}},
		"of a family by the start of a type":  {s.Newer("report", "rep_3"), []string{"rep_4"}},
		"of a family that there is not":       {s.All("case"), nil},
		"older than the oldest":               {s.Older("account", "act_0"), nil},
		"indexed by a value that nothing has": {s.Older("inquiry", "", "act_1"), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := idsOf(test.resources); !slices.Equal(got, test.want) {
				t.Errorf("got %q, not %q", got, test.want)
			}
		})
	}
	if got := s.Get("act_2").Text("note"); got != "changed" {
		t.Errorf("the note is %q", got)
	}
	if s.Get("act_9") != nil || s.Has("report", "act_1") {
		t.Error("there is something that was not put there")
	}
}

func TestResourcesAreFoundByWhatTheyBelongTo(t *testing.T) {
	s := NewTables()
	inquiry := func(id, account string) *Resource {
		return &Resource{Typ: "inquiry", ID: id, Attributes: map[string]any{"reference-id": "user-" + account}, Relationships: map[string]any{"account": Identifier{"account", account}}}
	}
	for i, account := range []string{"act_a", "act_b", "act_a", "act_c"} {
		s.Put(inquiry(fmt.Sprint("inq_", i), account))
	}
	s.Put(inquiry("inq_1", "act_a")) // moved
	if got := idsOf(s.Older("inquiry", "", "act_a")); !slices.Equal(got, []string{"inq_2", "inq_1", "inq_0"}) {
		t.Errorf("account a has %q", got)
	}
	if got := idsOf(s.Newer("inquiry", "inq_0", "user-act_a", "act_c")); !slices.Equal(got, []string{"inq_1", "inq_2", "inq_3"}) {
		t.Errorf("behind the first there are %q", got)
	}
}

func TestAResourceToChangeIsACopy(t *testing.T) {
	s := NewTables()
	for _, typ := range []string{"account", "webhook"} { // those that are decoded, and those that are kept
		s.Put(&Resource{Typ: typ, ID: typ + "_1", Attributes: map[string]any{"note": "stored"}})
		changed := s.Edit(typ + "_1")
		changed.Attributes["note"], changed.Relationships["creator"] = "changed", Identifier{"user", "user_1"}
		if got := s.Get(typ + "_1"); got.Text("note") != "stored" || got.One("creator") != "" {
			t.Errorf("the stored %s is %v", typ, got)
		}
	}
	if s.Edit("act_9") != nil {
		t.Error("a resource that is not there can be changed")
	}
}

func TestOnlyTheLatestLogsAreKept(t *testing.T) {
	s := NewTables()
	logs, _ := s.table("api-log")
	logs.kept = 3
	for i := range 10 {
		s.Put(&Resource{Typ: "api-log", ID: fmt.Sprint("req_", i)})
	}
	if got := idsOf(s.Newest("api-log")); !slices.Equal(got, []string{"req_9", "req_8", "req_7"}) {
		t.Errorf("there are %q", got)
	}
	if s.Get("req_6") != nil || s.Has("api-log", "req_0") || s.Count("api-log") != 3 {
		t.Error("an old log is still there")
	}
	if got := idsOf(s.Older("api-log", "req_8")); !slices.Equal(got, []string{"req_7"}) {
		t.Errorf("older than one there are %q", got)
	}
}

func idsOf(resources iter.Seq[*Resource]) []string {
	var ids []string
	for r := range resources {
		ids = append(ids, r.ID)
	}
	return ids
}
