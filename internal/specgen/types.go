package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// types writes the Go types of one generated file.
type types struct {
	*generator
	out   bytes.Buffer
	later []func() // nested types, written after the type they are nested in
}

// flush writes the nested types that were asked for.
func (t *types) flush() {
	for len(t.later) > 0 {
		next := t.later[0]
		t.later = t.later[1:]
		next()
	}
}

func (t *types) printf(format string, args ...any) { fmt.Fprintf(&t.out, format, args...) }

// resource writes the Go type of a component that is a resource.
func (t *types) resource(component string) {
	name := typeName(component)
	if !t.once(name) {
		return
	}
	if shared, ok := unions[component]; ok {
		t.printf("// %s is one of the kinds of %s; a type switch on Value tells which.\n", name, spelled(component))
		t.printf("type %s struct {\n\tResource\n\tAttributes %s\n\tRelationships %s\n\tValue Object\n}\n\n", name, shared[0], shared[1])
		t.unmarshal(name)
		for _, kind := range slices.Sorted(maps.Values(t.spec.component(component).Mapping)) {
			t.resource(kind)
		}
		return
	}
	t.resourceOf(name, spelled(component), t.spec.component(component))
}

// resourceOf writes the Go type of a resource's schema.
func (t *types) resourceOf(name, what string, schema *openapi.Schema) {
	attributes, relationships := "struct{}", "struct{}"
	if schema.Properties["attributes"] != nil {
		attributes = t.part(name+"Attributes", fmt.Sprintf("are the attributes of a resource of type %s.", typeOf(what, schema)), schema.Properties["attributes"], t.readField)
	}
	if r := t.spec.flat(schema.Properties["relationships"]); r != nil && len(r.Properties) > 0 {
		relationships = t.part(name+"Relationships", fmt.Sprintf("are the resources that one of type %s points to.", typeOf(what, schema)), schema.Properties["relationships"], t.relationField)
	}
	t.printf("// %s is a resource of type %s.\n", name, typeOf(what, schema))
	t.printf("type %s struct {\n\tResource\n\tAttributes %s\n\tRelationships %s\n}\n\n", name, attributes, relationships)
	t.unmarshal(name)
	t.flush()
}

// plain writes the struct of something that is read and is not a resource.
func (t *types) plain(name, doc string, schema *openapi.Schema, field fieldFunc) {
	t.structure(name, doc, []string{"Received"}, schema, field)
	t.unmarshal(name)
}

// unmarshal writes how a struct with a Resource or Received is decoded.
func (t *types) unmarshal(name string) {
	t.printf("// UnmarshalJSON implements [json.Unmarshaler].\nfunc (r *%s) UnmarshalJSON(b []byte) error {\n\treturn unmarshal(b, r)\n}\n\n", name)
}

func typeOf(what string, schema *openapi.Schema) string {
	if p := schema.Properties["type"]; p != nil && p.Const != "" {
		return p.Const
	}
	return what
}

// part writes the struct of a resource's attributes or relationships, and returns
// its name. What all kinds of a union share is embedded.
func (t *types) part(name, doc string, schema *openapi.Schema, field fieldFunc) string {
	resolved := t.spec.resolve(schema)
	if schema.Ref != "" && sharedNames[schema.Ref] == name {
		return t.shared(schema.Ref, field)
	}
	var embedded []string
	own := &openapi.Schema{}
	parts := resolved.AllOf
	if schema.Ref != "" && sharedNames[schema.Ref] != "" {
		parts, own = []*openapi.Schema{schema}, &openapi.Schema{}
	} else {
		own.Properties = resolved.Properties
	}
	var rest []*openapi.Schema
	for _, p := range parts {
		if sharedNames[p.Ref] != "" {
			embedded = append(embedded, t.shared(p.Ref, field))
		} else {
			rest = append(rest, p)
		}
	}
	own = t.spec.merge(append([]*openapi.Schema{own}, rest...))
	t.later = append(t.later, func() { t.structure(name, doc, embedded, own, field) })
	return name
}

// shared writes the struct of what the kinds of a union share, once.
func (t *types) shared(component string, field fieldFunc) string {
	name := sharedNames[component]
	if t.once(name) {
		t.later = append(t.later, func() {
			t.structure(name, "are what all kinds have in common.", nil, t.spec.flat(&openapi.Schema{Ref: component}), field)
		})
	}
	return name
}

// fieldFunc returns the Go type of a property, and the options of its tag.
type fieldFunc func(parent, key string, s *openapi.Schema) (goType, options string)

// structure writes one struct.
func (t *types) structure(name, doc string, embedded []string, schema *openapi.Schema, field fieldFunc) {
	t.printf("// %s %s\n", name, doc)
	t.printf("type %s struct {\n", name)
	for _, e := range embedded {
		t.printf("\t%s\n", e)
	}
	used := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(schema.Properties)) {
		goName := exported(key)
		if other, taken := used[goName]; taken {
			goName += "Snake" // the same key in another casing
			_ = other
		}
		used[goName] = key
		goType, options := field(name, key, schema.Properties[key])
		t.printf("\t%s %s `json:\"%s%s\"`\n", goName, goType, key, options)
	}
	t.printf("}\n\n")
}

// relationField is the field of a relationship.
func (t *types) relationField(_, _ string, s *openapi.Schema) (string, string) {
	s = t.spec.flat(s)
	if data := t.spec.resolve(s.Properties["data"]); data != nil && data.Type() == "array" {
		return "ToMany", ""
	}
	return "ToOne", ""
}

// readField is the field of something that is read.
func (t *types) readField(parent, key string, s *openapi.Schema) (string, string) {
	if key == "payload" && parent == "EventAttributes" {
		return "EventPayload", ""
	}
	if r := t.spec.flat(s); key == "fields" && strings.HasSuffix(parent, "Attributes") && (r.Type() == "object" || r.Type() == "") {
		return "Fields", ""
	}
	return t.read(strings.TrimSuffix(parent, "Attributes"), key, s), ""
}

// read returns the Go type of a value that is read.
func (t *types) read(parent, key string, s *openapi.Schema) string {
	component := s.Ref
	s = t.spec.resolve(s)
	if s == nil {
		return "json.RawMessage"
	}
	if alternatives := t.spec.alternatives(s); len(alternatives) > 0 {
		return t.readAlternatives(parent, key, component, alternatives)
	}
	if len(s.AllOf) > 0 {
		s = t.spec.flat(s)
	}
	switch s.Type() {
	case "string":
		if s.Format == "date-time" || strings.HasSuffix(key, "-at") { // some documents leave the format out
			return "Time"
		}
		return t.enum(parent, key)
	case "integer":
		return optional("int64", s)
	case "number":
		return optional("float64", s)
	case "boolean":
		return optional("bool", s)
	case "array":
		if key == "tags" { // in places without a type
			return "[]string"
		}
		if s.Items == nil {
			return "[]json.RawMessage"
		}
		return "[]" + strings.TrimPrefix(t.read(parent, element(key), s.Items), "*")
	case "object", "":
		return t.readObject(parent, key, component, s)
	default:
		return "json.RawMessage"
	}
}

// optional makes a number or boolean that can be null a pointer.
func optional(goType string, s *openapi.Schema) string {
	if s.Nullable() {
		return "*" + goType
	}
	return goType
}

func (t *types) readObject(parent, key, component string, s *openapi.Schema) string {
	if len(s.Properties) == 0 {
		if s.Type() == "object" && s.Open {
			return "map[string]json.RawMessage"
		}
		return "json.RawMessage"
	}
	name := parent + exported(key)
	if component != "" {
		name = typeName(component)
	}
	if t.once(name) {
		t.later = append(t.later, func() {
			t.structure(name, "is part of a resource.", nil, s, func(parent, key string, s *openapi.Schema) (string, string) {
				return t.read(parent, key, s), ""
			})
		})
	}
	return "*" + name
}

// readAlternatives is the type of a value that is one of several: the one there is,
// or an object with the properties of all, or the JSON.
func (t *types) readAlternatives(parent, key, component string, alternatives []*openapi.Schema) string {
	if len(alternatives) == 1 {
		return t.read(parent, key, alternatives[0])
	}
	for _, a := range alternatives {
		if a = t.spec.flat(a); a == nil || a.Type() != "object" || len(a.Properties) == 0 {
			return "json.RawMessage"
		}
	}
	return t.readObject(parent, key, component, t.spec.merge(alternatives))
}

// enum returns the named type of an open set of values, or string.
func (t *types) enum(parent, key string) string {
	name, values := t.enumOf(parent, key)
	if values == nil {
		return "string"
	}
	if t.once(name) {
		t.later = append(t.later, func() {
			t.printf("// %s is an open set: Persona may add values.\ntype %s string\n\n// Values of %s.\nconst (\n", name, name, name)
			for _, v := range values {
				t.printf("\t%s%s %s = %q\n", name, exported(v), name, v)
			}
			t.printf(")\n\n")
		})
	}
	return name
}

// enumOf finds the values of an attribute in the table, by the Go name it would get.
func (t *types) enumOf(parent, key string) (string, []string) {
	if strings.HasPrefix(key, "match-status-") {
		return "MatchStatus", openEnums["report-business-lookup."+key]
	}
	name := parent + exported(key)
	return name, t.enums[name]
}

// element names one element of a list.
func element(key string) string {
	switch {
	case strings.HasSuffix(key, "ies"):
		return strings.TrimSuffix(key, "ies") + "y"
	case strings.HasSuffix(key, "ses"), strings.HasSuffix(key, "xes"):
		return strings.TrimSuffix(key, "es")
	case strings.HasSuffix(key, "s") && !strings.HasSuffix(key, "ss"):
		return strings.TrimSuffix(key, "s")
	default:
		return key + "-item"
	}
}

// spelled writes a component's name as words.
func spelled(component string) string { return strings.ReplaceAll(component, "-", " ") }
