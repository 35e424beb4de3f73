package sandbox

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatIsPackedComesBack(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"", "type", "created", "2026-01-02T03:04:05.678Z", "2026-13-02T03:04:05.678Z", "0000-01-01T00:00:00.000Z", strings.Repeat("long ", 40),
	}))
	ids := rapid.Custom(func(t *rapid.T) identifier { return identifier{text.Draw(t, "type"), text.Draw(t, "id")} })
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		kinds := []*rapid.Generator[any]{
			rapid.Just[any](nil), rapid.Bool().AsAny(), text.AsAny(), rapid.Float64().AsAny(), rapid.Int().AsAny(),
			rapid.Float64Range(-1e15, 1e15).AsAny(), rapid.Map(rapid.Int32(), func(n int32) any { return float64(n) }),
			ids.AsAny(), rapid.SliceOf(ids).AsAny(), rapid.SliceOf(text).AsAny(), rapid.Just[any](any(blankFields(personFields()))),
		}
		if depth > 0 {
			kinds = append(kinds, rapid.SliceOf(value(depth-1)).AsAny(), rapid.MapOf(text, value(depth-1)).AsAny())
		}
		return rapid.OneOf(kinds...)
	}
	object := rapid.MapOf(text, value(3))
	rapid.Check(t, func(t *rapid.T) {
		p := newPacking()
		for range rapid.IntRange(1, 3).Draw(t, "resources") { // later ones find names that are known
			r := &resource{typ: text.Draw(t, "typ"), id: text.Draw(t, "id"), attributes: object.Draw(t, "attributes"), relationships: object.Draw(t, "relationships")}
			packed := p.pack(r)
			if got := p.unpack(packed); !reflect.DeepEqual(got, r) {
				t.Fatalf("packed %#v, unpacked %#v", r, got)
			}
			if got := p.idOf(packed); got != r.id {
				t.Fatalf("the id of %q is %q", r.id, got)
			}
			if p.pack(r) != p.pack(p.unpack(packed)) {
				t.Fatal("with all its names known, a resource is packed in two ways")
			}
		}
	})
}

func TestNamesFromRequestsAreLearnedUpToALimit(t *testing.T) {
	p := newPacking()
	many := map[string]any{}
	for i := range 2 * maxNames {
		many[strings.Repeat("x", i%50)+"-"+newID("name")] = float64(i)
	}
	r := &resource{typ: "account", id: "act_1", attributes: map[string]any{"fields": many, strings.Repeat("k", maxNameLen+1): true}, relationships: map[string]any{}}
	if got := p.unpack(p.pack(r)); !reflect.DeepEqual(got, r) {
		t.Error("what was packed with too many names does not come back")
	}
	if len(p.names) > maxNames {
		t.Errorf("%d names are known, more than %d", len(p.names), maxNames)
	}
}
