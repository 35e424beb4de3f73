package conformance

import (
	"maps"
	"slices"
)

// membersKey is the keyword for the members of a rewritten union, by type.
const membersKey = "x-members"

// dispatchUnions rewrites every oneOf and anyOf whose members have different constants in
// their "type" property into one if/then per type. Errors then say what is wrong with a
// value of its type, not that it matches none of the members.
//
// Removing additionalProperties: false instead would make the unions ambiguous.
func (d *Document) dispatchUnions() {
	walk(d.root, func(object node) {
		for _, keyword := range []string{"oneOf", "anyOf"} {
			byType, nullable, ok := d.dispatch(object, keyword)
			if !ok {
				continue
			}
			delete(object, keyword)
			delete(object, "discriminator")
			object[membersKey] = byType
			object["allOf"] = append(list(object["allOf"]), choice(byType, nullable)...)
		}
	})
}

// dispatch returns the members of a union by type, or false if their types are not
// distinct.
func (d *Document) dispatch(object node, keyword string) (byType node, nullable, ok bool) {
	byType = make(node)
	for _, member := range list(object[keyword]) {
		m := member.(node)
		if m["type"] == "null" {
			nullable = true
			continue
		}
		types := mapped(object, text(m, "$ref"))
		if len(types) == 0 {
			types = d.constants(m, "type")
		}
		if len(types) == 0 {
			return nil, false, false
		}
		for _, t := range types {
			if _, twice := byType[t]; twice {
				return nil, false, false
			}
			byType[t] = m
		}
	}
	return byType, nullable, len(byType) > 0
}

// separateReferences moves a reference with sibling keywords into an equivalent allOf, so
// that following it loses nothing.
func (d *Document) separateReferences() {
	walk(d.root, func(object node) {
		if ref, ok := object["$ref"].(string); ok && len(object) > 1 {
			delete(object, "$ref")
			object["allOf"] = append(list(object["allOf"]), node{"$ref": ref})
		}
	})
}

// mapped returns the types that the union's discriminator maps to a reference.
func mapped(object node, ref string) []string {
	discriminator, _ := object["discriminator"].(node)
	mapping, _ := discriminator["mapping"].(node)
	var types []string
	for t, target := range mapping {
		if target == ref {
			types = append(types, t)
		}
	}
	return types
}

// constants returns the values that a schema allows for a property, if it lists them.
func (d *Document) constants(schema node, property string) []string {
	var values []string
	for part := range d.parts(schema) {
		properties, _ := part["properties"].(node)
		definition, _ := properties[property].(node)
		if value, ok := definition["const"].(string); ok {
			values = append(values, value)
		}
		for _, value := range list(definition["enum"]) {
			if s, ok := value.(string); ok {
				values = append(values, s)
			}
		}
	}
	return values
}

// choice returns the schemas that stand for a union.
func choice(byType node, nullable bool) []any {
	types := slices.Sorted(maps.Keys(byType))
	names := make([]any, len(types))
	for i, t := range types {
		names[i] = t
	}
	kinds := []any{"object"}
	if nullable {
		kinds = append(kinds, "null")
	}
	schemas := []any{node{
		"type":       kinds,
		"required":   []any{"type"},
		"properties": node{"type": node{"enum": names}},
	}}
	for _, t := range types {
		schemas = append(schemas, node{
			"if": node{
				"type":       "object",
				"required":   []any{"type"},
				"properties": node{"type": node{"const": t}},
			},
			"then": byType[t],
		})
	}
	return schemas
}

// walk visits every object of a JSON value, the outer before the inner.
func walk(value any, visit func(node)) {
	switch value := value.(type) {
	case node:
		visit(value)
		for _, key := range slices.Sorted(maps.Keys(value)) {
			walk(value[key], visit)
		}
	case []any:
		for _, element := range value {
			walk(element, visit)
		}
	}
}

// members returns the members of a union by type. A schema whose only part is a
// union is that union.
func (d *Document) members(schema node) (node, bool) {
	schema = d.resolve(schema)
	if byType, ok := schema[membersKey].(node); ok {
		return byType, true
	}
	if parts := list(schema["allOf"]); len(parts) == 1 {
		return d.members(parts[0].(node))
	}
	return nil, false
}
