package engine

import (
	"net/http"
	"slices"
	"strings"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Operation implements one operation of the API.
type Operation func(*Call) (*Answer, error)

// Call is one call of an operation. Its change is committed if the operation succeeds.
type Call struct {
	*Change
	Engine *Engine
	Op     *persona.Operation
	IDs    []string // the parameters of the path
	Query  map[string][]string
	Body   map[string]any    // keys in kebab-case
	Key    *storage.Resource // the API key
	Header http.Header
	Base   string // of links to this sandbox

	render renderOptions
	fault  *faults.Fault // what goes wrong with the call, or nil
}

// Version returns the version of the API that the call uses.
func (c *Call) Version() string { return c.render.version }

// RateLimit returns how many calls a minute the environment may make, how many of them
// are left, and the seconds until it may make all of them again.
func (c *Call) RateLimit() (limit, remaining, reset int) {
	limit = c.Engine.options.RateLimit
	remaining, reset = c.Env.window.left(c.Now, limit)
	return limit, remaining, reset
}

// Value returns a value of the body by its dotted path, and whether there is one.
func (c *Call) Value(path string) (any, bool) { return valueAt(c.Body, path) }

// Text returns a string of the body, or "".
func (c *Call) Text(path string) string {
	v, _ := c.Value(path)
	s, _ := v.(string)
	return s
}

// Texts returns a list of strings of the body.
func (c *Call) Texts(path string) []string {
	v, _ := c.Value(path)
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Number returns a number of the body, and whether there is one.
func (c *Call) Number(path string) (float64, bool) {
	v, _ := c.Value(path)
	n, ok := v.(float64)
	return n, ok
}

// Flag returns a boolean of the body, or a default.
func (c *Call) Flag(path string, otherwise bool) bool {
	v, _ := c.Value(path)
	if b, ok := v.(bool); ok {
		return b
	}
	return otherwise
}

// Object returns an object of the body, or nil.
func (c *Call) Object(path string) map[string]any {
	v, _ := c.Value(path)
	m, _ := v.(map[string]any)
	return m
}

// Filter returns a filter of the query, or "".
func (c *Call) Filter(name string) string {
	if values := c.Query["filter["+name+"]"]; len(values) > 0 {
		return values[0]
	}
	for key, values := range c.Query { // in another casing
		if inner, ok := strings.CutPrefix(key, "filter["); ok && casing.Kebab(strings.TrimSuffix(inner, "]")) == name {
			return values[0]
		}
	}
	return ""
}

// Accepts reports whether a comma-separated filter is empty or contains a value.
func Accepts(filter, value string) bool {
	return filter == "" || slices.Contains(SplitList(filter), value)
}

// SplitList splits a comma-separated list, without empty elements.
func SplitList(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
}

// First returns the first of some values, or "".
func First(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// Find returns the resource that the path names, to change it. It is a 404 if there is
// none of this type or family.
func (c *Call) Find(typ string) (*storage.Resource, error) {
	r := c.Edit(c.IDs[0])
	if r == nil || r.Typ != typ && r.Family() != typ {
		return nil, NotFound("")
	}
	return r, nil
}

// Referenced returns the resource that the body names at a path, to read it. It is a 404
// if there is none of this type or family.
func (c *Call) Referenced(path, typ string) (*storage.Resource, error) {
	r := c.Get(c.Text(path))
	if r == nil || r.Typ != typ && r.Family() != typ {
		return nil, NotFound(SnakePath(path) + " is not found")
	}
	return r, nil
}
