package storage

import "testing"

func TestACopyIsInTheSameStateUntilSomethingIsReplaced(t *testing.T) {
	r := &Resource{Typ: "inquiry", ID: "inq_1", Attributes: map[string]any{
		"status": "created", "note": nil, "fields": map[string]any{"name-last": "A"}, "tags": []any{"VIP"}, "count": 1,
	}, Relationships: map[string]any{"account": Identifier{"account", "act_1"}, "sessions": []Identifier{{"inquiry-session", "iqse_1"}}}}
	if !SameState(r, r.Clone()) {
		t.Error("a copy is not in the same state")
	}
	for what, change := range map[string]func(*Resource){
		"a text":                func(r *Resource) { r.Attributes["status"] = "pending" },
		"null":                  func(r *Resource) { r.Attributes["note"] = "a note" },
		"to null":               func(r *Resource) { r.Attributes["tags"] = nil },
		"an object":             func(r *Resource) { r.Attributes["fields"] = map[string]any{"name-last": "B"} },
		"a list":                func(r *Resource) { r.Attributes["tags"] = []any{"VIP", "EU"} },
		"the type of a value":   func(r *Resource) { r.Attributes["count"] = 1.0 },
		"an object with a list": func(r *Resource) { r.Attributes["fields"] = []any{} },
		"a new attribute":       func(r *Resource) { r.Attributes["other"] = nil },
		"one attribute fewer":   func(r *Resource) { delete(r.Attributes, "note") },
		"one for another":       func(r *Resource) { delete(r.Attributes, "note"); r.Attributes["other"] = nil },
		"a relationship":        func(r *Resource) { r.Relationships["account"] = Identifier{"account", "act_2"} },
		"a link":                func(r *Resource) { r.Link("sessions", Identifier{"inquiry-session", "iqse_2"}) },
		"a struct with a list":  func(r *Resource) { r.Attributes["fields"] = struct{ list []int }{} },
		"the id":                func(r *Resource) { r.ID = "inq_2" },
	} {
		copied := r.Clone()
		change(copied)
		if SameState(r, copied) || SameState(copied, r) {
			t.Errorf("%s changed, and the state is the same", what)
		}
	}
}

func TestAnEventSharesTheStorageOfAnObjectThatWasJustStored(t *testing.T) {
	for _, isStored := range []bool{true, false} {
		s := NewTables()
		r := &Resource{Typ: "inquiry", ID: "inq_1", Attributes: map[string]any{"status": "created"}, Relationships: map[string]any{}}
		s.Put(r)
		event := func(id string, object *Resource) *Resource {
			return &Resource{Typ: "event", ID: id, Attributes: map[string]any{}, Relationships: map[string]any{}, Object: object.Clone()}
		}
		s.PutEvent(event("evt_1", r), isStored)
		earlier := r.Clone()
		earlier.Attributes["status"] = "pending"
		s.PutEvent(event("evt_2", earlier), false)
		if got := s.Get("evt_1").Object.Text("status"); got != "created" {
			t.Errorf("the object of the first event is %s", got)
		}
		if got := s.Get("evt_2").Object.Text("status"); got != "pending" {
			t.Errorf("the object of the second event is %s", got)
		}
		s.PutEvent(event("evt_3", &Resource{Typ: "case", ID: "case_1"}), true)
		if got := s.Get("evt_3").Object; got.ID != "case_1" {
			t.Errorf("the object that is not stored is %v", got)
		}
	}
}
