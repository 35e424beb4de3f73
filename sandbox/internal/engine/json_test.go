package engine

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

func TestDocumentsAreEncodedAsByEncodingJSON(t *testing.T) {
	values := []any{
		nil, true, false, "", "plain", "a \"quote\" \\ and <b>&amp;</b>", "Zoë\u2028", "tab\tand\x00nul\x7f", "not UTF-8: \xff",
		0, -7, int64(1) << 60, 0.0, math.Copysign(0, -1), 1.0, -3.0, 0.5, 1e14, 1e15, 1e16, 1e21, -1e21, 1e-7, math.MaxFloat64,
		[]any{}, []any(nil), map[string]any{}, map[string]any(nil), []string{"a", "b"}, map[string]string{"b": "1", "a": "2"},
		map[string]any{"b": map[string]any{"z": 1, "y": []any{map[string]any{"x": nil}}, "a<": "&"}, "a": []any{1, "2"}, "c": 3.25},
		json.RawMessage(`{"raw":true}`),
		relationship{}, relationship{to: storage.Identifier{Type: "user", ID: "user_<1>"}}, relationship{many: true},
		relationship{[]storage.Identifier{{Type: "user", ID: "user_1"}, {Type: "user", ID: "user_2"}}, true},
	}
	for _, value := range append(values, values) {
		want, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := encodeJSON(value); err != nil || string(got) != string(want) {
			t.Errorf("got %s, %v; encoding/json writes %s", got, err, want)
		}
	}
}

func TestAnEncoderForgetsWhatItCouldNotEncode(t *testing.T) {
	var e jsonEncoder
	if _, err := e.encode(map[string]any{"a": 1, "b": math.NaN()}); err == nil {
		t.Fatal("a number that JSON cannot express is encoded")
	}
	first, err := e.encode(map[string]any{"c": "1"})
	if second, again := e.encode(map[string]any{"d": "2"}); err != nil || again != nil || string(first) != `{"c":"1"}` || string(second) != `{"d":"2"}` {
		t.Errorf("then it encodes %s, %v and %s, %v", first, err, second, again)
	}
}

func TestARelationshipIsItsIdentifiers(t *testing.T) {
	for want, r := range map[string]relationship{
		`{"data":null}`:                          {},
		`{"data":[]}`:                            {many: true},
		`{"data":{"id":"user_1","type":"user"}}`: {to: storage.Identifier{Type: "user", ID: "user_1"}},
		`{"data":[{"id":"user_1","type":"user"},{"id":"case_1","type":"case"}]}`: {[]storage.Identifier{{Type: "user", ID: "user_1"}, {Type: "case", ID: "case_1"}}, true},
	} {
		if got, err := encodeJSON(r); err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}

func TestWhatJSONCannotExpressIsAnError(t *testing.T) {
	for _, value := range []any{math.NaN(), []any{math.Inf(1)}, map[string]any{"a": map[string]any{"b": func() {}}}} {
		if got, err := encodeJSON(value); err == nil {
			t.Errorf("encoded as %s", got)
		}
	}
}
