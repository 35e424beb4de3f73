package sandbox

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/idemhq/idem/persona"
)

// routes finds operations, and knows the shape of their requests: the one of the
// parameters that the SDK has for them.
type routes struct {
	operations []persona.Operation
	segments   [][]string
	handlers   map[string]operation
	params     map[string]reflect.Type
}

func newRoutes(handlers map[string]operation) *routes {
	r := &routes{operations: persona.Operations(), handlers: handlers, params: map[string]reflect.Type{}}
	client := reflect.TypeFor[persona.Client]()
	for _, op := range r.operations {
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
		if r.operations[i].HTTPMethod == method && fixed > bestFixed {
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
		return &r.operations[best], ids, nil
	case known:
		return nil, nil, &refusal{status: http.StatusMethodNotAllowed, title: "Method not allowed", details: "this path takes other methods"}
	default:
		return nil, nil, notFound("there is no such path")
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

// validate checks a body against the parameters of its operation: what is required
// must be there, and what is there must be of its type. Attributes that the
// operation does not know are ignored, as the real sandbox does with accounts.
func (r *routes) validate(op *persona.Operation, body map[string]any) error {
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
		value, present := at(body, path)
		if !present || value == nil {
			if !strings.Contains(options, "omitzero") && !strings.HasPrefix(field.Type.Name(), "Optional[") {
				return badRequest(snakePath(path) + " is missing")
			}
			continue
		}
		if problem := typeProblem(value, field.Type); problem != "" {
			return badRequest(snakePath(path) + " " + problem)
		}
		if err := checkPrefix(path, key, value); err != nil {
			return err
		}
	}
	return nil
}

// at finds a value by its dotted path.
func at(body map[string]any, path string) (any, bool) {
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
		return badRequest(fmt.Sprintf("%s must start with %s (sent '%.40s')", snakePath(path), prefix, text))
	}
	return nil
}

// snakePath writes a path as Persona's errors do, whatever casing was sent.
func snakePath(path string) string { return strings.ReplaceAll(path, "-", "_") }

// Coverage returns the operations the sandbox serves, and those it does not yet.
func Coverage() (served, missing []persona.Operation) {
	handlers := (&Sandbox{}).handlers()
	for _, op := range persona.Operations() {
		if handlers[op.ID] != nil {
			served = append(served, op)
		} else {
			missing = append(missing, op)
		}
	}
	return served, missing
}

// handlers are the operations the sandbox serves, by operationId.
func (s *Sandbox) handlers() map[string]operation {
	all := map[string]operation{}
	byName := map[string]string{}
	for _, op := range persona.Operations() {
		byName[op.Name()] = op.ID
	}
	for _, service := range []map[string]operation{
		inquiryOperations(), sessionOperations(), verificationOperations(), caseOperations(), accountOperations(),
		transactionOperations(), listOperations(), listItemOperations(), importerOperations(), themeSetOperations(), deviceOperations(), webhookOperations(), eventOperations(), keyOperations(), logOperations(), reportOperations(),
		documentOperations(), workflowOperations(), graphQueryOperations(), inquiryTemplateOperations(), userAuditLogOperations(),
		connectOperations(), oauthOperations(), relayOperations(),
	} {
		for name, do := range service {
			all[byName[name]] = do
		}
	}
	delete(all, "")
	return all
}

// text returns a string of the body, or "".
func (c *call) text(path string) string {
	v, _ := at(c.body, path)
	s, _ := v.(string)
	return s
}

// texts returns a list of strings of the body.
func (c *call) texts(path string) []string {
	v, _ := at(c.body, path)
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// number returns a number of the body, and whether there is one.
func (c *call) number(path string) (float64, bool) {
	v, _ := at(c.body, path)
	n, ok := v.(float64)
	return n, ok
}

// flag returns a boolean of the body, or otherwise.
func (c *call) flag(path string, otherwise bool) bool {
	v, _ := at(c.body, path)
	if b, ok := v.(bool); ok {
		return b
	}
	return otherwise
}

// object returns an object of the body, or nil.
func (c *call) object(path string) map[string]any {
	v, _ := at(c.body, path)
	m, _ := v.(map[string]any)
	return m
}

// filter returns a filter of the query.
func (c *call) filter(name string) string {
	if values := c.query["filter["+name+"]"]; len(values) > 0 {
		return values[0]
	}
	for key, values := range c.query { // in another casing
		if inner, ok := strings.CutPrefix(key, "filter["); ok && kebab(strings.TrimSuffix(inner, "]")) == name {
			return values[0]
		}
	}
	return ""
}

// oneOf reports whether a comma-separated filter is empty or holds a value.
func oneOf(filter, value string) bool {
	return filter == "" || slices.Contains(splitList(filter), value)
}

// find returns the resource that the path names, to change it, or a 404.
func (c *call) find(family string) (*resource, error) {
	r := c.edit(c.ids[0])
	if r == nil || r.family() != family {
		return nil, notFound("")
	}
	return r, nil
}

// answerFound answers with the resource that the path names.
func (c *call) answerFound(family string) (*answer, error) {
	r := c.get(c.ids[0])
	if r == nil || r.family() != family {
		return nil, notFound("")
	}
	return &answer{one: r}, nil
}
