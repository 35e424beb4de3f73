package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// operation is one method to be written.
type operation struct {
	openapi.Operation
	service, method string
	kind            kind
	success         *openapi.Schema
}

// kind is the shape of an answer.
type kind int

const (
	one      kind = iota // a resource
	withMeta             // a resource and something about it
	several              // resources without pages
	list                 // pages of resources
	plainly              // an object that is no resource
	stream               // a file
)

func newOperation(o openapi.Operation) (operation, error) {
	name, ok := methods[o.ID]
	if !ok {
		return operation{}, fmt.Errorf("%s %s (%s) has no name in methods.go", o.Method, o.Path, o.ID)
	}
	op := operation{Operation: o}
	op.service, op.method, _ = strings.Cut(name, ".")
	for _, status := range slices.Sorted(maps.Keys(o.Success)) {
		op.success = o.Success[status]
	}
	return op, nil
}

// classify tells the kind of the answer.
func (g *generator) classify(op *operation) {
	answer := g.spec.flat(op.success)
	if op.MediaType == "application/pdf" {
		op.kind = stream
		return
	}
	data := answer.Properties["data"]
	switch {
	case data == nil:
		op.kind = plainly
	case g.spec.resolve(data).Type() == "array" && answer.Properties["links"] != nil:
		op.kind = list
	case g.spec.resolve(data).Type() == "array":
		op.kind = several
	case answer.Properties["meta"] != nil:
		op.kind = withMeta
	default:
		op.kind = one
	}
}

func (op *operation) name() string { return op.service + "." + op.method }

// constant names the operation in the table of operations.
func (op *operation) constant() string { return "op" + op.service + op.method }

func (op *operation) search() bool { return strings.HasSuffix(op.Path, "/search") }

func (op *operation) paramsType() string { return singular(op.service) + op.method + "Params" }

// methodsOf writes the methods of an operation.
func (t *types) methodsOf(op operation) {
	params := t.params(op)
	signature := "ctx context.Context"
	ids := "nil"
	if len(op.PathParams) > 0 {
		var names []string
		for _, p := range op.PathParams {
			names = append(names, parameter(p))
		}
		signature += ", " + strings.Join(names, ", ") + " string"
		ids = "[]string{" + strings.Join(names, ", ") + "}"
	}
	arg := "nil"
	if params {
		signature += ", params " + op.paramsType()
		arg = "params"
	}
	signature += ", opts ...Option"
	call := fmt.Sprintf("ctx, s.client, &operations[%s], %s, %s, opts", op.constant(), ids, arg)

	t.printf("// %s is %s %s.\n", op.method, op.Method, op.Path)
	if note := notes[op.name()]; note != "" {
		t.printf("// %s\n", note)
	}
	receiver := "func (s *" + op.service + "Service) "
	switch op.kind {
	case one:
		item := t.item(op, t.spec.flat(op.success).Properties["data"])
		t.printf("%s%s(%s) (*%s, error) {\n\treturn fetch[%s](%s)\n}\n\n", receiver, op.method, signature, item, item, call)
	case withMeta:
		item := t.item(op, t.spec.flat(op.success).Properties["data"])
		result := singular(op.service) + op.method + "Result"
		t.printf("%s%s(%s) (*%s, error) {\n", receiver, op.method, signature, result)
		t.printf("\tdata, meta, err := fetchWithMeta[%s, %sMeta](%s)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn &%s{*data, *meta}, nil\n}\n\n", item, result, call, result)
		t.printf("// %s is the resource, and what the answer says beside it.\ntype %s struct {\n\t%s\n\tMeta %sMeta\n}\n\n", result, result, item, result)
		t.plain(result+"Meta", "is what the answer says beside the resource. Links and tokens are credentials.", t.spec.flat(t.spec.flat(op.success).Properties["meta"]), t.readField)
	case several:
		item := t.item(op, t.spec.resolve(t.spec.flat(op.success).Properties["data"]).Items)
		t.printf("%s%s(%s) ([]*%s, error) {\n\treturn fetchAll[%s](%s)\n}\n\n", receiver, op.method, signature, item, item, call)
	case list:
		element := ""
		items := t.spec.resolve(t.spec.flat(op.success).Properties["data"]).Items
		if resolved := t.spec.resolve(items); items.Ref == "" && len(resolved.OneOf) > 0 && t.isResource(resolved.OneOf[0]) {
			element = "Object"
		} else {
			element = "*" + t.item(op, items)
		}
		t.printf("//\n// It goes through all pages; %sPage fetches one.\n", op.method)
		t.printf("%s%s(%s) iter.Seq2[%s, error] {\n\treturn pages[%s](%s)\n}\n\n", receiver, op.method, signature, element, element, call)
		t.printf("// %sPage is one page of [%sService.%s].\n", op.method, op.service, op.method)
		t.printf("%s%sPage(%s) (*Page[%s], error) {\n\treturn fetchPage[%s](%s)\n}\n\n", receiver, op.method, signature, element, element, call)
	case plainly:
		result := plainResults[op.name()]
		t.printf("%s%s(%s) (*%s, error) {\n\treturn fetchPlain[%s](%s)\n}\n\n", receiver, op.method, signature, result, result, call)
		t.plain(result, "is what the call answers with.", t.spec.flat(op.success), t.readField)
	case stream:
		t.printf("%s%s(%s) (*Stream, error) {\n\treturn fetchStream(ctx, s.client, &operations[%s], %s, opts)\n}\n\n", receiver, op.method, signature, op.constant(), ids)
	}
	t.flush()
}

func (t *types) isResource(s *openapi.Schema) bool {
	return t.spec.flat(s).Properties["attributes"] != nil
}

// item returns the Go type of what an answer holds, and writes it where it has no
// component of its own.
func (t *types) item(op operation, s *openapi.Schema) string {
	if s.Ref != "" {
		if !t.isResource(s) && unions[s.Ref] == [2]string{} {
			return strings.TrimPrefix(t.read("", "", s), "*")
		}
		t.home(s.Ref, op.service)
		return typeName(s.Ref)
	}
	resolved := t.spec.resolve(s)
	if len(resolved.OneOf) > 0 { // a list whose entries are no resources
		name := singular(op.service) + strings.TrimPrefix(op.method, "List") + "Entry"
		t.later = append(t.later, func() {
			t.plain(name, "is one entry.", t.spec.merge(resolved.OneOf), func(parent, key string, s *openapi.Schema) (string, string) {
				return t.read(strings.TrimSuffix(parent, "Entry"), key, s), ""
			})
		})
		return name
	}
	name := exported(typeOf("", resolved))
	if t.once(name) {
		t.later = append(t.later, func() { t.resourceOf(name, "", resolved) })
	}
	return name
}

// params writes the type of an operation's parameters, and reports whether there is
// one.
func (t *types) params(op operation) bool {
	fields := t.paramFields(op)
	if len(fields) == 0 {
		return false
	}
	t.printf("// %s are the parameters of [%sService.%s].\ntype %s struct {\n", op.paramsType(), op.service, op.method, op.paramsType())
	used := map[string]bool{}
	for _, f := range fields {
		name := exported(f.name)
		if used[name] {
			name = exported(f.in + "-" + f.name)
		}
		if f.key == "grant_type" {
			name = "AssertionGrantType" // beside grant-type, of the other grant
		}
		used[name] = true
		t.printf("\t%s %s `json:\"%s%s\" in:\"%s\"`\n", name, f.goType, f.key, f.options, f.in)
	}
	t.printf("}\n\n")
	t.flush()
	return true
}

// paramField is one field of parameters.
type paramField struct{ name, key, goType, options, in string }

func (t *types) paramFields(op operation) []paramField {
	prefix := singular(op.service) + op.method
	var fields []paramField
	add := func(in string, container *openapi.Schema, skip ...string) {
		for _, key := range slices.Sorted(maps.Keys(container.Properties)) {
			if slices.Contains(skip, key) {
				continue
			}
			goType, options := t.write(prefix, key, container.Properties[key], slices.Contains(container.Required, key))
			fields = append(fields, paramField{key, key, goType, options, in})
		}
	}
	if op.Body != nil {
		root := t.newestFlat(op.Body.Schema)
		if len(root.OneOf) > 0 {
			root = t.mergeVariants(root.OneOf)
		}
		if data := root.Properties["data"]; data != nil {
			data = t.newestFlat(data)
			if len(data.OneOf) > 0 {
				data = t.mergeVariants(data.OneOf)
			}
			add("data", data, "attributes")
			if attributes := data.Properties["attributes"]; attributes != nil {
				add("data.attributes", t.newestFlat(attributes))
			}
		}
		if meta := root.Properties["meta"]; meta != nil {
			add("meta", t.newestFlat(meta))
		}
		add("body", root, "data", "meta", "page")
	}
	for _, header := range op.Headers {
		fields = append(fields, paramField{header.Name, header.Name, "string", "", "header"})
	}
	return append(fields, t.queryFields(op)...)
}

func (t *types) queryFields(op operation) []paramField {
	var fields []paramField
	add := func(name, key, goType string, required bool) {
		options := ",omitzero"
		if required {
			options = ""
		}
		fields = append(fields, paramField{name, key, goType, options, "query"})
	}
	for _, q := range op.Query {
		switch {
		case q.Name == "include" || q.Name == "fields" || q.Name == "page":
		case q.Name == "filter":
			filter := t.newestFlat(q.Schema)
			for _, key := range slices.Sorted(maps.Keys(filter.Properties)) {
				if nested := t.newestFlat(filter.Properties[key]); len(nested.Properties) > 0 {
					for _, sub := range slices.Sorted(maps.Keys(nested.Properties)) {
						add(key+"-"+sub, "filter["+key+"]["+sub+"]", "string", false)
					}
					continue
				}
				add(key, "filter["+key+"]", filterType(op.service, key), slices.Contains(filter.Required, key))
			}
		case strings.HasPrefix(q.Name, "filter["):
			key := strings.Trim(strings.TrimPrefix(q.Name, "filter"), "[]")
			add(key, q.Name, filterType(op.service, key), q.Required)
		case t.newestFlat(q.Schema).Type() == "boolean":
			add(q.Name, q.Name, "Optional[bool]", false)
		default:
			add(q.Name, q.Name, "string", q.Required)
		}
	}
	if op.kind == list {
		// Some lists give links and declare no page parameter; the real API takes it.
		add("after", "page[after]", "string", false)
		add("before", "page[before]", "string", false)
		add("size", "page[size]", "int", false)
	}
	return fields
}

// filterType returns the Go type of a filter of a list.
func filterType(service, key string) string {
	switch {
	case strings.Contains(key, "-at-"): // created-at-start
		return "time.Time"
	case key == "status" && statusFilters[service] != "":
		return statusFilters[service]
	default:
		return "string"
	}
}

// write returns the Go type of a value that is sent.
func (t *types) write(parent, key string, s *openapi.Schema, required bool) (goType, options string) {
	resolved := t.newestFlat(s)
	goType = t.writeType(parent, key, s.Ref, resolved)
	switch {
	case required && !resolved.Nullable():
		return goType, ""
	case required:
		return "Optional[" + goType + "]", ""
	default:
		return "Optional[" + goType + "]", ",omitzero"
	}
}

func (t *types) writeType(parent, key, component string, s *openapi.Schema) string {
	switch {
	case parent != "" && key == "fields":
		return "map[string]any"
	case key == "query" && strings.HasSuffix(parent, "Search"):
		return "Predicate"
	case key == "sort" && strings.HasSuffix(parent, "Search"):
		return "Sort"
	case key == "file" && strings.Contains(parent, "Import"):
		return "File"
	}
	if alternatives := t.spec.alternatives(s); len(alternatives) == 1 {
		return t.writeType(parent, key, alternatives[0].Ref, t.newestFlat(alternatives[0]))
	} else if len(alternatives) > 1 {
		for _, a := range alternatives {
			if a = t.newestFlat(a); a.Type() != "object" || len(a.Properties) == 0 {
				return "any"
			}
		}
		s = t.mergeVariants(alternatives)
	}
	switch s.Type() {
	case "string":
		return "string"
	case "integer":
		return "int64"
	case "number":
		return "float64"
	case "boolean":
		return "bool"
	case "array":
		if s.Items == nil {
			return "[]any"
		}
		return "[]" + t.writeType(parent, element(key), s.Items.Ref, t.newestFlat(s.Items))
	}
	if s.Open { // other keys than the named may be sent, such as headers of a webhook
		return "map[string]any"
	}
	if len(s.Properties) == 0 {
		if s.Type() == "object" {
			return "map[string]any"
		}
		return "any"
	}
	name := parent + exported(key)
	if component != "" {
		name = typeName(component) + "Input"
	}
	if better := partNames[name]; better != "" {
		name = better
	}
	if t.once(name) {
		t.later = append(t.later, func() {
			t.structure(name, "is part of a request.", nil, s, func(parent, key string, p *openapi.Schema) (string, string) {
				return t.write(parent, key, p, slices.Contains(s.Required, key))
			})
		})
	}
	return name
}

// newestFlat resolves a schema of a request by the newest document alone.
func (g *generator) newestFlat(s *openapi.Schema) *openapi.Schema { return g.spec.newest().Flat(s) }

// mergeVariants makes one object of the variants of a request: what all of them
// require stays required.
func (g *generator) mergeVariants(variants []*openapi.Schema) *openapi.Schema {
	merged := &openapi.Schema{Types: []string{"object"}, Properties: map[string]*openapi.Schema{}}
	for i, v := range variants {
		v = g.newestFlat(v)
		for name, p := range v.Properties {
			if have := merged.Properties[name]; have != nil && len(g.newestFlat(p).Properties) > 0 {
				p = g.mergeVariants([]*openapi.Schema{have, p})
			}
			merged.Properties[name] = p
		}
		if i == 0 {
			merged.Required = v.Required
		}
		merged.Required = slices.DeleteFunc(slices.Clone(merged.Required), func(key string) bool { return !slices.Contains(v.Required, key) })
	}
	return merged
}
