package sandbox

import (
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"
)

func TestAShelfIsReadInBothDirections(t *testing.T) {
	s := newShelves()
	for i := range 5 {
		s.put(&resource{typ: "account", id: fmt.Sprint("act_", i)})
		s.put(&resource{typ: "report/watchlist", id: fmt.Sprint("rep_", i)})
	}
	s.put(&resource{typ: "account", id: "act_2", attributes: map[string]any{"note": "changed"}})
	tests := map[string]struct {
		resources iter.Seq[*resource]
		want      []string
	}{
		"all, oldest first":                   {s.all("account"), []string{"act_0", "act_1", "act_2", "act_3", "act_4"}},
		"all, newest first":                   {s.newest("account"), []string{"act_4", "act_3", "act_2", "act_1", "act_0"}},
		"older than one":                      {s.older("account", "act_2"), []string{"act_1", "act_0"}},
		"newer than one":                      {s.newer("account", "act_2"), []string{"act_3", "act_4"}},
		"of a family by the start of a type":  {s.newer("report", "rep_3"), []string{"rep_4"}},
		"of a family that there is not":       {s.all("case"), nil},
		"older than the oldest":               {s.older("account", "act_0"), nil},
		"indexed by a value that nothing has": {s.older("inquiry", "", "act_1"), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := idsOf(test.resources); !slices.Equal(got, test.want) {
				t.Errorf("got %q, not %q", got, test.want)
			}
		})
	}
	if got := s.get("act_2").text("note"); got != "changed" {
		t.Errorf("the note is %q", got)
	}
	if s.get("act_9") != nil || s.has("report", "act_1") {
		t.Error("there is something that was not put there")
	}
}

func TestResourcesAreFoundByWhatTheyBelongTo(t *testing.T) {
	s := newShelves()
	inquiry := func(id, account string) *resource {
		return &resource{typ: "inquiry", id: id, attributes: map[string]any{"reference-id": "user-" + account}, relationships: map[string]any{"account": identifier{"account", account}}}
	}
	for i, account := range []string{"act_a", "act_b", "act_a", "act_c"} {
		s.put(inquiry(fmt.Sprint("inq_", i), account))
	}
	s.put(inquiry("inq_1", "act_a")) // moved
	if got := idsOf(s.older("inquiry", "", "act_a")); !slices.Equal(got, []string{"inq_2", "inq_1", "inq_0"}) {
		t.Errorf("account a has %q", got)
	}
	if got := idsOf(s.newer("inquiry", "inq_0", "user-act_a", "act_c")); !slices.Equal(got, []string{"inq_1", "inq_2", "inq_3"}) {
		t.Errorf("behind the first there are %q", got)
	}
}

func TestAnEventKeepsItsObjectAsItWas(t *testing.T) {
	env := newEnvironment("sandbox")
	c := newChange(env, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	account := c.create("account", "act", map[string]any{"note": "first"}, nil)
	c.emit("account.created", account, nil)
	account.attributes["note"] = "second"
	c.emit("account.updated", account, nil)
	c.commit()
	var notes []string
	for event := range env.newer("event", "", account.id) {
		notes = append(notes, event.text("name")+" "+event.object.text("note"))
	}
	if want := []string{"account.created first", "account.updated second"}; !slices.Equal(notes, want) {
		t.Errorf("the events say %q, not %q", notes, want)
	}
}

func TestOnlyTheLatestLogsAreKept(t *testing.T) {
	s := newShelves()
	logs, _ := s.shelf("api-log")
	logs.kept = 3
	for i := range 10 {
		s.put(&resource{typ: "api-log", id: fmt.Sprint("req_", i)})
	}
	if got := idsOf(s.newest("api-log")); !slices.Equal(got, []string{"req_9", "req_8", "req_7"}) {
		t.Errorf("there are %q", got)
	}
	if s.get("req_6") != nil || s.has("api-log", "req_0") || s.count("api-log") != 3 {
		t.Error("an old log is still there")
	}
	if got := idsOf(s.older("api-log", "req_8")); !slices.Equal(got, []string{"req_7"}) {
		t.Errorf("older than one there are %q", got)
	}
}

func TestDeliveriesThatWaitAreNeverForgotten(t *testing.T) {
	r := recent[*Delivery]{keep: 2}
	over := func(d *Delivery) bool { return d.State != "pending" }
	for _, state := range []string{"completed", "pending", "completed", "failed"} {
		r.add(&Delivery{State: state}, over)
	}
	if len(r.entries) != 3 || r.entries[0].State != "pending" {
		t.Errorf("%d are kept, the first is %s", len(r.entries), r.entries[0].State)
	}
}

func idsOf(resources iter.Seq[*resource]) []string {
	var ids []string
	for r := range resources {
		ids = append(ids, r.id)
	}
	return ids
}
