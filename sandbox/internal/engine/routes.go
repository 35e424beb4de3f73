package engine

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// routes finds operations, and knows the shape of their requests: the one of the
// parameters that the SDK has for them.
type routes struct {
	Operations []persona.Operation
	segments   [][]string
	Handlers   map[string]Operation
	params     map[string]reflect.Type
}

func newRoutes(handlers map[string]Operation) *routes {
	r := &routes{Operations: persona.Operations(), Handlers: handlers, params: map[string]reflect.Type{}}
	client := reflect.TypeFor[persona.Client]()
	for _, op := range r.Operations {
		r.segments = append(r.segments, strings.Split(op.Path, "/"))
		field, _ := client.FieldByName(op.Service)
		method, _ := field.Type.MethodByName(op.Method)
		for i := range method.Type.NumIn() {
			if in := method.Type.In(i); in.Kind() == reflect.Struct {
				r.params[op.ID] = in
			}
		}
	}
	return r
}

// find returns the operation of a path below the API's base, and the path's
// parameters. A fixed segment is preferred to a parameter.
func (r *routes) find(method, path string) (*persona.Operation, []string, error) {
	given := strings.Split(path, "/")
	best, bestFixed, known := -1, -1, false
	for i, want := range r.segments {
		fixed, ok := match(want, given)
		if !ok {
			continue
		}
		known = true
		if r.Operations[i].HTTPMethod == method && fixed > bestFixed {
			best, bestFixed = i, fixed
		}
	}
	switch {
	case best >= 0:
		var ids []string
		for i, segment := range r.segments[best] {
			if strings.HasPrefix(segment, "{") {
				ids = append(ids, given[i])
			}
		}
		return &r.Operations[best], ids, nil
	case known:
		return nil, nil, &Refusal{Status: http.StatusMethodNotAllowed, Title: "Method not allowed", Details: "this path takes other methods"}
	default:
		return nil, nil, NotFound("there is no such path")
	}
}

func match(want, given []string) (fixed int, ok bool) {
	if len(want) != len(given) {
		return 0, false
	}
	for i := range want {
		switch {
		case want[i] == given[i]:
			fixed++
		case !strings.HasPrefix(want[i], "{") || given[i] == "":
			return 0, false
		}
	}
	return fixed, true
}

// Validate checks a body against the parameters of its operation: what is required
// must be there, and what is there must be of its type. Attributes that the
// operation does not know are ignored, as the real sandbox does with accounts.
func (r *routes) Validate(op *persona.Operation, body map[string]any) error {
	params := r.params[op.ID]
	if params == nil {
		return nil
	}
	for i := range params.NumField() {
		field := params.Field(i)
		in := field.Tag.Get("in")
		if in == "query" || in == "header" {
			continue
		}
		key, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		path := key
		if in != "body" {
			path = in + "." + key
		}
		value, present := At(body, path)
		if !present || value == nil {
			if !strings.Contains(options, "omitzero") && !strings.HasPrefix(field.Type.Name(), "Optional[") {
				return BadRequest(SnakePath(path) + " is missing")
			}
			continue
		}
		if problem := typeProblem(value, field.Type); problem != "" {
			return BadRequest(SnakePath(path) + " " + problem)
		}
		if err := checkPrefix(path, key, value); err != nil {
			return err
		}
	}
	return nil
}

// At finds a value by its dotted path.
func At(body map[string]any, path string) (any, bool) {
	var v any = body
	for key := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[key]; !ok {
			return nil, false
		}
	}
	return v, true
}

// typeProblem says what a value must be when it is not of a Go type.
func typeProblem(value any, want reflect.Type) string {
	if method, ok := want.MethodByName("Get"); ok && strings.HasPrefix(want.Name(), "Optional[") {
		want = method.Type.Out(0)
	}
	ok, what := true, ""
	switch want.Kind() {
	case reflect.String:
		_, ok = value.(string)
		what = "must be a string"
	case reflect.Bool:
		_, ok = value.(bool)
		what = "must be a boolean"
	case reflect.Int64:
		n, number := value.(float64)
		ok, what = number && n == float64(int64(n)), "must be an integer"
	case reflect.Float64:
		_, ok = value.(float64)
		what = "must be a number"
	case reflect.Slice:
		_, ok = value.([]any)
		what = "must be an array"
	case reflect.Map, reflect.Struct:
		_, ok = value.(map[string]any)
		what = "must be an object"
	}
	if ok {
		return ""
	}
	return what
}

// checkPrefix refuses an id of another kind, as Persona does for templates.
func checkPrefix(path, key string, value any) error {
	prefixes := map[string]string{
		"inquiry-template-id": "itmpl", "inquiry-template-version-id": "itmplv", "account-id": "act", "case-template-id": "ctmpl",
		"inquiry-id": "inq", "account-type-id": "acttp", "auto-create-account-type-id": "acttp", "account-action-id": "accac",
		"transaction-type-id": "txntp", "list-id": "lst",
	}
	text, isText := value.(string)
	prefix, known := prefixes[key]
	if known && isText && !strings.HasPrefix(text, prefix+"_") {
		return BadRequest(fmt.Sprintf("%s must start with %s (sent '%.40s')", SnakePath(path), prefix, text))
	}
	return nil
}

// SnakePath writes a path as Persona's errors do, whatever casing was sent.
func SnakePath(path string) string { return strings.ReplaceAll(path, "-", "_") }

// Text returns a string of the body, or "".
func (c *Call) Text(path string) string {
	v, _ := At(c.Body, path)
	s, _ := v.(string)
	return s
}

// Texts returns a list of strings of the body.
func (c *Call) Texts(path string) []string {
	v, _ := At(c.Body, path)
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
	v, _ := At(c.Body, path)
	n, ok := v.(float64)
	return n, ok
}

// Flag returns a boolean of the body, or otherwise.
func (c *Call) Flag(path string, otherwise bool) bool {
	v, _ := At(c.Body, path)
	if b, ok := v.(bool); ok {
		return b
	}
	return otherwise
}

// Object returns an object of the body, or nil.
func (c *Call) Object(path string) map[string]any {
	v, _ := At(c.Body, path)
	m, _ := v.(map[string]any)
	return m
}

// Filter returns a filter of the query.
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

// OneOf reports whether a comma-separated filter is empty or holds a value.
func OneOf(filter, value string) bool {
	return filter == "" || slices.Contains(SplitList(filter), value)
}

// Find returns the resource that the path names, to change it, or a 404.
func (c *Call) Find(family string) (*storage.Resource, error) {
	r := c.Edit(c.IDs[0])
	if r == nil || r.Family() != family {
		return nil, NotFound("")
	}
	return r, nil
}

// AnswerFound answers with the resource that the path names.
func (c *Call) AnswerFound(family string) (*Answer, error) {
	r := c.Get(c.IDs[0])
	if r == nil || r.Family() != family {
		return nil, NotFound("")
	}
	return &Answer{One: r}, nil
}
