package conformance

import (
	"cmp"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Operation is one operation of the document.
type Operation struct {
	Method string // GET
	Path   string // /inquiries/{inquiry-id}, below the base URL
	ID     string // the document's operationId
}

func (o Operation) String() string { return o.Method + " " + o.Path }

type route struct {
	Operation
	segments []string
	pointer  string // of the operation in the document
}

// Operations iterates over the document's operations, sorted by path.
func (d *Document) Operations() iter.Seq[Operation] {
	return func(yield func(Operation) bool) {
		for _, r := range d.routes {
			if !yield(r.Operation) {
				return
			}
		}
	}
}

// Find returns the operation for a method and a path. The path is a template of the
// document, or the path of a request with or without the API's base.
func (d *Document) Find(method, path string) (Operation, bool) {
	route, ok := d.find(method, path)
	return route.Operation, ok
}

// Statuses returns the successful statuses that an operation declares.
func (d *Document) Statuses(method, path string) []int {
	return slices.DeleteFunc(d.statuses(method, path), func(status int) bool { return status >= 300 })
}

// Refusals returns the error statuses that an operation declares.
func (d *Document) Refusals(method, path string) []int {
	return slices.DeleteFunc(d.statuses(method, path), func(status int) bool { return status < 400 })
}

func (d *Document) statuses(method, path string) []int {
	route, _ := d.find(method, path)
	var statuses []int
	for key := range d.member(d.operation(route), "responses") {
		if status, err := strconv.Atoi(key); err == nil {
			statuses = append(statuses, status)
		}
	}
	slices.Sort(statuses)
	return statuses
}

// Events returns the names of the events that the document describes.
func (d *Document) Events() []string {
	return slices.Sorted(maps.Keys(d.member(d.root, "webhooks")))
}

func (d *Document) listRoutes() []route {
	var routes []route
	paths, _ := d.root["paths"].(node)
	for path, item := range paths {
		for method, op := range item.(node) {
			object, ok := op.(node)
			if !ok || !isMethod(method) {
				continue
			}
			routes = append(routes, route{
				Operation: Operation{Method: strings.ToUpper(method), Path: path, ID: text(object, "operationId")},
				segments:  strings.Split(strings.Trim(path, "/"), "/"),
				pointer:   join("/paths", path, method),
			})
		}
	}
	slices.SortFunc(routes, func(a, b route) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return routes
}

func isMethod(key string) bool {
	return slices.Contains([]string{"get", "post", "patch", "put", "delete"}, key)
}

// bases are the base paths of Persona's API. Relays have their own (OpenAPI 2025-12-08,
// servers of /relays).
func bases() []string { return []string{"/api/v1", "/api/privacy/v1"} }

// find returns the route for a method and a path, which is a template of the document, or
// the path of a URL with or without the base. Fixed segments are preferred to parameters,
// so that /accounts/search is not the account "search".
func (d *Document) find(method, path string) (route, bool) {
	for _, base := range bases() {
		if rest, ok := strings.CutPrefix(path, base); ok && strings.HasPrefix(rest, "/") {
			path = rest
			break
		}
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	var best route
	found, fewest := false, 0
	for _, r := range d.routes {
		if r.Method != method {
			continue
		}
		if n, ok := parameters(r.segments, segments); ok && (!found || n < fewest) {
			best, found, fewest = r, true, n
		}
	}
	return best, found
}

// parameters reports whether the segments fit the template, and how many of them
// are parameters.
func parameters(template, segments []string) (n int, ok bool) {
	if len(template) != len(segments) {
		return 0, false
	}
	for i, want := range template {
		got, err := url.PathUnescape(segments[i])
		switch {
		case err != nil || got == "":
			return 0, false
		case want == segments[i]:
		case strings.HasPrefix(want, "{"):
			n++
		default:
			return 0, false
		}
	}
	return n, true
}
