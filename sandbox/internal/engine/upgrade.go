package engine

import (
	"maps"
	"slices"
)

// upgrade rewrites a body from the form of versions before 2025-10-27 into the present one
// (Persona changelog, 2025-10-27).
func (c *Call) upgrade() {
	if c.render.version >= "2025-10-27" {
		return
	}
	attributes := c.Object("data.attributes")
	switch c.Op.Name() {
	case "Cases.SetStatus":
		if status, given := attributes["status"]; given {
			c.Body["meta"] = map[string]any{"status": status}
		}
	case "Cases.Create", "Cases.Update", "Inquiries.Create", "Inquiries.Update":
		if country, given := attributes["country-code"]; given && c.Op.Service == "Inquiries" {
			attributes = maps.Clone(attributes)
			delete(attributes, "country-code")
			attributes["selected-country-code"] = country
		}
		if c.Op.Service == "Cases" { // an inquiry's template says which attributes are fields
			attributes = moveToFields(attributes, c.Engine.params[c.Op.ID].attributes())
		}
		c.setAttributes(attributes)
	case "Workflows.Trigger":
		if params := c.Object("meta.params"); params != nil {
			attributes = params
		}
		if attributes = moveToFields(attributes, []string{"fields"}); attributes["fields"] == nil {
			attributes["fields"] = map[string]any{}
		}
		c.setAttributes(attributes)
	}
}

// setAttributes replaces the attributes of the body.
func (c *Call) setAttributes(attributes map[string]any) {
	if len(attributes) > 0 {
		c.Body["data"] = map[string]any{"attributes": attributes}
	}
}

// moveToFields moves attributes that an operation does not know to its fields. If fields
// has the wrong type, it changes nothing: the request will be refused.
func moveToFields(attributes map[string]any, known []string) map[string]any {
	fields, isObject := attributes["fields"].(map[string]any)
	if attributes["fields"] != nil && !isObject {
		return attributes
	}
	kept, moved := map[string]any{}, map[string]any{}
	for name, value := range attributes {
		if slices.Contains(known, name) {
			kept[name] = value
		} else {
			moved[name] = value
		}
	}
	if len(moved) > 0 {
		maps.Copy(moved, fields)
		kept["fields"] = moved
	}
	return kept
}
