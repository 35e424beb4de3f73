package fold

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func FuzzMembersAgreesWithEncodingJSON(f *testing.F) {
	for _, object := range []string{
		`{}`, ` { "a" : 1 , "b":[ {"c":"}"} , "]\"" ],"d":{"e":[]}, "f":-1.5e+3,"g":null ,"\u0068":"\\"} `, `{"a":true}`, `{"a":{"a":{}},"b":[[]]}`, `[]`, `"{}"`, `{"a":1,"a":2}`,
	} {
		f.Add([]byte(object))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) || !utf8.Valid(raw) {
			return
		}
		var want map[string]json.RawMessage
		isObject := json.Unmarshal(raw, &want) == nil && want != nil
		got, err := members(raw, exact)
		switch {
		case err != nil && err.(*UnreadableError).Reason == Malformed && isObject:
			t.Fatal("an object is malformed")
		case err != nil:
			return
		case !isObject || len(got) != len(want):
			t.Fatalf("%d members, encoding/json finds %d", len(got), len(want))
		}
		for key, value := range want {
			if string(got[key]) != string(value) {
				t.Errorf("%q is %s, encoding/json reads %s", key, got[key], value)
			}
		}
	})
}
