package engine

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/idemhq/idem/persona"
)

// paramsType is the type of the SDK's parameters of an operation. It describes what a
// request may contain; nil means nothing.
type paramsType struct{ reflect.Type }

// operations returns the operations of the API, which all engines share.
var operations = sync.OnceValue(persona.Operations)

// paramsTypes returns the parameters of each operation, by operationId.
var paramsTypes = sync.OnceValue(func() map[string]paramsType {
	types := map[string]paramsType{}
	client := reflect.TypeFor[persona.Client]()
	for _, op := range operations() {
		field, _ := client.FieldByName(op.Service)
		method, _ := field.Type.MethodByName(op.Method)
		for i := range method.Type.NumIn() {
			if in := method.Type.In(i); in.Kind() == reflect.Struct {
				types[op.ID] = paramsType{in}
			}
		}
	}
	return types
})

// validate checks a body against the parameters of its operation: required values must be
// there, and values must have the right type. Attributes that the operation does not know
// are ignored, as the real sandbox does with accounts.
func (e *Engine) validate(op *persona.Operation, body map[string]any) error {
	params := e.params[op.ID]
	if params.Type == nil {
		return nil
	}
	for i := range params.NumField() {
		if err := validateField(params.Field(i), body); err != nil {
			return err
		}
	}
	return nil
}

func validateField(field reflect.StructField, body map[string]any) error {
	in := field.Tag.Get("in")
	if in == "query" || in == "header" {
		return nil
	}
	key, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	path := key
	if in != "body" {
		path = in + "." + key
	}
	value, present := valueAt(body, path)
	if !present || value == nil {
		if !strings.Contains(options, "omitzero") && !strings.HasPrefix(field.Type.Name(), "Optional[") {
			return BadRequest(SnakePath(path) + " is missing")
		}
		return nil
	}
	if problem := typeProblem(value, field.Type); problem != "" {
		return BadRequest(SnakePath(path) + " " + problem)
	}
	return checkPrefix(path, key, value)
}

// attributes returns the names that an operation takes in data.attributes.
func (p paramsType) attributes() []string {
	var names []string
	for _, field := range reflect.VisibleFields(p.Type) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); field.Tag.Get("in") == "data.attributes" {
			names = append(names, name)
		}
	}
	return names
}

// valueAt finds a value by its dotted path.
func valueAt(body map[string]any, path string) (any, bool) {
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

// typeProblem says what is wrong if a value does not fit a Go type.
func typeProblem(value any, want reflect.Type) string {
	if method, ok := want.MethodByName("Get"); ok && strings.HasPrefix(want.Name(), "Optional[") {
		want = method.Type.Out(0)
	}
	ok, problem := true, ""
	switch want.Kind() {
	case reflect.String:
		_, ok = value.(string)
		problem = "must be a string"
	case reflect.Bool:
		_, ok = value.(bool)
		problem = "must be a boolean"
	case reflect.Int64:
		n, number := value.(float64)
		ok, problem = number && n == float64(int64(n)), "must be an integer"
	case reflect.Float64:
		_, ok = value.(float64)
		problem = "must be a number"
	case reflect.Slice:
		_, ok = value.([]any)
		problem = "must be an array"
	case reflect.Map, reflect.Struct:
		_, ok = value.(map[string]any)
		problem = "must be an object"
	}
	if ok {
		return ""
	}
	return problem
}

// checkPrefix refuses the id of another kind of resource, as Persona does for templates.
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

// SnakePath writes a path as Persona's errors do, in whatever casing it was sent.
func SnakePath(path string) string { return strings.ReplaceAll(path, "-", "_") }
