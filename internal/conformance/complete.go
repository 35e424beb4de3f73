package conformance

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// optional are the places in a complete resource that Persona may leave out, wholly
// or in part, by the resource's type.
func optional() map[string][]string {
	const fieldConfig = "/attributes/field-schemas/config" // what it holds depends on the field
	return map[string][]string{
		"account-type":        {fieldConfig},
		"case-template":       {fieldConfig},
		"inquiry-template":    {fieldConfig},
		"transaction-type":    {fieldConfig},
		"connect/share-token": {"/attributes/source-data"}, // only with peek-source-data
		"api-log":             {"/attributes/request/headers", "/attributes/response/headers"},
		"event":               {"/attributes/context"},
	}
}

// completeness walks over a body beside its schema and demands every property that
// the schema names and no other, except "included", what optional lists, and what
// the request did not ask for. Objects whose keys are open, such as the fields of an
// inquiry, are left alone.
type completeness struct {
	doc   *Document
	rep   *report
	asked fieldsets

	resource string // the type of the resource around the value
	within   string // the value's place in it, without the indexes of arrays
}

// checkComplete demands of a body what the schema names but does not require.
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
		switch optional := inner.optional(); {
		case !present && !optional && key != "included":
			c.rep.add(join(where, key), "is missing")
		case present && inner.unasked():
			c.rep.add(join(where, key), "was not asked for")
		case present && !optional:
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

// optional reports whether the place may be left out.
func (c *completeness) optional() bool {
	if _, limited := c.asked.of(c.resource); limited && c.within == "/relationships" {
		return true
	}
	return c.unasked() || slices.Contains(optional()[c.resource], c.within)
}

// unasked reports whether the place is an attribute or relationship that
// fields[type] asked away.
func (c *completeness) unasked() bool {
	parent, name := path.Split(c.within)
	if parent != "/attributes/" && parent != "/relationships/" {
		return false
	}
	names, limited := c.asked.of(c.resource)
	return limited && !slices.Contains(names, name)
}

// of returns the names asked for of a type. A family stands for its types:
// fields[verification] limits verification/government-id (Persona changelog,
// 2025-10-27).
func (f fieldsets) of(kind string) (names []string, limited bool) {
	if names, ok := f[kind]; ok {
		return names, true
	}
	family, _, _ := strings.Cut(kind, "/")
	names, limited = f[family]
	return names, limited
}

// checkErrors demands what Persona's errors always have: details, meta and source
// depend on the error.
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
