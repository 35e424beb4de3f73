package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Sampler makes valid bodies out of the schemas, filled with invented data. Every
// property that a schema names is there; which member of a union, which nullable
// values are null and how long arrays are differs from sample to sample, and is the
// same for the same seed. It is not safe for use by several goroutines.
type Sampler struct {
	doc      *Document
	rand     *rand.Rand
	next     int  // numbers ids and words, so that no two are the same
	required bool // leave out what is not required
}

// Sampler returns a sampler whose choices follow from the seed.
func (d *Document) Sampler(seed uint64) *Sampler {
	return &Sampler{doc: d, rand: rand.New(rand.NewPCG(seed, 2))}
}

// Response returns an answer that ValidateResponse accepts. The path is a template
// of the document, the status one it declares for the operation.
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

// Request is what a valid request holds.
type Request struct {
	Query  map[string]any // by name: page[size], filter[status]
	Header map[string]any // apart from those that every operation takes
	Body   any            // nil where the operation takes none
}

// Request returns the parameters and the body of a request that ValidateRequest
// accepts: all that the document names, or only what it requires. A file is the
// text of its content.
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

// Statuses returns the successful statuses that an operation declares.
func (d *Document) Statuses(method, path string) []int {
	route, _ := d.find(method, path)
	var statuses []int
	for key := range d.member(d.operation(route), "responses") {
		if status, err := strconv.Atoi(key); err == nil && status < 300 {
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

// deepest is where a schema that contains itself is cut off.
const deepest = 12

func (s *Sampler) value(schema node, name string, depth int) any {
	schema = s.doc.resolve(schema)
	if value, ok := schema["const"]; ok {
		return value
	}
	if values := list(schema["enum"]); len(values) > 0 {
		return values[s.rand.IntN(len(values))]
	}
	if byType, ok := s.doc.members(schema); ok {
		types := slices.Sorted(maps.Keys(byType))
		kind := types[s.rand.IntN(len(types))]
		value := s.value(byType[kind].(node), name, depth)
		value.(node)["type"] = kind
		return value
	}
	for _, keyword := range []string{"oneOf", "anyOf"} {
		if branches := list(schema[keyword]); len(branches) > 0 {
			return s.value(branches[s.rand.IntN(len(branches))].(node), name, depth)
		}
	}
	switch s.kind(schema) {
	case "object":
		return s.object(schema, name, depth)
	case "array":
		return s.array(schema, name, depth)
	case "boolean":
		return s.rand.IntN(2) == 0
	case "integer":
		return s.integer(schema)
	case "number":
		return json.Number(fmt.Sprintf("%d.5", s.integer(schema)))
	case "null":
		return nil
	default:
		return s.text(schema, name)
	}
}

// kind returns the JSON type to make. Of nullable values every fourth is null.
func (s *Sampler) kind(schema node) string {
	kinds := list(schema["type"])
	if one := text(schema, "type"); one != "" {
		kinds = []any{one}
	}
	if slices.Contains(kinds, any("null")) && len(kinds) > 1 {
		if s.rand.IntN(4) == 0 {
			return "null"
		}
		kinds = slices.DeleteFunc(slices.Clone(kinds), func(k any) bool { return k == "null" })
	}
	switch {
	case len(kinds) > 0:
		return kinds[s.rand.IntN(len(kinds))].(string)
	case schema["properties"] != nil || schema["allOf"] != nil:
		return "object"
	default:
		return "string"
	}
}

func (s *Sampler) object(schema node, name string, depth int) any {
	object := make(node)
	properties := s.doc.properties(schema)
	if depth <= deepest {
		for _, key := range slices.Sorted(maps.Keys(properties)) {
			if !s.required || s.doc.requires(schema, key) || s.holdsRequired(properties[key].(node), key) {
				object[key] = s.value(properties[key].(node), key, depth+1)
			}
		}
	}
	if s.required {
		return object
	}
	switch extra := schema["additionalProperties"].(type) {
	case bool:
		if extra && name == "fields" {
			object["favourite_colour"] = node{"type": "string", "value": "blue"}
		} else if extra {
			object["acme_Key-1"] = s.word(name)
		}
	case node:
		object["acme_Key-1"] = s.value(extra, name, depth+1)
	}
	return object
}

// holdsRequired reports whether a property is one of the places that a request's
// attributes go to and holds something required, or has a type to be told apart by.
// The document often leaves the place itself optional.
func (s *Sampler) holdsRequired(schema node, key string) bool {
	if !slices.Contains([]string{"data", "attributes", "meta"}, key) {
		return false
	}
	if _, union := s.doc.members(schema); union {
		return true
	}
	for name, definition := range s.doc.properties(schema) {
		if s.doc.requires(schema, name) || s.holdsRequired(definition.(node), name) {
			return true
		}
	}
	return false
}

func (s *Sampler) array(schema node, name string, depth int) any {
	items, _ := schema["items"].(node)
	elements := []any{}
	if items == nil || depth > deepest {
		return elements
	}
	n := s.bounded(schema, "minItems", "maxItems", 2, 3)
	for range n {
		elements = append(elements, s.value(items, name, depth+1))
	}
	return elements
}

func (s *Sampler) integer(schema node) int64 {
	return s.bounded(schema, "minimum", "maximum", 1, 1000)
}

// bounded returns a number between two bounds, which the schema may narrow.
func (s *Sampler) bounded(schema node, minimum, maximum string, low, high int64) int64 {
	if n, ok := schema[minimum].(json.Number); ok {
		low, _ = n.Int64()
	}
	if n, ok := schema[maximum].(json.Number); ok {
		high, _ = n.Int64()
	}
	return low + s.rand.Int64N(high-low+1)
}

func (s *Sampler) text(schema node, name string) string {
	switch text(schema, "format") {
	case "date-time":
		return fmt.Sprintf("2026-11-20T09:%02d:%02d.%03dZ", s.rand.IntN(60), s.rand.IntN(60), s.rand.IntN(1000))
	case "date":
		return fmt.Sprintf("1990-04-%02d", 1+s.rand.IntN(28))
	case "uri":
		return "https://example.com/" + s.word(name)
	case "json":
		return `{"acme":true}`
	}
	if pattern := text(schema, "pattern"); pattern != "" {
		return matching(pattern)
	}
	return s.word(name)
}

// word returns a text that no other value of the sample has.
func (s *Sampler) word(name string) string {
	s.next++
	return fmt.Sprintf("%s_%d", strings.ReplaceAll("acme "+name, " ", "_"), s.next)
}

// matching returns a text for one of the document's patterns, all of which are
// short: digits, dates, numbers and ids.
func matching(pattern string) string {
	id := "AcmeAcmeAcmeAcmeAcmeAcme"
	re := regexp.MustCompile(pattern)
	for _, text := range []string{"20", "2026", "2026-11-20", "123-45-6789", "act_" + id, "accac_" + id, "verification-template/acme", "verification-template-version/acme"} {
		if re.MatchString(text) {
			return text
		}
	}
	return pattern
}
