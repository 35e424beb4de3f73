package conformance

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Exception is a part of a complete resource that Persona may omit, wholly or partly.
type Exception struct {
	Resource string // the type of the resource: account-type
	Place    string // where in it, without the indexes of arrays: /attributes/field-schemas/config
	Why      string
}

// Exceptions lists all exceptions to the rule that resources are complete.
func Exceptions() []Exception {
	const (
		config = "/attributes/field-schemas/config"
		byType = "what the configuration of a field holds depends on the field's type"
	)
	return []Exception{
		{"account-type", config, byType},
		{"case-template", config, byType},
		{"inquiry-template", config, byType},
		{"transaction-type", config, byType},
		{"connect/share-token", "/attributes/source-data", "is told only to who asks with peek-source-data"},
		{"api-log", "/attributes/request/headers", "which headers there are is up to the caller"},
		{"api-log", "/attributes/response/headers", "quota headers come with operations that have a quota alone"},
		{"event", "/attributes/context", "tells of changes, which not every event is about"},
	}
}

// completeness compares a body with its schema: all properties of the schema must be
// present and no others, except "included", the exceptions, and attributes that were not
// requested. Objects with open keys, such as the fields of an inquiry, are ignored.
type completeness struct {
	doc   *Document
	rep   *report
	asked fieldsets

	resource string // type of the enclosing resource
	within   string // position of the value in the resource, without array indexes
}

// checkComplete requires properties that the schema names but does not require.
func (d *Document) checkComplete(rep *report, pointer string, body any, asked fieldsets) {
	schema, _ := d.at(pointer).(node)
	if d.property(schema, "errors") != nil {
		checkErrors(rep, body)
		return
	}
	c := &completeness{doc: d, rep: rep, asked: asked}
	c.value("", schema, body)
}

func (c *completeness) value(where string, schema node, value any) {
	schema = c.doc.resolve(schema)
	switch value := value.(type) {
	case []any:
		items, _ := schema["items"].(node)
		for i, element := range value {
			c.value(join(where, itoa(i)), items, element)
		}
	case node:
		switch {
		case c.resource == "event" && c.within == "/attributes/payload/data":
			c.checkPayload(where, value)
		case hasFields(c.resource) && c.within == "/attributes/fields":
			c.checkFields(where, value)
		}
		if byType, ok := c.doc.members(schema); ok {
			schema, _ = byType[text(value, "type")].(node)
		}
		if properties := c.doc.properties(schema); properties["id"] != nil && properties["attributes"] != nil {
			inner := *c
			inner.resource, inner.within = text(value, "type"), ""
			inner.object(where, schema, value)
			return
		}
		c.object(where, schema, value)
	}
}

func (c *completeness) object(where string, schema, object node) {
	schema = c.doc.resolve(schema)
	if extra := schema["additionalProperties"]; extra != nil && extra != false {
		return
	}
	properties := c.doc.properties(schema)
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		inner := *c
		inner.within = join(c.within, key)
		value, present := object[key]
		switch {
		case !present && !inner.optional() && key != "included":
			c.rep.add(join(where, key), "is missing")
		case present && inner.unasked():
			c.rep.add(join(where, key), "was not asked for")
		case present && !inner.exempt():
			inner.value(join(where, key), properties[key].(node), value)
		}
	}
	if schema["additionalProperties"] == nil && len(properties) > 0 {
		for key := range object {
			if properties[key] == nil {
				c.rep.add(join(where, key), "is not a property of the schema")
			}
		}
	}
}

// exempt reports whether an exception applies to the position.
func (c *completeness) exempt() bool {
	return slices.ContainsFunc(c.doc.exceptions, func(e Exception) bool { return e.Resource == c.resource && e.Place == c.within })
}

// optional reports whether the position may be omitted. Relationships may be, if attributes
// were requested.
func (c *completeness) optional() bool {
	parent, _ := path.Split(c.within)
	if _, limited := c.asked.of(c.resource); limited && (c.within == "/relationships" || parent == "/relationships/") {
		return true
	}
	return c.unasked() || c.exempt()
}

// unasked reports whether the position is an attribute that fields[type] excluded.
func (c *completeness) unasked() bool {
	parent, name := path.Split(c.within)
	if parent != "/attributes/" {
		return false
	}
	names, limited := c.asked.of(c.resource)
	return limited && !slices.Contains(names, name)
}

// of returns the names requested for a type. A family includes its types:
// fields[verification] limits verification/government-id (Persona changelog, 2025-10-27).
func (f fieldsets) of(kind string) (names []string, limited bool) {
	if names, ok := f[kind]; ok {
		return names, true
	}
	family, _, _ := strings.Cut(kind, "/")
	names, limited = f[family]
	return names, limited
}

// checkErrors requires what all of Persona's errors have; details, meta and source depend
// on the error.
func checkErrors(rep *report, body any) {
	object, _ := body.(node)
	errors := list(object["errors"])
	if len(errors) == 0 {
		rep.add("/errors", "is missing or empty")
	}
	for i, e := range errors {
		if object, _ := e.(node); text(object, "title") == "" {
			rep.add(join("/errors", itoa(i), "title"), "is missing or empty")
		}
	}
}
