package engine

import (
	"encoding/json"
	"testing"
)

func TestWhatABlocklistLeaves(t *testing.T) {
	t.Parallel()
	const payload = `{
		"data": {"type": "inquiry", "attributes": {"status": "created", "name-first": "A", "fields": {"name-first": {"value": "A"}, "email": {"value": "e"}}}},
		"included": [{"type": "account", "attributes": {"status": "s", "email-address": "e", "fields": {"name_first": {"value": "A"}}}}]
	}`
	for name, test := range map[string]struct {
		entries        []any
		data, included string
	}{
		"nothing is blocked": {nil,
			`{"fields":{"email":{"value":"e"},"name-first":{"value":"A"}},"name-first":"A","status":"created"}`,
			`{"email-address":"e","fields":{"name_first":{"value":"A"}},"status":"s"}`},
		"a key, in any casing": {[]any{"nameFirst"},
			`{"fields":{"email":{"value":"e"}},"status":"created"}`,
			`{"email-address":"e","fields":{},"status":"s"}`},
		"a pattern": {[]any{"name-*", "email*"},
			`{"fields":{},"status":"created"}`,
			`{"fields":{},"status":"s"}`},
		"a path of one part": {[]any{"/included/attributes/email-address"},
			`{"fields":{"email":{"value":"e"},"name-first":{"value":"A"}},"name-first":"A","status":"created"}`,
			`{"fields":{"name_first":{"value":"A"}},"status":"s"}`},
		"a path of one type": {[]any{"/*/attributes/status?type=account"},
			`{"fields":{"email":{"value":"e"},"name-first":{"value":"A"}},"name-first":"A","status":"created"}`,
			`{"email-address":"e","fields":{"name_first":{"value":"A"}}}`},
		"all but one": {[]any{"/data/attributes/*", "!/data/attributes/status"},
			`{"status":"created"}`,
			`{"email-address":"e","fields":{"name_first":{"value":"A"}},"status":"s"}`},
		"all fields but one": {[]any{"!/data/attributes/fields", "/data/attributes/fields/*", "!/data/attributes/fields/email"},
			`{"fields":{"email":{"value":"e"}},"name-first":"A","status":"created"}`,
			`{"email-address":"e","fields":{"name_first":{"value":"A"}},"status":"s"}`},
	} {
		t.Run(name, func(t *testing.T) {
			var doc map[string]any
			if err := json.Unmarshal([]byte(payload), &doc); err != nil {
				t.Fatal(err)
			}
			newBlocklist(test.entries).apply(doc)
			for part, want := range map[string]string{"data": test.data, "included": test.included} {
				r, ok := doc[part].(map[string]any)
				if !ok {
					r = doc[part].([]any)[0].(map[string]any)
				}
				got, err := json.Marshal(r["attributes"])
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != want {
					t.Errorf("%s: %s, not %s", part, got, want)
				}
			}
		})
	}
}
