package engine

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/idemhq/idem/persona"
)

// upgrade rewrites a body that comes in the form of versions before 2025-10-27 into
// today's (Persona changelog, 2025-10-27).
func (c *Call) upgrade() {
	if c.Render.Version >= "2025-10-27" {
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
		c.setAttributes(gathered(attributes, c.Engine.Routes.attributes(c.Op)))
	case "Workflows.Trigger":
		if params := c.Object("meta.params"); params != nil {
			attributes = params
		}
		if attributes = gathered(attributes, []string{"fields"}); attributes["fields"] == nil {
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

// gathered moves what an operation does not know as an attribute under fields. Fields of
// a wrong type are left to be refused.
func gathered(attributes map[string]any, known []string) map[string]any {
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

// attributes are the names that an operation takes in data.attributes.
func (r *routes) attributes(op *persona.Operation) []string {
	var names []string
	for _, field := range reflect.VisibleFields(r.params[op.ID]) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); field.Tag.Get("in") == "data.attributes" {
			names = append(names, name)
		}
	}
	return names
}
