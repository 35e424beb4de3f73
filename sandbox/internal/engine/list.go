package engine

import (
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

// sequence is an ordered list of resources, of which an answer shows one page.
type sequence struct {
	has    func(cursor string) bool
	after  func(cursor string) iter.Seq[*storage.Resource] // what follows a cursor; all if it is empty
	before func(cursor string) iter.Seq[*storage.Resource] // what precedes a cursor, the nearest first
}

// List answers with the resources of a family for which keep returns true, newest first,
// one page at a time (Persona docs: Pagination). A nil keep means all. If there are ids, it
// looks only at resources that are indexed by one of them.
func (c *Call) List(family string, keep func(*storage.Resource) bool, ids ...string) (*Answer, error) {
	kept := func(all iter.Seq[*storage.Resource]) iter.Seq[*storage.Resource] {
		return func(yield func(*storage.Resource) bool) {
			for r := range all {
				if (keep == nil || keep(r)) && !yield(r) {
					return
				}
			}
		}
	}
	return c.page(sequence{
		has:    func(id string) bool { return c.Env.Has(family, id) },
		after:  func(id string) iter.Seq[*storage.Resource] { return kept(c.Env.Older(family, id, ids...)) },
		before: func(id string) iter.Seq[*storage.Resource] { return kept(c.Env.Newer(family, id, ids...)) },
	})
}

// Page answers with a page of some resources, in their order.
func (c *Call) Page(all []*storage.Resource) (*Answer, error) {
	index := func(id string) int {
		return slices.IndexFunc(all, func(r *storage.Resource) bool { return r.ID == id })
	}
	return c.page(sequence{
		has:   func(id string) bool { return index(id) >= 0 },
		after: func(id string) iter.Seq[*storage.Resource] { return slices.Values(all[index(id)+1:]) },
		before: func(id string) iter.Seq[*storage.Resource] {
			return func(yield func(*storage.Resource) bool) {
				for _, r := range slices.Backward(all[:index(id)]) {
					if !yield(r) {
						return
					}
				}
			}
		},
	})
}

// page answers with the page that the query asks for. It refuses a size outside of 1 to
// 100. An unknown cursor is a 404, as observed at Persona.
func (c *Call) page(from sequence) (*Answer, error) {
	size := 10
	if text := c.Query["page[size]"]; len(text) > 0 {
		n, err := strconv.Atoi(text[0])
		if err != nil || n < 1 || n > 100 {
			return nil, BadRequest("page.size must be between 1 and 100")
		}
		size = n
	}
	after, before := First(c.Query["page[after]"]), First(c.Query["page[before]"])
	if after != "" && before != "" {
		return nil, BadRequest("page.after and page.before must not both be given")
	}
	if cursor := after + before; cursor != "" && !from.has(cursor) {
		return nil, NotFound("page.after or page.before is not found")
	}
	all := from.after(after)
	if before != "" {
		all = from.before(before)
	}
	window, further := []*storage.Resource{}, false
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
		links["next"] = c.pageLink("page[after]", window[len(window)-1].ID)
	}
	if len(window) > 0 && earlier {
		links["prev"] = c.pageLink("page[before]", window[0].ID)
	}
	return &Answer{Many: window, Links: links}, nil
}

// pageLink returns the relative address of another page, with the same filters.
func (c *Call) pageLink(cursor, id string) string {
	query := url.Values{}
	for name, values := range c.Query {
		if name != "page[after]" && name != "page[before]" {
			query[name] = values
		}
	}
	query.Set(cursor, id)
	path := c.Op.Path
	for _, id := range c.IDs {
		path = setParameter(path, id)
	}
	return apiBase + path + "?" + query.Encode()
}

// setParameter replaces the first parameter of a path.
func setParameter(path, value string) string {
	start, end := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
	return path[:start] + url.PathEscape(value) + path[end+1:]
}
