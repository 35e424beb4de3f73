package openapi

import (
	"iter"
	"maps"
	"slices"
)

// Parts ranges over the parts of a schema's allOf, in order and with their own parts
// before them, and ends with the schema itself. A later part is more specific: where two
// describe the same property, the later one counts.
//
// S is how the caller keeps a schema; resolve follows a reference and allOf returns the
// parts of a schema that is no reference.
func Parts[S any](schema S, resolve func(S) S, allOf func(S) []S) iter.Seq[S] {
	return func(yield func(S) bool) {
		schema := resolve(schema)
		for _, part := range allOf(schema) {
			for inner := range Parts(part, resolve, allOf) {
				if !yield(inner) {
					return
				}
			}
		}
		yield(schema)
	}
}

// Flat resolves a schema and merges the parts of its allOf into it. It returns nil for
// nil.
func (d *Document) Flat(s *Schema) *Schema {
	s = d.Resolve(s)
	if s == nil || len(s.AllOf) == 0 {
		return s
	}
	flat := *s
	flat.AllOf, flat.Required, flat.Properties = nil, nil, map[string]*Schema{}
	for part := range Parts(s, d.Resolve, func(s *Schema) []*Schema { return s.AllOf }) {
		maps.Copy(flat.Properties, part.Properties)
		flat.Required = append(flat.Required, part.Required...)
		flat.Open = flat.Open || part.Open
		if len(flat.Types) == 0 {
			flat.Types = part.Types
		}
	}
	return &flat
}

// Union returns an object that every variant fits: it has the properties of all variants,
// and requires what all of them require. A property that has different types in two
// variants has none in the union, so that it may be anything.
func (d *Document) Union(variants []*Schema) *Schema {
	union := &Schema{Types: []string{"object"}, Properties: map[string]*Schema{}}
	for i, variant := range variants {
		variant = d.Flat(variant)
		for name, p := range variant.Properties {
			union.Properties[name] = d.either(union.Properties[name], p)
		}
		union.Open = union.Open || variant.Open
		if i == 0 {
			union.Required = variant.Required
		}
		union.Required = slices.DeleteFunc(slices.Clone(union.Required), func(name string) bool {
			return !slices.Contains(variant.Required, name)
		})
	}
	return union
}

// either returns a schema that fits what fits one of two. The first may be nil.
func (d *Document) either(a, b *Schema) *Schema {
	flatA, flatB := d.Flat(a), d.Flat(b)
	switch {
	case a == nil:
		return b
	case len(flatB.Properties) > 0:
		return d.Union([]*Schema{a, b})
	case flatA.Type() != flatB.Type():
		return &Schema{}
	default:
		return b
	}
}
