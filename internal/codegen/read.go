package main

import (
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// place is where in the documents a struct's properties are, and what the names of the
// types nested in it begin with.
type place struct {
	path   string // verification-shared-attributes.checks
	prefix string // VerificationCheck
}

// property is one property there.
type property struct {
	path   string // verification-shared-attributes.checks.status
	goType string // the name of its type, if it gets one: VerificationCheckStatus
	key    string // status
	prefix string // VerificationCheck
}

func (p place) property(key string) property {
	return property{p.path + "." + key, p.prefix + goName(key), key, p.prefix}
}

// element is one element of a property that is a list.
func (p property) element() property {
	key := element(p.key)
	return property{p.path, p.prefix + goName(key), key, p.prefix}
}

// attribute returns the fields of a resource's attributes.
func (t *types) attribute(at place) fieldFunc {
	return func(key string, s *openapi.Schema) (goType, options string) {
		flat := t.joined.Flat(s)
		switch {
		case at.path == "event" && key == "payload":
			return "EventPayload", ""
		case key == "fields" && (flat.Type() == "object" || flat.Type() == ""):
			return "Fields", ""
		default:
			return t.read(at.property(key), s), ""
		}
	}
}

// received returns the fields of anything else that is read.
func (t *types) received(at place) fieldFunc {
	return func(key string, s *openapi.Schema) (goType, options string) {
		return t.read(at.property(key), s), ""
	}
}

// relationship returns the fields of a resource's relationships.
func (t *types) relationship(place) fieldFunc {
	return func(_ string, s *openapi.Schema) (goType, options string) {
		if toMany(t.joined, s) {
			return "ToMany", ""
		}
		return "ToOne", ""
	}
}

// toMany reports whether a relationship leads to many resources.
func toMany(doc *openapi.Document, relationship *openapi.Schema) bool {
	data := doc.Resolve(doc.Flat(relationship).Properties["data"])
	return data != nil && data.Type() == "array"
}

// read returns the Go type of a value that is read.
func (t *types) read(p property, s *openapi.Schema) string {
	flat := t.joined.Flat(s)
	if flat == nil {
		return "json.RawMessage"
	}
	if alternatives := flat.Alternatives(); len(alternatives) > 0 {
		return t.readAlternatives(p, s.Ref, alternatives)
	}
	switch flat.Type() {
	case "string":
		if flat.Format == "date-time" || strings.HasSuffix(p.key, "-at") { // some documents leave the format out
			return "Time"
		}
		return t.enum(p)
	case "integer":
		return nullable("int64", flat)
	case "number":
		return nullable("float64", flat)
	case "boolean":
		return nullable("bool", flat)
	case "array":
		return t.readArray(p, flat)
	case "object", "":
		return t.readObject(p, s.Ref, flat)
	default:
		return "json.RawMessage"
	}
}

// nullable makes a type a pointer where the value can be null.
func nullable(goType string, s *openapi.Schema) string {
	if s.Nullable() {
		return "*" + goType
	}
	return goType
}

func (t *types) readArray(p property, s *openapi.Schema) string {
	switch {
	case p.key == "tags": // in some places the documents leave the type out
		return "[]string"
	case s.Items == nil:
		return "[]json.RawMessage"
	default:
		return "[]" + strings.TrimPrefix(t.read(p.element(), s.Items), "*")
	}
}

func (t *types) readObject(p property, component string, s *openapi.Schema) string {
	switch {
	case len(s.Properties) == 0 && s.Type() == "object" && s.Open:
		return "map[string]json.RawMessage"
	case len(s.Properties) == 0:
		return "json.RawMessage"
	}
	nested := place{p.path, p.goType}
	if component != "" {
		nested = place{component, typeName(component)}
	}
	if t.first(nested.prefix, nested.path) {
		t.afterwards(func() {
			t.structure(structure{Name: nested.prefix, Doc: "is part of a resource."}, s, t.received(nested))
		})
	}
	return "*" + nested.prefix
}

// readAlternatives returns the Go type of a value that is one of several: the one there
// is, or an object with the properties of all, or the JSON.
func (t *types) readAlternatives(p property, component string, alternatives []*openapi.Schema) string {
	if len(alternatives) == 1 {
		return t.read(p, alternatives[0])
	}
	if !objects(t.joined, alternatives) {
		return "json.RawMessage"
	}
	return t.readObject(p, component, t.joined.Union(alternatives))
}

// objects reports whether all schemas describe objects with known properties.
func objects(doc *openapi.Document, schemas []*openapi.Schema) bool {
	for _, s := range schemas {
		if s = doc.Flat(s); s == nil || s.Type() != "object" || len(s.Properties) == 0 {
			return false
		}
	}
	return true
}

// enum returns the named type of an open set of values, or string.
func (t *types) enum(p property) string {
	values := t.values[p.path]
	if values == nil {
		return "string"
	}
	t.seen[p.path] = true
	name, origin := p.goType, p.path
	if strings.HasPrefix(p.path, "report-business-lookup.match-status-") {
		name, origin = "MatchStatus", "report-business-lookup" // the same for all of them
	}
	if t.first(name, origin) {
		t.afterwards(func() { t.write("enum", enum{name, values}) })
	}
	return name
}

// enum is an open set of values.
type enum struct {
	Name   string
	Values []string
}
