package storage

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatIsEncodedIsDecoded(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"", "type", "created", "2026-01-02T03:04:05.678Z", "2026-13-02T03:04:05.678Z", "0000-01-01T00:00:00.000Z", strings.Repeat("long ", 40),
	}))
	ids := rapid.Custom(func(t *rapid.T) Identifier { return Identifier{text.Draw(t, "type"), text.Draw(t, "id")} })
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		kinds := []*rapid.Generator[any]{
			rapid.Just[any](nil), rapid.Bool().AsAny(), text.AsAny(), rapid.Float64().AsAny(), rapid.Int().AsAny(),
			rapid.Float64Range(-1e15, 1e15).AsAny(), rapid.Map(rapid.Int32(), func(n int32) any { return float64(n) }),
			ids.AsAny(), rapid.SliceOf(ids).AsAny(), rapid.SliceOf(text).AsAny(), rapid.Just[any](any(NewInquiryFields(PersonFields()))), rapid.Just[any](any(NewAccountFields())),
		}
		if depth > 0 {
			kinds = append(kinds, rapid.SliceOf(value(depth-1)).AsAny(), rapid.MapOf(text, value(depth-1)).AsAny())
		}
		return rapid.OneOf(kinds...)
	}
	object := rapid.MapOf(text, value(3))
	rapid.Check(t, func(t *rapid.T) {
		p := newCodec()
		for range rapid.IntRange(1, 3).Draw(t, "resources") { // later ones find names that are known
			r := &Resource{Typ: text.Draw(t, "typ"), ID: text.Draw(t, "id"), Attributes: object.Draw(t, "attributes"), Relationships: object.Draw(t, "relationships")}
			encoded := p.encode(r)
			if got := p.decode(encoded); !reflect.DeepEqual(got, r) {
				t.Fatalf("encoded %#v, decoded %#v", r, got)
			}
			if got := p.idOf(encoded); got != r.ID {
				t.Fatalf("the id of %q is %q", r.ID, got)
			}
			if got, want := p.outline(encoded), outlineOf(r); !reflect.DeepEqual(got, want) {
				t.Fatalf("the outline of %#v is %#v", r, got)
			}
			if p.encode(r) != p.encode(p.decode(encoded)) {
				t.Fatal("with all its names known, a resource is encoded in two ways")
			}
		}
	})
}

// outlineOf returns a resource without the attributes that are objects or lists.
func outlineOf(r *Resource) *Resource {
	outline := r.Clone()
	maps.DeleteFunc(outline.Attributes, func(_ string, value any) bool {
		kind := reflect.ValueOf(value).Kind()
		return kind == reflect.Map || kind == reflect.Slice
	})
	return outline
}

func TestNamesFromRequestsAreLearnedUpToALimit(t *testing.T) {
	p := newCodec()
	many := map[string]any{}
	for i := range 2 * maxNames {
		many[strings.Repeat("x", i%50)+"-"+NewID("name")] = float64(i)
	}
	r := &Resource{Typ: "account", ID: "act_1", Attributes: map[string]any{"fields": many, strings.Repeat("k", maxNameLen+1): true}, Relationships: map[string]any{}}
	if got := p.decode(p.encode(r)); !reflect.DeepEqual(got, r) {
		t.Error("what was encoded with too many names does not come back")
	}
	if len(p.names) > maxNames {
		t.Errorf("%d names are known, more than %d", len(p.names), maxNames)
	}
}

func TestAListOfChecksIsEncodedOnce(t *testing.T) {
	p := newCodec()
	verification := func(check string) *Resource {
		checks := []any{}
		for range 40 {
			checks = append(checks, map[string]any{"name": check, "status": "passed", "reasons": []any{}, "metadata": map[string]any{}})
		}
		return &Resource{Typ: "verification/government-id", ID: NewID("ver"), Attributes: map[string]any{"checks": checks}, Relationships: map[string]any{}}
	}
	r := verification("id_glare_detection")
	if encoded := p.encode(r); len(encoded) > 100 {
		t.Errorf("a verification with known checks takes %d bytes", len(encoded))
	}
	for i := range maxLists + 10 { // those after the limit are written out
		other := verification(fmt.Sprint("check ", i))
		if got := p.decode(p.encode(other)); !reflect.DeepEqual(got, other) {
			t.Fatalf("list %d: %v", i, got)
		}
	}
	if len(p.lists) != maxLists {
		t.Errorf("%d lists are known", len(p.lists))
	}
	got := codecOf(p.names, p.blanks, p.lists).decode(p.encode(r))
	if !reflect.DeepEqual(got, r) {
		t.Errorf("after a snapshot: %v", got)
	}
	got.Attributes["checks"].([]any)[0] = "changed"
	if again := p.decode(p.encode(r)); !reflect.DeepEqual(again, r) {
		t.Error("what is decoded shares its list")
	}
}

func TestTemplatesAreNamedByNumber(t *testing.T) {
	p := newCodec()
	inquiry := func() *Resource {
		return &Resource{Typ: "inquiry", ID: NewID("inq"), Attributes: map[string]any{}, Relationships: map[string]any{"inquiry-template": Identifier{"inquiry-template", "itmpl_AndAVeryLongIdentifierOfIt11"}}}
	}
	p.encode(inquiry())
	r := inquiry()
	encoded := p.encode(r)
	if strings.Contains(encoded, "itmpl_") || !reflect.DeepEqual(p.decode(encoded), r) {
		t.Errorf("%q", encoded)
	}
	if account := (Identifier{"account", NewID("act")}); p.numbers[account.ID] != 0 || !strings.Contains(string(p.appendIdentifier(nil, account)), account.ID) {
		t.Error("an account is named by number")
	}
}
