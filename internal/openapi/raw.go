package openapi

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// rawDocument is the document as it is written.
type rawDocument struct {
	Paths      map[string]rawPath
	Webhooks   map[string]rawPath
	Components struct {
		Parameters    map[string]rawParameter
		Schemas       map[string]*Schema
		Responses     map[string]rawResponse
		RequestBodies map[string]rawBody
	}
}

// rawPath is what a path has for all of its operations, and the operations.
type rawPath struct {
	Parameters                    []rawParameter
	Servers                       []rawServer
	Get, Post, Patch, Put, Delete *rawOperation
}

type rawServer struct{ URL string }

type rawOperation struct {
	OperationID string
	Servers     []rawServer
	Parameters  []rawParameter
	RequestBody *rawBody
	Responses   map[string]rawResponse
	Security    *[]map[string][]string // nil: the document's own, the API key
}

type rawParameter struct {
	Ref      string `json:"$ref"`
	In, Name string
	Required bool
	Schema   *Schema
}

type rawBody struct {
	Ref      string `json:"$ref"`
	Required bool
	Content  map[string]struct{ Schema *Schema }
}

type rawResponse struct {
	Ref     string `json:"$ref"`
	Content map[string]struct{ Schema *Schema }
}

// commonHeaders are the headers every operation takes; the SDK's transport sets them.
var commonHeaders = regexp.MustCompile(`^(Key-Inflection|Idempotency-Key|Persona-Version)$`)

var pathParameter = regexp.MustCompile(`\{([^}]+)\}`)

func (raw rawDocument) document(version string) *Document {
	d := &Document{Version: version, Webhooks: map[string]*Schema{}, schemas: raw.Components.Schemas}
	for event, webhook := range raw.Webhooks {
		if webhook.Post != nil && webhook.Post.RequestBody != nil {
			d.Webhooks[event] = raw.body(webhook.Post.RequestBody).Schema
		}
	}
	for path, item := range raw.Paths {
		for method, op := range map[string]*rawOperation{
			"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "PUT": item.Put, "DELETE": item.Delete,
		} {
			if op != nil {
				d.Operations = append(d.Operations, raw.operation(method, path, item, *op))
			}
		}
	}
	slices.SortFunc(d.Operations, func(a, b Operation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return d
}

func (raw rawDocument) operation(method, path string, item rawPath, op rawOperation) Operation {
	o := Operation{Method: method, Path: path, ID: op.OperationID, Body: raw.body(op.RequestBody)}
	for _, server := range slices.Concat(op.Servers, item.Servers) {
		o.BaseURL = cmp.Or(o.BaseURL, server.URL)
	}
	o.Keyless = op.Security != nil && !slices.ContainsFunc(*op.Security, func(scheme map[string][]string) bool {
		_, bearer := scheme["bearerAuth"]
		return bearer
	})
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		o.PathParams = append(o.PathParams, m[1])
	}
	for _, p := range slices.Concat(item.Parameters, op.Parameters) {
		raw.addParameter(&o, p)
	}
	raw.addAnswers(&o, op.Responses)
	return o
}

func (raw rawDocument) addParameter(o *Operation, p rawParameter) {
	if p.Ref != "" {
		p = raw.Components.Parameters[refName(p.Ref)]
	}
	parameter := Parameter{Name: p.Name, Required: p.Required, Schema: p.Schema}
	switch {
	case p.In == "query":
		o.Query = append(o.Query, parameter)
	case p.In == "header" && !commonHeaders.MatchString(p.Name):
		o.Headers = append(o.Headers, parameter)
	}
}

// addAnswers adds the successful answers. An answer without content has no schema.
func (raw rawDocument) addAnswers(o *Operation, responses map[string]rawResponse) {
	o.Success = map[string]*Schema{}
	for status, r := range responses {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		if r.Ref != "" {
			r = raw.Components.Responses[refName(r.Ref)]
		}
		o.Success[status] = nil
		for media, content := range r.Content {
			o.Success[status], o.MediaType = content.Schema, media
		}
	}
}

// body resolves a request body and picks its schema. A nil body stays nil.
func (raw rawDocument) body(b *rawBody) *Body {
	if b == nil {
		return nil
	}
	written := *b
	if b.Ref != "" {
		written = raw.Components.RequestBodies[refName(b.Ref)]
	}
	body := &Body{Required: written.Required}
	body.MediaTypes = slices.Sorted(maps.Keys(written.Content))
	for _, media := range body.MediaTypes {
		if body.Schema == nil || media == "application/json" {
			body.Schema = written.Content[media].Schema
		}
	}
	return body
}
