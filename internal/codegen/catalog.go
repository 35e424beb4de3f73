package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// shapeRow is a row of the sandbox's table of resources.
type shapeRow struct{ Type, Attributes, Relationships string }

// catalog returns the generated files of the sandbox's catalog: which attributes and
// relationships each type of resource has in which version, and what an attribute is
// when it has no value.
func catalog(docs []*openapi.Document) (map[string]string, error) {
	newest := docs[len(docs)-1]
	components := resourceComponents(newest)
	var rows []shapeRow
	for _, typ := range slices.Sorted(maps.Keys(components)) {
		component := components[typ]
		if newest.Schema(component).Properties["attributes"] == nil {
			continue
		}
		rows = append(rows, shapeRow{
			Type:          strings.TrimSuffix(typ, "/"),
			Attributes:    properties(docs, component, "attributes", empty),
			Relationships: properties(docs, component, "relationships", many),
		})
	}
	shapes, err := render("shapes", rows)
	return map[string]string{"shapes_gen.go": shapes}, err
}

// properties writes the attributes or relationships that a component has in any version,
// each with what describe adds.
func properties(docs []*openapi.Document, component, part string, describe func(*openapi.Document, *openapi.Schema) string) string {
	in := map[string][]int{} // property to the versions that have it
	description := map[string]string{}
	for i, doc := range docs {
		schema := doc.Schema(component)
		if schema == nil || schema.Properties[part] == nil {
			continue
		}
		for key, p := range doc.Flat(schema.Properties[part]).Properties {
			in[key] = append(in[key], i)
			description[key] = describe(doc, p)
		}
	}
	var words []string
	for _, key := range slices.Sorted(maps.Keys(in)) {
		words = append(words, key+versions(docs, in[key])+description[key])
	}
	return strings.Join(words, " ")
}

// versions writes the bounds of the versions that have a property: >= the first of them,
// < the first that does not have it any more.
func versions(docs []*openapi.Document, in []int) string {
	bounds := ""
	if first := in[0]; first > 0 {
		bounds += ">=" + docs[first].Version
	}
	if last := in[len(in)-1]; last < len(docs)-1 {
		bounds += "<" + docs[last+1].Version
	}
	return bounds
}

// empty writes an attribute's JSON where it has no value.
func empty(doc *openapi.Document, s *openapi.Schema) string {
	s = doc.Flat(s)
	switch {
	case s == nil || s.Nullable():
		return "=null"
	case s.Type() == "array":
		return "=[]"
	case s.Type() == "object":
		return "=" + nulls(doc, s)
	case s.Type() == "integer" || s.Type() == "number":
		return "=0"
	case s.Type() == "boolean":
		return "=false"
	case s.Type() == "string" && s.Format == "":
		return `=""`
	default:
		return "=null"
	}
}

// nulls writes an object whose every property may be null with all of them null, as a
// theme is, and any other object empty.
func nulls(doc *openapi.Document, s *openapi.Schema) string {
	var properties []string
	for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
		if !doc.Flat(s.Properties[key]).Nullable() {
			return "{}"
		}
		properties = append(properties, strconv.Quote(key)+":null")
	}
	return "{" + strings.Join(properties, ",") + "}"
}

// many marks a relationship to many resources.
func many(doc *openapi.Document, s *openapi.Schema) string {
	if toMany(doc, s) {
		return "*"
	}
	return ""
}
