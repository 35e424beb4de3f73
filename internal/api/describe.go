package api

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// describe completes the OpenAPI document: the scope of each operation, the headers that
// many share, and the kinds of problems.
func describe(document *huma.OpenAPI) {
	describeWebhooks(document)
	document.Info.Description = "What Idem knows and does, for host applications and operators. Every request needs a token with the scope that its operation names. Errors are problems (RFC 9457)."
	schema := document.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	describeProblem(document.Components.Schemas.SchemaFromRef(schema.Ref))
	delete(document.Components.Schemas.Map(), "ErrorModel") // Huma's own form of errors
	delete(document.Components.Schemas.Map(), "ErrorDetail")
	for _, path := range document.Paths {
		for _, o := range []*huma.Operation{path.Get, path.Post, path.Patch, path.Delete} {
			if o != nil {
				describeOperation(o, schema)
			}
		}
	}
}

// describeProblem lists the kinds of problems.
func describeProblem(schema *huma.Schema) {
	kind := schema.Properties["type"]
	var lines []string
	for _, k := range problemKinds() {
		kind.Enum = append(kind.Enum, "/problems/"+k.name)
		lines = append(lines, fmt.Sprintf("/problems/%s (%d): %s", k.name, k.status, k.meaning))
	}
	kind.Description = "names the kind of problem, and is where it is explained:\n" + strings.Join(lines, "\n")
}

func describeOperation(o *huma.Operation, problem *huma.Schema) {
	needs(scopeOf(o))(o)
	o.Description = strings.TrimSpace(o.Description + "\n\nNeeds the scope `" + string(scopeOf(o)) + "`.")
	for _, response := range o.Responses {
		if response.Content[problemType] != nil {
			response.Content = map[string]*huma.MediaType{problemType: {Schema: problem}}
		}
	}
	switch {
	case o.Method == http.MethodPost:
		o.Parameters = append(o.Parameters, optionalHeader(keyHeader, "makes it safe to repeat the request: it is answered as the first time, for 24 hours"))
	case o.Method == http.MethodGet && !streams(o):
		o.Parameters = append(o.Parameters, optionalHeader("If-None-Match", "an ETag: the answer is 304 if nothing has changed since"))
		o.Responses["304"] = &huma.Response{Description: "Nothing has changed since the answer with the ETag."}
		o.Responses["200"].Headers = map[string]*huma.Param{"ETag": {Description: "changes with the answer", Schema: &huma.Schema{Type: huma.TypeString}}}
	}
}

func optionalHeader(name, description string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
}
