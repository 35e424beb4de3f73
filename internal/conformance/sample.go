package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
)

// Sampler creates valid bodies from the schemas with invented data. All properties of a
// schema are present. The members of unions, nulls and the lengths of arrays vary between
// samples, but are the same for the same seed. A Sampler is not safe for concurrent use.
type Sampler struct {
	doc      *Document
	rand     *rand.Rand
	next     int  // makes ids and words unique
	required bool // omit optional properties
}

// Sampler returns a sampler with a seed.
func (d *Document) Sampler(seed uint64) *Sampler {
	return &Sampler{doc: d, rand: rand.New(rand.NewPCG(seed, 2))}
}

// Response returns an answer that ValidateResponse accepts. path is a template of the
// document and status one that it declares for the operation.
func (s *Sampler) Response(method, path string, status int) (http.Header, []byte, error) {
	route, ok := s.doc.find(method, path)
	if !ok {
		return nil, nil, fmt.Errorf("conformance: no operation %s %s", method, path)
	}
	pointer := s.doc.pointerOf(join(route.pointer, "responses", strconv.Itoa(status)))
	declared, _ := s.doc.at(pointer).(node)
	if declared == nil {
		return nil, nil, fmt.Errorf("conformance: %s declares no status %d", route, status)
	}
	header := make(http.Header)
	for name := range s.doc.member(declared, "headers") {
		schema := s.doc.member(declared, "headers", name, "schema")
		header.Set(name, fmt.Sprint(s.value(schema, name, 0)))
	}
	// With a low remaining limit a client would slow down.
	header.Set("RateLimit-Limit", "300")
	header.Set("RateLimit-Remaining", "299")
	header.Set("RateLimit-Reset", "60")
	content, _ := declared["content"].(node)
	kinds := slices.Sorted(maps.Keys(content))
	if len(kinds) == 0 {
		return header, nil, nil
	}
	header.Set("Content-Type", kinds[0])
	if kinds[0] != "application/json" {
		return header, []byte("%PDF-1.7\n%%EOF\n"), nil
	}
	body, err := json.Marshal(s.value(s.doc.member(content, kinds[0], "schema"), "", 0))
	return header, body, err
}

// Request is a valid request.
type Request struct {
	Query  map[string]any // by name: page[size], filter[status]
	Header map[string]any // except those of every operation
	Body   any            // nil if the operation has no body
}

// Request returns the parameters and the body of a request that ValidateRequest accepts:
// all that the document names, or only the required ones. A file is a string with its
// content.
func (s *Sampler) Request(method, path string, onlyRequired bool) (Request, error) {
	route, ok := s.doc.find(method, path)
	if !ok {
		return Request{}, fmt.Errorf("conformance: no operation %s %s", method, path)
	}
	s.required = onlyRequired
	defer func() { s.required = false }()
	request := Request{Query: make(map[string]any), Header: make(map[string]any)}
	for _, p := range s.doc.parameters(route) {
		if !p.required && (onlyRequired || slices.Contains([]string{"include", "fields", "Key-Inflection", "Idempotency-Key", "Persona-Version"}, p.name)) {
			continue
		}
		switch value := s.value(p.schema, p.name, 0); p.in {
		case "header":
			request.Header[p.name] = value
		case "query":
			flatten(request.Query, p.name, value)
		}
	}
	definition := s.doc.member(s.doc.operation(route), "requestBody")
	content, _ := definition["content"].(node)
	for _, kind := range []string{"multipart/form-data", "application/x-www-form-urlencoded", "application/json"} {
		if content[kind] != nil {
			request.Body = s.value(s.doc.member(content, kind, "schema"), "", 0)
			break
		}
	}
	return request, nil
}

// flatten stores the values inside an object under names such as filter[status].
func flatten(into map[string]any, name string, value any) {
	object, ok := value.(node)
	if !ok {
		into[name] = value
		return
	}
	for key, inner := range object {
		flatten(into, name+"["+key+"]", inner)
	}
}

// Event returns a webhook body that ValidateEvent accepts.
func (s *Sampler) Event(name string) ([]byte, error) {
	schema := s.doc.member(s.doc.root, "webhooks", name, "post", "requestBody", "content", "application/json", "schema")
	if schema == nil {
		return nil, fmt.Errorf("conformance: the document describes no event %s", name)
	}
	return json.Marshal(s.value(schema, "", 0))
}

// Parameter returns a value for a path parameter of an operation.
func (s *Sampler) Parameter(method, path, name string) string {
	route, _ := s.doc.find(method, path)
	for _, p := range s.doc.parameters(route) {
		if p.in == "path" && p.name == name {
			return fmt.Sprint(s.value(p.schema, name, 0))
		}
	}
	return ""
}

// Attributes returns invented attributes of a type of resource, without those for which only
// empty values are valid.
func (s *Sampler) Attributes(typ string) map[string]any {
	attributes := make(map[string]any)
	for _, key := range s.doc.Keys() {
		if key.Resource != typ || key.Place != "attributes" {
			continue
		}
		for range 20 { // until it is not null
			if value := s.value(s.doc.schemaOf(key), key.Name, 0); filled(value) {
				attributes[key.Name] = value
				break
			}
		}
	}
	return attributes
}
