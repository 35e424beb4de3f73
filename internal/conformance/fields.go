package conformance

import (
	"encoding/json"
	"maps"
	"slices"
)

// hasFields reports whether resources of a type have fields that their template or type
// defines.
func hasFields(resource string) bool {
	return slices.Contains([]string{"account", "case", "inquiry", "transaction"}, resource)
}

// checkFields requires that every field has a type, and a value of it or null (Persona
// docs: Inquiry fields). The document names few fields, since templates define them.
func (c *completeness) checkFields(where string, fields node) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		c.checkField(join(where, name), fields[name])
	}
}

func (c *completeness) checkField(where string, value any) {
	field, ok := value.(node)
	if !ok {
		c.rep.add(where, "is not a field: want an object with type and value")
		return
	}
	for _, key := range []string{"type", "value"} {
		if _, ok := field[key]; !ok {
			c.rep.add(join(where, key), "is missing")
		}
	}
	for key := range field {
		if key != "type" && key != "value" {
			c.rep.add(join(where, key), "is no part of a field")
		}
	}
	kind, isText := field["type"].(string)
	if !isText {
		c.rep.add(join(where, "type"), "is not a string")
	}
	switch value := field["value"].(type) {
	case []any:
		for i, element := range value {
			if kind == "array" {
				c.checkField(join(where, "value", itoa(i)), element)
			}
		}
	case node:
		if kind == "hash" {
			c.checkFields(join(where, "value"), value)
		}
	}
	if want := fieldValues()[kind]; want != "" && field["value"] != nil && want != jsonType(field["value"]) {
		c.rep.add(join(where, "value"), "is not what a field of type %s holds", kind)
	}
}

// fieldValues maps types of fields to the JSON types of their values. There may be other
// types.
func fieldValues() map[string]string {
	return map[string]string{
		"array": "array", "boolean": "boolean", "choices": "string", "date": "string", "datetime": "string", "hash": "object",
		"integer": "number", "multi_choices": "array", "number": "number", "string": "string",
	}
}

// jsonType returns the JSON type of a value that is not null.
func jsonType(value any) string {
	switch value.(type) {
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	default:
		return "object"
	}
}
