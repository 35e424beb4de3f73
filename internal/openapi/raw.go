package openapi

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// rawDocument is the document as it is written.
type rawDocument struct {
	Paths      map[string]map[string]json.RawMessage
	Components struct {
		Parameters    map[string]rawParameter
		Schemas       map[string]*Schema
		Responses     map[string]rawResponse
		RequestBodies map[string]rawBody
	}
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
	d := &Document{Version: version, schemas: raw.Components.Schemas}
	for path, item := range raw.Paths {
		var shared []rawParameter
		_ = json.Unmarshal(item["parameters"], &shared) // absent on most paths
		var servers []rawServer
		_ = json.Unmarshal(item["servers"], &servers)
		for method, b := range item {
			var op rawOperation
			if method = strings.ToUpper(method); !slices.Contains([]string{"GET", "POST", "PATCH", "PUT", "DELETE"}, method) || json.Unmarshal(b, &op) != nil {
				continue
			}
			op.Parameters = append(shared, op.Parameters...)
			op.Servers = append(op.Servers, servers...)
			d.Operations = append(d.Operations, raw.operation(method, path, op))
		}
	}
	slices.SortFunc(d.Operations, func(a, b Operation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return d
}

func (raw rawDocument) operation(method, path string, op rawOperation) Operation {
	o := Operation{Method: method, Path: path, ID: op.OperationID, Success: map[string]*Schema{}}
	if len(op.Servers) > 0 {
		o.BaseURL = op.Servers[0].URL
	}
	o.Keyless = op.Security != nil && !slices.ContainsFunc(*op.Security, func(scheme map[string][]string) bool {
		_, bearer := scheme["bearerAuth"]
		return bearer
	})
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		o.PathParams = append(o.PathParams, m[1])
	}
	for _, p := range op.Parameters {
		if p.Ref != "" {
			p = raw.Components.Parameters[refName(p.Ref)]
		}
		param := Parameter{Name: p.Name, Required: p.Required, Schema: p.Schema}
		switch {
		case p.In == "query":
			o.Query = append(o.Query, param)
		case p.In == "header" && !commonHeaders.MatchString(p.Name):
			o.Headers = append(o.Headers, param)
		}
	}
	if op.RequestBody != nil {
		body := *op.RequestBody
		if body.Ref != "" {
			body = raw.Components.RequestBodies[refName(body.Ref)]
		}
		o.Body = &Body{Required: body.Required}
		for media, content := range body.Content {
			o.Body.MediaTypes = append(o.Body.MediaTypes, media)
			if o.Body.Schema == nil || media == "application/json" {
				o.Body.Schema = content.Schema
			}
		}
		slices.Sort(o.Body.MediaTypes)
	}
	for status, r := range op.Responses {
		if r.Ref != "" {
			r = raw.Components.Responses[refName(r.Ref)]
		}
		if !strings.HasPrefix(status, "2") {
			continue
		}
		o.Success[status] = nil
		for media, content := range r.Content {
			o.Success[status], o.MediaType = content.Schema, media
		}
	}
	return o
}

// UnmarshalJSON reads a schema. Keywords the generators have no use for are passed
// over.
func (s *Schema) UnmarshalJSON(b []byte) error {
	var raw struct {
		Ref           string `json:"$ref"`
		Type          json.RawMessage
		Format        string
		Const         any
		Enum          []any
		Properties    map[string]*Schema
		Required      []string
		Items         *Schema
		Additional    json.RawMessage `json:"additionalProperties"`
		AllOf         []*Schema
		OneOf, AnyOf  []*Schema
		Deprecated    bool
		Discriminator struct{ Mapping map[string]string }
	}
	if strings.TrimSpace(string(b)) == "true" || strings.TrimSpace(string(b)) == "false" {
		return nil
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*s = Schema{
		Format: raw.Format, Properties: raw.Properties, Required: raw.Required, Items: raw.Items,
		AllOf: raw.AllOf, OneOf: append(raw.OneOf, raw.AnyOf...), Deprecated: raw.Deprecated,
	}
	if raw.Ref != "" {
		s.Ref = refName(raw.Ref)
	}
	var one string
	if json.Unmarshal(raw.Type, &one) == nil {
		s.Types = []string{one}
	} else {
		_ = json.Unmarshal(raw.Type, &s.Types) // absent, or a list
	}
	if c, ok := raw.Const.(string); ok {
		s.Const = c
	}
	for _, v := range raw.Enum {
		if text, ok := v.(string); ok {
			s.Enum = append(s.Enum, text)
		}
	}
	if text := strings.TrimSpace(string(raw.Additional)); text != "" && text != "false" {
		s.Open = true
	}
	if len(raw.Discriminator.Mapping) > 0 {
		s.Mapping = map[string]string{}
		for value, ref := range raw.Discriminator.Mapping {
			s.Mapping[value] = refName(ref)
		}
	}
	return nil
}
