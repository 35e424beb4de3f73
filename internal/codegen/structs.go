package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// types writes the Go types of one page. A type that is nested in another is written
// after it.
type types struct {
	*generator
	*page
	pending []func()
}

// afterwards remembers to write a nested type.
func (t *types) afterwards(write func()) { t.pending = append(t.pending, write) }

// flush writes the nested types, and those that are nested in them.
func (t *types) flush() {
	for len(t.pending) > 0 {
		next := t.pending[0]
		t.pending = t.pending[1:]
		next()
	}
}

// structure is one Go struct.
type structure struct {
	Name, Doc string
	Embedded  []string
	Fields    []field
}

// field is one field of a struct. In is where a parameter goes, "" for anything else.
type field struct{ Name, Type, Key, Options, In string }

// fieldFunc returns the Go type of a property, and the options of its tag.
type fieldFunc func(key string, s *openapi.Schema) (goType, options string)

// structure writes a struct with a field for each property of a schema.
func (t *types) structure(s structure, schema *openapi.Schema, fieldOf fieldFunc) {
	used := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(schema.Properties)) {
		name := goName(key)
		if used[name] {
			name += "Snake" // the same key in another casing
		}
		used[name] = true
		goType, options := fieldOf(key, schema.Properties[key])
		s.Fields = append(s.Fields, field{Name: name, Type: goType, Key: key, Options: options})
	}
	t.write("struct", s)
}

// plain writes the struct of something that is read and is not a resource. Prefix begins
// the names of the types nested in it.
func (t *types) plain(name, doc, prefix string, schema *openapi.Schema) {
	t.structure(structure{Name: name, Doc: doc, Embedded: []string{"Received"}}, schema, t.received(place{prefix, prefix}))
	t.write("unmarshal", name)
}

// resource is the Go type of a resource. A union has the first part of its types.
type resource struct {
	Name, Type                string
	Attributes, Relationships string
	Meta                      string // "" if such resources have none
}

// resource writes the Go type of a component that is a resource.
func (t *types) resource(component string) {
	name, schema := typeName(component), t.joined.Schema(component)
	if !t.first(name, component) {
		return
	}
	attributes, relationships, kinds := union(component)
	if !kinds {
		t.resourceOf(place{component, name}, strings.TrimSuffix(resourceType(component, schema), "/"), schema)
		return
	}
	t.write("union", resource{name, component, attributes, relationships, ""})
	t.write("unmarshal", name)
	for _, kind := range slices.Sorted(maps.Values(schema.Mapping)) {
		t.resource(kind)
	}
}

// resourceOf writes the Go type of the resources of one type.
func (t *types) resourceOf(at place, typ string, schema *openapi.Schema) {
	r := resource{at.prefix, typ, "struct{}", "struct{}", ""}
	if attributes := schema.Properties["attributes"]; attributes != nil {
		r.Attributes = r.Name + "Attributes"
		doc := fmt.Sprintf("are the attributes of [%s].", r.Name)
		t.part(structure{Name: r.Attributes, Doc: doc}, attributes, at, t.attribute)
	}
	if relationships := t.joined.Flat(schema.Properties["relationships"]); relationships != nil && len(relationships.Properties) > 0 {
		r.Relationships = r.Name + "Relationships"
		doc := fmt.Sprintf("are the relationships of [%s].", r.Name)
		t.part(structure{Name: r.Relationships, Doc: doc}, schema.Properties["relationships"], at, t.relationship)
	}
	if meta := schema.Properties["meta"]; meta != nil && schema.Properties["attributes"] != nil {
		r.Meta = r.Name + "Meta"
		if shared := sharedName(meta.Ref); shared != "" {
			r.Meta = shared
		}
		doc := fmt.Sprintf("is the metadata of [%s].", r.Name)
		t.part(structure{Name: r.Meta, Doc: doc}, meta, at, t.attribute)
	}
	t.write("resource", r)
	t.write("unmarshal", r.Name)
	t.flush()
}

// part writes the struct of a resource's attributes or relationships. What all kinds of
// a union share is embedded.
func (t *types) part(s structure, schema *openapi.Schema, at place, fieldAt func(place) fieldFunc) {
	if sharedName(schema.Ref) == s.Name {
		t.shared(schema.Ref, fieldAt)
		return
	}
	parts := []*openapi.Schema{schema}
	if sharedName(schema.Ref) == "" {
		resolved := t.joined.Resolve(schema)
		parts = append(slices.Clone(resolved.AllOf), &openapi.Schema{Properties: resolved.Properties})
	}
	own := &openapi.Schema{}
	for _, p := range parts {
		if name := sharedName(p.Ref); name != "" {
			t.shared(p.Ref, fieldAt)
			s.Embedded = append(s.Embedded, name)
		} else {
			own.AllOf = append(own.AllOf, p)
		}
	}
	t.afterwards(func() { t.structure(s, t.joined.Flat(own), fieldAt(at)) })
}

// shared writes the struct of what the kinds of a union share, once.
func (t *types) shared(component string, fieldAt func(place) fieldFunc) {
	name := sharedName(component)
	if !t.first(name, component) {
		return
	}
	at := place{component, strings.TrimSuffix(name, "Attributes")}
	t.afterwards(func() {
		kind, part, _ := strings.Cut(component, "-shared-")
		is := map[string]string{"attributes": "are the attributes", "relationships": "are the relationships", "meta": "is the metadata"}[part]
		s := structure{Name: name, Doc: fmt.Sprintf("%s that all kinds of %s share.", is, strings.TrimSuffix(strings.ReplaceAll(kind, "-", " "), "s"))}
		t.structure(s, t.joined.Flat(t.joined.Schema(component)), fieldAt(at))
	})
}
