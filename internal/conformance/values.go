package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// deepest is where a schema that contains itself is cut off.
const deepest = 12

// openKey is the key that samples have where the document leaves keys open.
const openKey = "acme_Key-1"

func (s *Sampler) value(schema node, name string, depth int) any {
	schema = s.doc.resolve(schema)
	if value, ok := schema["const"]; ok {
		return value
	}
	if values := list(schema["enum"]); len(values) > 0 {
		return values[s.rand.IntN(len(values))]
	}
	if byType, ok := s.doc.members(schema); ok {
		types := slices.Sorted(maps.Keys(byType))
		kind := types[s.rand.IntN(len(types))]
		value := s.value(byType[kind].(node), name, depth)
		value.(node)["type"] = kind
		return value
	}
	for _, keyword := range []string{"oneOf", "anyOf"} {
		if branches := list(schema[keyword]); len(branches) > 0 {
			return s.value(branches[s.rand.IntN(len(branches))].(node), name, depth)
		}
	}
	switch s.kind(schema) {
	case "object":
		return s.object(schema, name, depth)
	case "array":
		return s.array(schema, name, depth)
	case "boolean":
		return s.rand.IntN(2) == 0
	case "integer":
		return s.integer(schema)
	case "number":
		return json.Number(fmt.Sprintf("%d.5", s.integer(schema)))
	case "null":
		return nil
	default:
		return s.text(schema, name)
	}
}

// kind returns the JSON type to make. Of nullable values every fourth is null.
func (s *Sampler) kind(schema node) string {
	kinds := list(schema["type"])
	if one := text(schema, "type"); one != "" {
		kinds = []any{one}
	}
	if slices.Contains(kinds, any("null")) && len(kinds) > 1 {
		if s.rand.IntN(4) == 0 {
			return "null"
		}
		kinds = slices.DeleteFunc(slices.Clone(kinds), func(k any) bool { return k == "null" })
	}
	switch {
	case len(kinds) > 0:
		return kinds[s.rand.IntN(len(kinds))].(string)
	case schema["properties"] != nil || schema["allOf"] != nil:
		return "object"
	default:
		return "string"
	}
}

func (s *Sampler) object(schema node, name string, depth int) any {
	object := make(node)
	properties := s.doc.properties(schema)
	if depth <= deepest {
		for _, key := range slices.Sorted(maps.Keys(properties)) {
			if !s.required || s.doc.requires(schema, key) || s.holdsRequired(properties[key].(node), key) {
				object[key] = s.value(properties[key].(node), key, depth+1)
			}
		}
	}
	if s.required {
		return object
	}
	switch extra := schema["additionalProperties"].(type) {
	case bool:
		if extra && name == "fields" {
			object["favourite_colour"] = node{"type": "string", "value": "blue"}
		} else if extra {
			object[openKey] = s.word(name)
		}
	case node:
		object[openKey] = s.value(extra, name, depth+1)
	}
	return object
}

// holdsRequired reports whether a property is one of the places that a request's
// attributes go to and holds something required, or has a type to be told apart by.
// The document often leaves the place itself optional.
func (s *Sampler) holdsRequired(schema node, key string) bool {
	if !slices.Contains([]string{"data", "attributes", "meta"}, key) {
		return false
	}
	if _, union := s.doc.members(schema); union {
		return true
	}
	for name, definition := range s.doc.properties(schema) {
		if s.doc.requires(schema, name) || s.holdsRequired(definition.(node), name) {
			return true
		}
	}
	return false
}

func (s *Sampler) array(schema node, name string, depth int) any {
	items, _ := schema["items"].(node)
	elements := []any{}
	if items == nil || depth > deepest {
		return elements
	}
	n := s.bounded(schema, "minItems", "maxItems", 2, 3)
	for range n {
		elements = append(elements, s.value(items, name, depth+1))
	}
	return elements
}

func (s *Sampler) integer(schema node) int64 {
	return s.bounded(schema, "minimum", "maximum", 1, 1000)
}

// bounded returns a number between two bounds, which the schema may narrow.
func (s *Sampler) bounded(schema node, minimum, maximum string, low, high int64) int64 {
	if n, ok := schema[minimum].(json.Number); ok {
		low, _ = n.Int64()
	}
	if n, ok := schema[maximum].(json.Number); ok {
		high, _ = n.Int64()
	}
	return low + s.rand.Int64N(high-low+1)
}

func (s *Sampler) text(schema node, name string) string {
	switch text(schema, "format") {
	case "date-time":
		return fmt.Sprintf("2026-11-20T09:%02d:%02d.%03dZ", s.rand.IntN(60), s.rand.IntN(60), s.rand.IntN(1000))
	case "date":
		return fmt.Sprintf("1990-04-%02d", 1+s.rand.IntN(28))
	case "uri":
		return "https://example.com/" + s.word(name)
	case "json":
		return `{"acme":true}`
	}
	if pattern := text(schema, "pattern"); pattern != "" {
		return matching(pattern)
	}
	return s.word(name)
}

// word returns a text that no other value of the sample has.
func (s *Sampler) word(name string) string {
	s.next++
	return fmt.Sprintf("%s_%d", strings.ReplaceAll("acme "+name, " ", "_"), s.next)
}

// matching returns a text for one of the document's patterns, all of which are
// short: digits, dates, numbers and ids.
func matching(pattern string) string {
	id := "AcmeAcmeAcmeAcmeAcmeAcme"
	re := regexp.MustCompile(pattern)
	for _, text := range []string{"20", "2026", "2026-11-20", "123-45-6789", "act_" + id, "accac_" + id, "verification-template/acme", "verification-template-version/acme"} {
		if re.MatchString(text) {
			return text
		}
	}
	return pattern
}
