package webhookplan

import (
	"encoding/json"
	"testing"
)

func TestAnAttributeIsAsWanted(t *testing.T) {
	for name, c := range map[string]struct {
		has, wanted string
		want        bool
	}{
		"the same text":                         {`"a"`, `"a"`, true},
		"another text":                          {`"a"`, `"b"`, false},
		"nothing":                               {`null`, `"a"`, false},
		"the same number":                       {`3600`, `3600`, true},
		"the same names in another order":       {`["a","b"]`, `["b","a"]`, true},
		"a name more":                           {`["a","b"]`, `["a"]`, false},
		"a name less":                           {`["a"]`, `["a","b"]`, false},
		"no list where an empty one is wanted":  {`null`, `[]`, true},
		"an object with more keys":              {`{"state":"custom","event-types":[{"name":"a","types":["b"]}]}`, `{"state":"custom"}`, true},
		"an object with another value":          {`{"state":"custom"}`, `{"state":"include_all"}`, false},
		"an object without a key":               {`{}`, `{"state":"include_all"}`, false},
		"no object":                             {`null`, `{"state":"include_all"}`, false},
		"the same list of objects":              {`[{"a":1,"b":2}]`, `[{"a":1}]`, true},
		"a list of objects in another order":    {`[{"a":1},{"a":2}]`, `[{"a":2},{"a":1}]`, false},
		"an object in the place of a wanted []": {`{"a":1}`, `["a"]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			var has, wanted any
			if err := json.Unmarshal([]byte(c.has), &has); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(c.wanted), &wanted); err != nil {
				t.Fatal(err)
			}
			if got := covers(has, wanted); got != c.want {
				t.Errorf("covers is %v", got)
			}
		})
	}
}

func TestAChangeOfAListShowsWhatComesAndGoes(t *testing.T) {
	change := Change{"enabled-events", []any{"a", "b"}, []any{"b", "c"}}
	if got := change.Text(); got != "enabled-events: +c -a" {
		t.Errorf("it reads %q", got)
	}
}
