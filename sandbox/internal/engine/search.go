package engine

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Search answers a search of a family, one page at a time (OpenAPI 2025-12-08). Unlike
// Persona's index, this one is always up to date, unless a fault makes it stale: then
// resources are found by their former state, and shown in their present one.
func (c *Call) Search(family string, attributes func(r *storage.Resource, name string) any) (*Answer, error) {
	var found []*storage.Resource
	indexed := map[string]*storage.Resource{} // the found resources, as they are in the index
	holds, err := c.condition(family)
	if err != nil {
		return nil, err
	}
	by, direction := c.Text("sort.attribute"), c.Text("sort.direction")
	if c.Object("sort") != nil && !searchable(family, by) {
		return nil, BadRequest("sort.attribute is not an attribute to search by")
	}
	if direction != "" && direction != "asc" && direction != "desc" {
		return nil, BadRequest("sort.direction must be asc or desc")
	}
	all := c.Env.Newest(family)
	if family == "inquiry" { // no query names its fields
		all = c.Env.Outlines(family)
	}
	for r := range all {
		known := c.indexed(r)
		if known == nil {
			continue
		}
		if holds(func(name string) any { return attributes(known, name) }) {
			found = append(found, r)
			indexed[r.ID] = known
		}
	}
	if by != "" {
		slices.SortStableFunc(found, func(a, b *storage.Resource) int {
			order := compare(attributes(indexed[a.ID], by), attributes(indexed[b.ID], by))
			if direction != "asc" {
				order = -order
			}
			return order
		})
	}
	for _, name := range []string{"after", "before"} {
		if cursor := c.Text("page." + name); cursor != "" && First(c.Query["page["+name+"]"]) == "" {
			c.Query["page["+name+"]"] = []string{cursor}
		}
	}
	if size, ok := c.Number("page.size"); ok && First(c.Query["page[size]"]) == "" {
		c.Query["page[size]"] = []string{strconv.Itoa(int(size))}
	}
	page, err := c.Page(found)
	if err != nil {
		return nil, err
	}
	for i, r := range page.Many {
		page.Many[i] = c.Env.Get(r.ID)
	}
	return page, nil
}

// indexed returns a resource as it is in the search index, or nil if it is not there yet.
// Former states come from the resource's events.
func (c *Call) indexed(r *storage.Resource) *storage.Resource {
	if !c.fault.Is(faults.FaultStaleSearch) {
		return r
	}
	asOf := c.Now.Add(-c.fault.Delay)
	switch {
	case r.Time("created-at").After(asOf):
		return nil
	case !r.Time("updated-at").After(asOf):
		return r
	}
	for event := range c.Env.Older("event", "", r.ID) {
		if event.Object.ID == r.ID && !event.Time("created-at").After(asOf) {
			return event.Object
		}
	}
	return r
}

// compare orders two values: numbers and times by size, everything else as text.
func compare(a, b any) int {
	if x, ok := a.(float64); ok {
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	}
	if x, y := simclock.Moment(a), simclock.Moment(b); !x.IsZero() && !y.IsZero() {
		return x.Compare(y)
	}
	return strings.Compare(strings.ToLower(TextOf(a)), strings.ToLower(TextOf(b)))
}
