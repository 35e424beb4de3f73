package main

import (
	"slices"

	"github.com/idemhq/idem/internal/openapi"
)

// spec is the documents joined.
type spec struct {
	docs []*openapi.Document // newest first
}

func load() (*spec, error) {
	dir, err := openapi.Dir()
	if err != nil {
		return nil, err
	}
	versions, err := openapi.Versions(dir)
	if err != nil {
		return nil, err
	}
	s := &spec{}
	for _, version := range slices.Backward(versions) {
		doc, err := openapi.Load(dir, version)
		if err != nil {
			return nil, err
		}
		s.docs = append(s.docs, doc)
	}
	return s, nil
}

// newest is the document that operations are taken from.
func (s *spec) newest() *openapi.Document { return s.docs[0] }

// component returns a component with the properties it has in any version. Where
// versions disagree about a property, the newest that has it is right.
func (s *spec) component(name string) *openapi.Schema {
	var joined *openapi.Schema
	for _, doc := range s.docs {
		if schema := doc.Schema(name); schema != nil {
			joined = join(joined, schema)
		}
	}
	return joined
}

// join adds to a what only b has.
func join(a, b *openapi.Schema) *openapi.Schema {
	if a == nil || b == nil || a.Ref != "" || b.Ref != "" {
		if a == nil {
			return b
		}
		return a
	}
	joined := *a
	joined.Properties = map[string]*openapi.Schema{}
	for name, p := range b.Properties {
		joined.Properties[name] = p
	}
	for name, p := range a.Properties {
		joined.Properties[name] = join(p, b.Properties[name])
	}
	if a.Items != nil {
		joined.Items = join(a.Items, b.Items)
	}
	if len(a.AllOf) == len(b.AllOf) {
		joined.AllOf = slices.Clone(a.AllOf)
		for i := range a.AllOf {
			joined.AllOf[i] = join(a.AllOf[i], b.AllOf[i])
		}
	}
	if len(joined.Properties) == 0 {
		joined.Properties = nil
	}
	return &joined
}

// resolve follows a reference to the joined component.
func (s *spec) resolve(schema *openapi.Schema) *openapi.Schema {
	for schema != nil && schema.Ref != "" {
		schema = s.component(schema.Ref)
	}
	return schema
}

// flat merges the parts of allOf, with joined components.
func (s *spec) flat(schema *openapi.Schema) *openapi.Schema {
	schema = s.resolve(schema)
	if schema == nil || len(schema.AllOf) == 0 {
		return schema
	}
	parts := append([]*openapi.Schema{{Properties: schema.Properties, Types: schema.Types, Required: schema.Required}}, schema.AllOf...)
	return s.merge(parts)
}

// merge returns an object with the properties of all parts.
func (s *spec) merge(parts []*openapi.Schema) *openapi.Schema {
	merged := &openapi.Schema{Types: []string{"object"}, Properties: map[string]*openapi.Schema{}}
	for _, part := range parts {
		part = s.flat(part)
		if part == nil {
			continue
		}
		for name, p := range part.Properties {
			merged.Properties[name] = join(merged.Properties[name], p)
		}
		merged.Required = append(merged.Required, part.Required...)
		merged.Open = merged.Open || part.Open
	}
	return merged
}

// alternatives returns the variants of a oneOf but null.
func (s *spec) alternatives(schema *openapi.Schema) []*openapi.Schema {
	return slices.DeleteFunc(slices.Clone(schema.OneOf), func(v *openapi.Schema) bool {
		return len(v.Types) == 1 && v.Types[0] == "null"
	})
}
