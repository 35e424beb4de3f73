package conformance

import (
	"encoding/json"
	"testing"
	"time"
)

const someResources = `{"data":{"type":"inquiry","id":"inq_1",
	"attributes":{"status":"created","note":null,"tags":[],"fields":{},"count":0,"flag":false,"created-at":"2026-01-02T03:04:05.678Z","redacted-at":null,"birthdate":"2000-01-01"},
	"relationships":{"account":{"data":{"type":"account","id":"act_1"}},"template":{"data":null},"sessions":{"data":[]}}},
	"included":[{"type":"account","id":"act_1","attributes":{"reference-id":"user-1"}}]}`

func TestFilledYieldsWhatHasAValue(t *testing.T) {
	var body any
	if err := json.Unmarshal([]byte(someResources), &body); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	Filled(body, func(k Key) { seen[k.String()] = true })
	for key, want := range map[string]bool{
		"inquiry/attributes/status": true, "inquiry/attributes/note": false, "inquiry/attributes/tags": false, "inquiry/attributes/fields": false,
		"inquiry/attributes/count": true, "inquiry/attributes/flag": true, "inquiry/relationships/account": true, "inquiry/relationships/template": false,
		"inquiry/relationships/sessions": false, "account/attributes/reference-id": true,
	} {
		if seen[key] != want {
			t.Errorf("%s is filled: %v", key, seen[key])
		}
	}
	var times []string
	Times(body, func(k Key, at time.Time) { times = append(times, k.String()+" "+at.Format("05.000")) })
	if len(times) != 1 || times[0] != "inquiry/attributes/created-at 05.678" {
		t.Errorf("the times are %v", times)
	}
}

func TestAnExceptionCoversWhatItNames(t *testing.T) {
	key := Key{"list-item/name", "attributes", "redacted-at"}
	for _, test := range []struct {
		exception Exception
		want      bool
	}{
		{Exception{Resource: "list-item/name", Place: "/attributes/redacted-at"}, true},
		{Exception{Resource: "list-item/*", Place: "/attributes/redacted-at"}, true},
		{Exception{Resource: "*", Place: "*redacted*"}, true},
		{Exception{Resource: "list-item/name", Place: "*"}, true},
		{Exception{Resource: "list-item", Place: "/attributes/redacted-at"}, false},
		{Exception{Resource: "list/*", Place: "/attributes/redacted-at"}, false},
		{Exception{Resource: "list-item/*", Place: "/attributes/redacted"}, false},
		{Exception{Resource: "list-item/*", Place: "/relationships/*"}, false},
	} {
		if got := test.exception.Covers(key); got != test.want {
			t.Errorf("%s%s covers %s: %v", test.exception.Resource, test.exception.Place, key, got)
		}
	}
}
