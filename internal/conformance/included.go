package conformance

import (
	"maps"
	"slices"
)

// anyResource is the component for resources of any type.
const anyResource = "any-resource"

// allowIncluded allows included resources in every answer of an operation with the
// parameter "include". The document declares the parameter for 75 operations whose schemas
// do not allow them, such as the reads of one type of verification.
func (d *Document) allowIncluded() {
	union := []any{}
	for _, name := range slices.Compact(slices.Sorted(maps.Values(d.components))) {
		union = append(union, node{"$ref": "#/components/schemas/" + name})
	}
	d.member(d.root, "components", "schemas")[anyResource] = node{"oneOf": union}
	for _, r := range d.listRoutes() {
		takes := slices.ContainsFunc(d.parameters(r), func(p parameter) bool { return p.name == "include" })
		for status, response := range d.member(d.operation(r), "responses") {
			content := d.member(d.resolve(response.(node)), "content", "application/json")
			schema := d.member(content, "schema")
			if !takes || status[0] != '2' || schema == nil || d.property(schema, "included") != nil {
				continue
			}
			properties := maps.Clone(d.properties(schema))
			properties["included"] = node{"type": "array", "items": node{"$ref": "#/components/schemas/" + anyResource}}
			content["schema"] = node{"type": "object", "additionalProperties": false, "required": list(schema["required"]), "properties": properties}
		}
	}
}

// listComponents returns the name of the schema for each resource type. If there are two,
// the one with the shorter name does not have attributes of special answers, such as
// secrets.
func (d *Document) listComponents() map[string]string {
	byType := make(map[string]string)
	schemas := d.member(d.root, "components", "schemas")
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		schema := schemas[name].(node)
		if d.property(schema, "id") == nil {
			continue
		}
		for _, typ := range d.constants(schema, "type") {
			if have := byType[typ]; have == "" || len(name) < len(have) {
				byType[typ] = name
			}
		}
	}
	return byType
}
