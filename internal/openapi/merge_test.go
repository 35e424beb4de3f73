package openapi

import (
	"maps"
	"slices"
	"testing"
)

func text() *Schema    { return &Schema{Types: []string{"string"}} }
func integer() *Schema { return &Schema{Types: []string{"integer"}} }

func object(properties map[string]*Schema, required ...string) *Schema {
	return &Schema{Types: []string{"object"}, Properties: properties, Required: required}
}

// shape writes the properties of a schema as name:type, sorted.
func shape(s *Schema) []string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		words = append(words, name+":"+s.Properties[name].Type())
	}
	return words
}

func TestTheLaterPartOfAnAllOfCounts(t *testing.T) {
	doc := &Document{schemas: map[string]*Schema{
		"base":  {AllOf: []*Schema{object(map[string]*Schema{"a": text(), "b": text()}, "a"), object(map[string]*Schema{"b": integer()})}},
		"child": {AllOf: []*Schema{{Ref: "base"}, object(map[string]*Schema{"c": text()})}, Properties: map[string]*Schema{"a": integer()}, Required: []string{"c"}},
	}}
	flat := doc.Flat(&Schema{Ref: "child"})
	if want := []string{"a:integer", "b:integer", "c:string"}; !slices.Equal(shape(flat), want) {
		t.Errorf("the properties are %v, want %v", shape(flat), want)
	}
	if want := []string{"a", "c"}; !slices.Equal(flat.Required, want) {
		t.Errorf("%v are required, want %v", flat.Required, want)
	}
	if flat.Type() != "object" || len(flat.AllOf) != 0 {
		t.Errorf("the type is %q with %d parts, want an object without parts", flat.Type(), len(flat.AllOf))
	}
}

func TestFlatLeavesTheDocumentAsItIs(t *testing.T) {
	base := object(map[string]*Schema{"a": text()}, "a")
	doc := &Document{schemas: map[string]*Schema{"base": base}}
	doc.Flat(&Schema{AllOf: []*Schema{{Ref: "base"}, object(map[string]*Schema{"a": integer(), "b": text()}, "b")}})
	if want := []string{"a:string"}; !slices.Equal(shape(base), want) || !slices.Equal(base.Required, []string{"a"}) {
		t.Errorf("the component became %v, %v required", shape(base), base.Required)
	}
}

func TestAUnionRequiresWhatAllVariantsRequire(t *testing.T) {
	doc := &Document{}
	union := doc.Union([]*Schema{
		object(map[string]*Schema{"kind": text(), "a": text(), "nested": object(map[string]*Schema{"x": text()}, "x")}, "kind", "a"),
		object(map[string]*Schema{"kind": text(), "b": integer(), "nested": object(map[string]*Schema{"y": text()})}, "kind"),
	})
	if want := []string{"a:string", "b:integer", "kind:string", "nested:object"}; !slices.Equal(shape(union), want) {
		t.Errorf("the properties are %v, want %v", shape(union), want)
	}
	if want := []string{"kind"}; !slices.Equal(union.Required, want) {
		t.Errorf("%v are required, want %v", union.Required, want)
	}
	nested := union.Properties["nested"]
	if want := []string{"x:string", "y:string"}; !slices.Equal(shape(nested), want) || len(nested.Required) != 0 {
		t.Errorf("the nested properties are %v with %v required, want %v with none", shape(nested), nested.Required, want)
	}
}

func TestAPropertyWithDifferentTypesMayBeAnythingInAUnion(t *testing.T) {
	doc := &Document{}
	for name, variants := range map[string][]*Schema{
		"the boolean first": {object(map[string]*Schema{"default": {Types: []string{"boolean", "null"}}}), object(map[string]*Schema{"default": text()})},
		"the boolean last":  {object(map[string]*Schema{"default": text()}), object(map[string]*Schema{"default": {Types: []string{"boolean", "null"}}})},
		"a third like one":  {object(map[string]*Schema{"default": text()}), object(map[string]*Schema{"default": integer()}), object(map[string]*Schema{"default": text()})},
	} {
		if got := doc.Union(variants).Properties["default"]; len(got.Types) != 0 {
			t.Errorf("%s: the type is %v, want none", name, got.Types)
		}
	}
}

func TestAJoinedDocumentHasThePropertiesOfAllVersions(t *testing.T) {
	oldest := &Document{Version: "2020-01-18", schemas: map[string]*Schema{
		"thing":   object(map[string]*Schema{"gone": text(), "changed": text(), "nested": object(map[string]*Schema{"x": text()})}),
		"removed": object(nil),
	}}
	newest := &Document{Version: "2025-12-08", Operations: []Operation{{ID: "get"}}, schemas: map[string]*Schema{
		"thing": object(map[string]*Schema{"added": text(), "changed": integer(), "nested": object(map[string]*Schema{"y": text()})}),
	}}
	joined := Join([]*Document{oldest, newest})
	if want := []string{"added:string", "changed:integer", "gone:string", "nested:object"}; !slices.Equal(shape(joined.Schema("thing")), want) {
		t.Errorf("the properties are %v, want %v", shape(joined.Schema("thing")), want)
	}
	if want := []string{"x:string", "y:string"}; !slices.Equal(shape(joined.Schema("thing").Properties["nested"]), want) {
		t.Errorf("the nested properties are %v, want %v", shape(joined.Schema("thing").Properties["nested"]), want)
	}
	if joined.Schema("removed") == nil || joined.Version != newest.Version || len(joined.Operations) != 1 {
		t.Error("a joined document must keep removed components and have the newest version's operations")
	}
	if want := []string{"added:string", "changed:integer", "nested:object"}; !slices.Equal(shape(newest.Schema("thing")), want) {
		t.Errorf("joining changed the newest document to %v", shape(newest.Schema("thing")))
	}
}
