package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// sent returns the Go type of a value that is sent, and the options of its tag.
func (t *types) sent(prefix, key string, s *openapi.Schema, required bool) (goType, options string) {
	flat := t.newest.Flat(s)
	goType = t.sentType(prefix, key, s.Ref, flat)
	switch {
	case required && !flat.Nullable():
		return goType, ""
	case required:
		return "Optional[" + goType + "]", ""
	default:
		return "Optional[" + goType + "]", ",omitzero"
	}
}

func (t *types) sentType(prefix, key, component string, s *openapi.Schema) string {
	if byHand := handwritten(prefix, key); byHand != "" {
		return byHand
	}
	switch alternatives := s.Alternatives(); {
	case len(alternatives) == 1:
		return t.sentType(prefix, key, alternatives[0].Ref, t.newest.Flat(alternatives[0]))
	case len(alternatives) > 1 && !objects(t.newest, alternatives):
		return "any"
	case len(alternatives) > 1:
		s = t.newest.Union(alternatives)
	}
	switch s.Type() {
	case "string":
		return "string"
	case "integer":
		return "int64"
	case "number":
		return "float64"
	case "boolean":
		return "bool"
	case "array":
		if s.Items == nil {
			return "[]any"
		}
		return "[]" + t.sentType(prefix, element(key), s.Items.Ref, t.newest.Flat(s.Items))
	default:
		return t.sentObject(prefix, key, component, s)
	}
}

// handwritten returns the type that the SDK has for a part of a request, or "".
func handwritten(prefix, key string) string {
	switch {
	case prefix != "" && key == "fields":
		return "map[string]any"
	case key == "query" && strings.HasSuffix(prefix, "Search"):
		return "Predicate"
	case key == "sort" && strings.HasSuffix(prefix, "Search"):
		return "Sort"
	case key == "file" && strings.Contains(prefix, "Import"):
		return "File"
	default:
		return ""
	}
}

func (t *types) sentObject(prefix, key, component string, s *openapi.Schema) string {
	switch {
	case s.Open: // other keys than the named may be sent, such as headers of a webhook
		return "map[string]any"
	case len(s.Properties) == 0 && s.Type() == "object":
		return "map[string]any"
	case len(s.Properties) == 0:
		return "any"
	}
	name := sentName(prefix, key, component)
	if t.first(name, "a request's "+cmp.Or(component, prefix+"."+key)) {
		t.afterwards(func() {
			t.structure(structure{Name: name, Doc: "is part of a request."}, s, func(key string, p *openapi.Schema) (goType, options string) {
				return t.sent(name, key, p, slices.Contains(s.Required, key))
			})
		})
	}
	return name
}

// sentName returns the Go name of an object that is part of a request.
func sentName(prefix, key, component string) string {
	if component != "" {
		return typeName(component) + "Input"
	}
	switch name := prefix + goName(key); name {
	case "InquiryPerformSimulateActionsSimulateAction":
		return "SimulateAction"
	case "ReportCreateQuery":
		return "ReportQuery"
	default:
		return name
	}
}
