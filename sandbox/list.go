package sandbox

import (
	"net/url"
	"slices"
	"strconv"
)

// page is one page of a list.
type page struct{ links map[string]any }

// list answers with the resources of a family that keep holds of, newest first, a
// page at a time (Persona docs: Pagination).
func (c *call) list(family string, keep func(*resource) bool) (*answer, error) {
	matching := func(yield func(*resource) bool) {
		for r := range c.env.newest(family) {
			if (keep == nil || keep(r)) && !yield(r) {
				return
			}
		}
	}
	return c.page(matching, func(id string) bool {
		r := c.env.get(id)
		return r != nil && r.family() == family
	})
}

// page cuts the page out of a sequence that the query asks for. A size outside of 1
// to 100 and a cursor that names nothing are refused.
func (c *call) page(all func(func(*resource) bool), exists func(string) bool) (*answer, error) {
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
	if cursor := after + before; cursor != "" && !exists(cursor) {
		return nil, badRequest("page.after or page.before is not a cursor of this list")
	}
	var window []*resource
	skipping, more, earlier := after != "", false, after != ""
	for r := range all {
		if skipping {
			skipping = r.id != after
			continue
		}
		if before != "" && r.id == before {
			more = true
			break
		}
		if before == "" && len(window) == size {
			more = true
			break
		}
		window = append(window, r)
	}
	if before != "" && len(window) > size {
		window, earlier = window[len(window)-size:], true
	}
	links := map[string]any{"prev": nil, "next": nil}
	if len(window) > 0 && more {
		links["next"] = c.pageLink("page[after]", window[len(window)-1].id)
	}
	if len(window) > 0 && earlier {
		links["prev"] = c.pageLink("page[before]", window[0].id)
	}
	if window == nil {
		window = []*resource{}
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
