package conformance

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// ValidateRequest checks a request with its body: method and path, credential,
// declared headers, query parameters, content type and body. The path may or may
// not start with /api/v1. Keys are expected in kebab case.
func (d *Document) ValidateRequest(r *http.Request, body []byte) error {
	route, ok := d.find(r.Method, r.URL.EscapedPath())
	if !ok {
		return &Error{What: r.Method + " " + r.URL.Path, Problems: []Problem{{"path", "no such operation"}}}
	}
	rep := &report{what: route.String() + ": request"}
	d.checkCredential(rep, route, r.Header)
	d.checkParameters(rep, route, r)
	d.checkPath(rep, route, r.URL.EscapedPath())
	d.checkRequestBody(rep, route, r.Header.Get("Content-Type"), body)
	return rep.err()
}

// checkCredential requires a bearer key, a Privacy Pass token, or nothing, as the document
// says for the operation.
func (d *Document) checkCredential(rep *report, route route, h http.Header) {
	requirements, own := d.operation(route)["security"].([]any)
	if !own {
		requirements = list(d.root["security"])
	}
	scheme := ""
	for _, requirement := range requirements {
		for name := range requirement.(node) {
			scheme = name
		}
	}
	prefix := map[string]string{"bearerAuth": "Bearer ", "privacyPassAuth": "PrivateToken token="}[scheme]
	got := h.Get("Authorization")
	switch {
	case scheme == "" && got != "":
		rep.add("header Authorization", "this operation takes no credential")
	case scheme != "" && (!strings.HasPrefix(got, prefix) || len(got) == len(prefix)):
		rep.add("header Authorization", "want %q and a credential", prefix)
	}
}

func (d *Document) operation(route route) node {
	op, _ := d.at(route.pointer).(node)
	return op
}

// parameter is a parameter of an operation, with the pointer of its schema.
type parameter struct {
	name, in string
	required bool
	schema   node
	pointer  string
}

func (d *Document) parameters(route route) []parameter {
	var params []parameter
	for i, p := range list(d.operation(route)["parameters"]) {
		object := p.(node)
		pointer := join(route.pointer, "parameters", itoa(i))
		if ref := text(object, "$ref"); ref != "" {
			pointer = strings.TrimPrefix(ref, "#")
		}
		object = d.resolve(object)
		required, _ := object["required"].(bool)
		params = append(params, parameter{
			name: text(object, "name"), in: text(object, "in"), required: required,
			schema: d.member(object, "schema"), pointer: join(pointer, "schema"),
		})
	}
	return params
}

func (d *Document) checkParameters(rep *report, route route, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		rep.add("query", "cannot be read: %v", err)
	}
	params := d.parameters(route)
	// Keys such as filter[status] belong to the parameter filter, unless a parameter has
	// that full name.
	nested := make(node)
	for key, values := range query {
		if len(values) > 1 {
			rep.add("query "+key, "is given %d times", len(values))
		}
		name, _, isNested := strings.Cut(key, "[")
		switch {
		case slices.ContainsFunc(params, func(p parameter) bool { return p.in == "query" && p.name == key }):
		case isNested && slices.ContainsFunc(params, func(p parameter) bool { return p.in == "query" && p.name == name && isObject(p.schema) }):
			nest(nested, key, values[0])
		default:
			rep.add("query "+key, "is not a parameter of this operation")
		}
	}
	for _, p := range params {
		var value any
		switch {
		case p.in == "header" && len(r.Header.Values(p.name)) > 0:
			value = d.typed(p.schema, strings.Join(r.Header.Values(p.name), ","))
		case p.in == "query" && nested[p.name] != nil:
			value = d.typed(p.schema, nested[p.name])
		case p.in == "query" && query.Has(p.name):
			value = d.typed(p.schema, query.Get(p.name))
		}
		switch {
		case p.in == "path":
		case value != nil:
			d.check(rep, p.pointer, value, p.in+" "+p.name)
		case p.required:
			rep.add(p.in+" "+p.name, "is required")
		}
	}
}

// checkPath checks the parameters in the path. A few schemas have a pattern.
func (d *Document) checkPath(rep *report, route route, path string) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	segments = segments[len(segments)-len(route.segments):]
	for _, p := range d.parameters(route) {
		i := slices.Index(route.segments, "{"+p.name+"}")
		if p.in != "path" || i < 0 {
			continue
		}
		value, _ := url.PathUnescape(segments[i])
		d.check(rep, p.pointer, value, "path "+p.name)
	}
}

func isObject(schema node) bool { return schema["type"] == "object" }

// typed converts the text of a header or query value, or an object of such texts, to the
// JSON type of its schema, if possible.
func (d *Document) typed(schema node, value any) any {
	if object, ok := value.(node); ok {
		properties := d.properties(schema)
		for key, inner := range object {
			definition, _ := properties[key].(node)
			object[key] = d.typed(d.resolve(definition), inner)
		}
		return object
	}
	s := value.(string)
	switch schema["type"] {
	case "integer", "number":
		var number json.Number
		if json.Unmarshal([]byte(s), &number) == nil {
			return number
		}
	case "boolean":
		if s == "true" || s == "false" {
			return s == "true"
		}
	}
	return s
}

func (d *Document) checkRequestBody(rep *report, route route, contentType string, body []byte) {
	definition := d.member(d.operation(route), "requestBody")
	content, _ := definition["content"].(node)
	if len(body) == 0 {
		if required, _ := definition["required"].(bool); required {
			rep.add("body", "is required")
		}
		return
	}
	if content == nil {
		rep.add("body", "this operation takes none")
		return
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || content[kind] == nil {
		rep.add("header Content-Type", "%q is not one of the operation's", contentType)
		return
	}
	value, err := Decode(contentType, body)
	if err != nil {
		rep.add("body", "cannot be read as %s: %v", kind, err)
		return
	}
	d.check(rep, join(d.pointerOf(join(route.pointer, "requestBody")), "content", kind, "schema"), value, "")
}

// Decode decodes a request's body to a JSON value. Numbers are [json.Number], keys of a
// form such as data[attributes][list-id] become nested objects, and a file becomes a string
// with its content.
func Decode(contentType string, body []byte) (any, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		return formValue(body)
	case "multipart/form-data":
		return multipartValue(body, params["boundary"])
	default:
		return jsonschema.UnmarshalJSON(bytes.NewReader(body))
	}
}

func formValue(body []byte) (any, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	object := make(node)
	for key := range form {
		nest(object, key, form.Get(key))
	}
	return object, nil
}

func multipartValue(body []byte, boundary string) (any, error) {
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(int64(len(body)))
	if err != nil {
		return nil, err
	}
	object := make(node)
	for key, values := range form.Value {
		nest(object, key, values[0])
	}
	for key, files := range form.File {
		file, err := files[0].Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(file)
		if err != nil {
			return nil, err
		}
		nest(object, key, string(content))
	}
	return object, nil
}

// nest stores a value under a key such as data[attributes][list-id].
func nest(object node, key, value string) {
	tokens := strings.Split(strings.ReplaceAll(key, "]", ""), "[")
	for _, token := range tokens[:len(tokens)-1] {
		inner, ok := object[token].(node)
		if !ok {
			inner = make(node)
			object[token] = inner
		}
		object = inner
	}
	object[tokens[len(tokens)-1]] = value
}
