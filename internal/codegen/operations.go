package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// operation is one operation of the API with its Go method.
type operation struct {
	openapi.Operation
	Service string // Inquiries
	Name    string // of the method: Approve
	Note    string
	answer  *openapi.Schema
	shape   shape
}

// shape is the form of an answer. It is the name of the template of the method.
type shape string

const (
	one      shape = "one"      // a resource
	withMeta shape = "withMeta" // a resource and something about it
	several  shape = "several"  // resources without pages
	list     shape = "list"     // pages of resources
	plain    shape = "plain"    // an object that is no resource
	stream   shape = "stream"   // a file
)

// operations returns the operations of the newest version, by path.
func (g *generator) operations() ([]operation, error) {
	methods, notes := methods(), notes()
	var operations []operation
	for _, o := range g.newest.Operations {
		name, ok := methods[o.ID]
		if !ok {
			return nil, fmt.Errorf("%s %s (%s) has no name in methods.go", o.Method, o.Path, o.ID)
		}
		op := operation{Operation: o, Note: notes[name]}
		op.Service, op.Name, _ = strings.Cut(name, ".")
		for _, status := range slices.Sorted(maps.Keys(o.Success)) {
			op.answer = g.joined.Flat(o.Success[status])
		}
		op.shape = g.shape(op)
		operations = append(operations, op)
	}
	return operations, nil
}

func (g *generator) shape(op operation) shape {
	if op.MediaType == "application/pdf" {
		return stream
	}
	data := g.joined.Resolve(op.answer.Properties["data"])
	switch {
	case data == nil:
		return plain
	case data.Type() == "array" && op.answer.Properties["links"] != nil:
		return list
	case data.Type() == "array":
		return several
	case op.answer.Properties["meta"] != nil:
		return withMeta
	default:
		return one
	}
}

// Constant names the operation in the SDK's table of operations.
func (op operation) Constant() string { return "op" + op.Service + op.Name }

// Prefix begins the names of the types that belong to the operation.
func (op operation) Prefix() string { return singular(op.Service) + op.Name }

// link writes a doc link to the operation's method.
func (op operation) link() string { return "[" + op.Service + "Service." + op.Name + "]" }

// Search reports whether the operation is a search.
func (op operation) Search() bool { return strings.HasSuffix(op.Path, "/search") }

// Privacy reports whether the operation is below the base of Persona's privacy API.
func (op operation) Privacy() bool { return strings.HasSuffix(op.BaseURL, "/api/privacy/v1") }

// Encoding returns the SDK's constant for how the body is written, "" without a body.
func (op operation) Encoding() string {
	switch {
	case op.Body == nil:
		return ""
	case slices.Contains(op.Body.MediaTypes, "multipart/form-data"):
		return "multipartBody"
	case slices.Contains(op.Body.MediaTypes, "application/x-www-form-urlencoded"):
		return "formBody"
	default:
		return "jsonBody"
	}
}

// method is the Go method of an operation.
type method struct {
	operation
	Arguments string // of the method, from the context to the options
	IDs       string // what the path parameters are taken from
	Params    string // what the other parameters are taken from
	Result    string // the Go type of what is returned, or of one element of a list
}

// operation writes an operation's parameters, its method, and the types of its answer
// that are no resources of their own.
func (t *types) operation(op operation) {
	m := method{operation: op, Arguments: "ctx context.Context", IDs: "nil", Params: "nil"}
	if len(op.PathParams) > 0 {
		var names []string
		for _, p := range op.PathParams {
			names = append(names, parameter(p))
		}
		m.IDs = "[]string{" + strings.Join(names, ", ") + "}"
		m.Arguments += ", " + strings.Join(names, ", ") + " string"
	}
	if t.params(op) {
		m.Params = "params"
		m.Arguments += ", params " + op.Prefix() + "Params"
	}
	m.Arguments += ", opts ...Option"
	m.Result = t.result(op)
	t.write(string(op.shape), m)
	switch op.shape {
	case withMeta:
		name, meta := op.Prefix()+"ResultMeta", t.joined.Flat(op.answer.Properties["meta"])
		t.plain(name, "is the metadata of the answer to "+op.link()+". Links and tokens are credentials.", name, meta)
	case plain:
		t.plain(m.Result, "is the answer to "+op.link()+".", m.Result, op.answer)
	}
	t.flush()
}

// result returns the Go type of an operation's answer, or of one element of a list.
func (t *types) result(op operation) string {
	data := t.joined.Resolve(op.answer.Properties["data"])
	switch op.shape {
	case stream:
		return "Stream"
	case plain:
		return plainResults()[op.Service+"."+op.Name]
	case several:
		return t.item(op, data.Items)
	case list:
		if kinds := t.joined.Resolve(data.Items).OneOf; data.Items.Ref == "" && len(kinds) > 0 && t.hasAttributes(kinds[0]) {
			return "Object"
		}
		return "*" + t.item(op, data.Items)
	default:
		return t.item(op, op.answer.Properties["data"])
	}
}

func (t *types) hasAttributes(s *openapi.Schema) bool {
	return t.joined.Flat(s).Properties["attributes"] != nil
}

// item returns the Go type of what an answer holds, and writes it where it has no
// component of its own.
func (t *types) item(op operation, s *openapi.Schema) string {
	if _, _, kinds := union(s.Ref); kinds || s.Ref != "" && t.hasAttributes(s) {
		if t.homes[s.Ref] == "" {
			t.homes[s.Ref] = op.Service
		}
		return typeName(s.Ref)
	}
	if s.Ref != "" {
		return strings.TrimPrefix(t.read(property{}, s), "*")
	}
	if len(s.OneOf) > 0 { // a list whose entries are no resources
		prefix := singular(op.Service) + strings.TrimPrefix(op.Name, "List")
		t.afterwards(func() { t.plain(prefix+"Entry", "is one entry of "+op.link()+".", prefix, t.joined.Union(s.OneOf)) })
		return prefix + "Entry"
	}
	typ := s.Properties["type"].Const
	name := goName(typ)
	if t.first(name, typ) {
		t.afterwards(func() { t.resourceOf(place{typ, name}, typ, s) })
	}
	return name
}
