package sandbox

import (
	"iter"
	"net/url"
	"slices"
	"strconv"
)

// page is one page of a list.
type page struct{ links map[string]any }

// listing is what pages are cut from.
type listing struct {
	has    func(cursor string) bool
	after  func(cursor string) iter.Seq[*resource] // what comes behind a cursor, or all
	before func(cursor string) iter.Seq[*resource] // what comes in front of a cursor, the nearest first
}

// list answers with the resources of a family that keep holds of, newest first, a
// page at a time (Persona docs: Pagination). Where ids are given, only the resources
// are looked at that are indexed by one of them.
func (c *call) list(family string, keep func(*resource) bool, ids ...string) (*answer, error) {
	kept := func(all iter.Seq[*resource]) iter.Seq[*resource] {
		return func(yield func(*resource) bool) {
			for r := range all {
				if (keep == nil || keep(r)) && !yield(r) {
					return
				}
			}
		}
	}
	return c.page(listing{
		has:    func(id string) bool { return c.env.has(family, id) },
		after:  func(id string) iter.Seq[*resource] { return kept(c.env.older(family, id, ids...)) },
		before: func(id string) iter.Seq[*resource] { return kept(c.env.newer(family, id, ids...)) },
	})
}

// listed is the listing of resources that are at hand, in their order.
func listed(all []*resource) listing {
	index := func(id string) int { return slices.IndexFunc(all, func(r *resource) bool { return r.id == id }) }
	return listing{
		has:   func(id string) bool { return index(id) >= 0 },
		after: func(id string) iter.Seq[*resource] { return slices.Values(all[index(id)+1:]) },
		before: func(id string) iter.Seq[*resource] {
			return func(yield func(*resource) bool) {
				for _, r := range slices.Backward(all[:index(id)]) {
					if !yield(r) {
						return
					}
				}
			}
		},
	}
}

// page cuts the page out of a listing that the query asks for. A size outside of 1
// to 100 and a cursor that names nothing are refused.
func (c *call) page(from listing) (*answer, error) {
	size := 10
	if text := c.query["page[size]"]; len(text) > 0 {
		n, err := strconv.Atoi(text[0])
		if err != nil || n < 1 || n > 100 {
			return nil, badRequest("page.size must be between 1 and 100")
		}
		size = n
	}
	after, before := first(c.query["page[after]"]), first(c.query["page[before]"])
	if after != "" && before != "" {
		return nil, badRequest("page.after and page.before must not both be given")
	}
	if cursor := after + before; cursor != "" && !from.has(cursor) {
		return nil, badRequest("page.after or page.before is not a cursor of this list")
	}
	all := from.after(after)
	if before != "" {
		all = from.before(before)
	}
	window, further := []*resource{}, false
	for r := range all {
		if further = len(window) == size; further {
			break
		}
		window = append(window, r)
	}
	earlier, more := after != "", further
	if before != "" {
		slices.Reverse(window)
		earlier, more = further, true
	}
	links := map[string]any{"prev": nil, "next": nil}
	if len(window) > 0 && more {
		links["next"] = c.pageLink("page[after]", window[len(window)-1].id)
	}
	if len(window) > 0 && earlier {
		links["prev"] = c.pageLink("page[before]", window[0].id)
	}
	return &answer{many: window, paged: &page{links}}, nil
}

// pageLink is the relative address of another page, with the filters of this one.
func (c *call) pageLink(cursor, id string) string {
	query := url.Values{}
	for name, values := range c.query {
		if name != "page[after]" && name != "page[before]" {
			query[name] = values
		}
	}
	query.Set(cursor, id)
	path := c.op.Path
	for _, param := range c.ids {
		path = replaceParameter(path, param)
	}
	return "/api/v1" + path + "?" + query.Encode()
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func replaceParameter(path, value string) string {
	start, end := slices.Index([]byte(path), '{'), slices.Index([]byte(path), '}')
	return path[:start] + url.PathEscape(value) + path[end+1:]
}
