package sandbox

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// search answers a search: its query, its order, a page at a time (OpenAPI
// 2025-12-08). Unlike Persona's it is up to date, unless a fault makes it stale: then
// resources are found by what they were, and shown as they are.
func (c *call) search(family string, attributes func(r *resource, name string) any) (*answer, error) {
	var found []*resource
	indexed := map[string]*resource{} // what is found, as the index has it
	holds, err := c.condition(family)
	if err != nil {
		return nil, err
	}
	by, direction := c.text("sort.attribute"), c.text("sort.direction")
	if c.object("sort") != nil && !searchable(family, by) {
		return nil, badRequest("sort.attribute is not an attribute to search by")
	}
	if direction != "" && direction != "asc" && direction != "desc" {
		return nil, badRequest("sort.direction must be asc or desc")
	}
	for r := range c.env.newest(family) {
		known := c.indexed(r)
		if known == nil {
			continue
		}
		if holds(func(name string) any { return attributes(known, name) }) {
			found = append(found, r)
			indexed[r.id] = known
		}
	}
	if by != "" {
		slices.SortStableFunc(found, func(a, b *resource) int {
			order := compare(attributes(indexed[a.id], by), attributes(indexed[b.id], by))
			if direction != "asc" {
				order = -order
			}
			return order
		})
	}
	for _, name := range []string{"after", "before"} {
		if cursor := c.text("page." + name); cursor != "" && first(c.query["page["+name+"]"]) == "" {
			c.query["page["+name+"]"] = []string{cursor}
		}
	}
	if size, ok := c.number("page.size"); ok && first(c.query["page[size]"]) == "" {
		c.query["page[size]"] = []string{strconv.Itoa(int(size))}
	}
	return c.page(listed(found))
}

// indexed is a resource as the search index has it, nil when it has it not yet. What a
// resource was is known from its events.
func (c *call) indexed(r *resource) *resource {
	if !c.fault.is(FaultStaleSearch) {
		return r
	}
	asOf := c.now.Add(-c.fault.Delay)
	switch {
	case r.time("created-at").After(asOf):
		return nil
	case !r.time("updated-at").After(asOf):
		return r
	}
	for event := range c.env.older("event", "", r.id) {
		if event.object.id == r.id && !event.time("created-at").After(asOf) {
			return event.object
		}
	}
	return r
}

// compare orders two values: numbers and moments by size, all else as text.
func compare(a, b any) int {
	if x, ok := a.(float64); ok {
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	}
	if x, y := moment(a), moment(b); !x.IsZero() && !y.IsZero() {
		return x.Compare(y)
	}
	return strings.Compare(strings.ToLower(textOf(a)), strings.ToLower(textOf(b)))
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return ""
	}
}

// fieldValue reads fields.name of a resource, for searches.
func fieldValue(r *resource, name string) any {
	fields, _ := r.attributes["fields"].(map[string]any)
	field, _ := fields[strings.TrimPrefix(name, "fields.")].(map[string]any)
	return field["value"]
}
