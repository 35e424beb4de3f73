package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/openapi"
)

// params writes the struct of an operation's parameters, and reports whether it has any.
func (t *types) params(op operation) bool {
	fields := slices.Concat(t.bodyFields(op), headerFields(op), t.queryFields(op))
	if len(fields) == 0 {
		return false
	}
	used := map[string]bool{}
	for i, f := range fields {
		name := goName(f.Name)
		if used[name] {
			name = goName(f.In + "-" + f.Name)
		}
		if f.Key == "grant_type" {
			name = "AssertionGrantType" // beside grant-type, of the other grant
		}
		used[name] = true
		fields[i].Name = name
	}
	t.write("struct", structure{Name: op.Prefix() + "Params", Doc: "are the parameters of " + op.link() + ".", Fields: fields})
	t.flush()
	return true
}

// bodyFields returns the parameters that go into the body. Their names are not Go names
// yet.
func (t *types) bodyFields(op operation) []field {
	if op.Body == nil {
		return nil
	}
	body := t.variants(op.Body.Schema)
	var fields []field
	if data := body.Properties["data"]; data != nil {
		data := t.variants(data)
		fields = t.written(op, "data", data, "attributes")
		if attributes := data.Properties["attributes"]; attributes != nil {
			fields = append(fields, t.written(op, "data.attributes", t.newest.Flat(attributes))...)
		}
	}
	if meta := body.Properties["meta"]; meta != nil {
		fields = append(fields, t.written(op, "meta", t.newest.Flat(meta))...)
	}
	return append(fields, t.written(op, "body", body, "data", "meta", "page")...)
}

// variants returns a part of a request as one object. If the documents give several
// variants of it, the object has the properties of all of them.
func (t *types) variants(s *openapi.Schema) *openapi.Schema {
	s = t.newest.Flat(s)
	if len(s.OneOf) > 0 {
		return t.newest.Union(s.OneOf)
	}
	return s
}

// written returns a field for each property of an object in the body.
func (t *types) written(op operation, in string, object *openapi.Schema, skip ...string) []field {
	var fields []field
	for _, key := range slices.Sorted(maps.Keys(object.Properties)) {
		if slices.Contains(skip, key) {
			continue
		}
		goType, options := t.sent(op.Prefix(), key, object.Properties[key], slices.Contains(object.Required, key))
		fields = append(fields, field{key, goType, key, options, in})
	}
	return fields
}

// headerFields returns the headers that only some operations take.
func headerFields(op operation) []field {
	var fields []field
	for _, h := range op.Headers {
		fields = append(fields, field{h.Name, "string", h.Name, "", "header"})
	}
	return fields
}

// queryFields returns the parameters that go into the query, apart from those that are
// options of every call.
func (t *types) queryFields(op operation) []field {
	var fields []field
	for _, q := range op.Query {
		switch {
		case q.Name == "include" || q.Name == "fields" || q.Name == "page":
		case q.Name == "filter":
			fields = append(fields, t.filters(op, t.newest.Flat(q.Schema))...)
		case strings.HasPrefix(q.Name, "filter["):
			key := strings.Trim(strings.TrimPrefix(q.Name, "filter"), "[]")
			fields = append(fields, query(key, q.Name, filterType(op.Service, key), q.Required))
		case t.newest.Flat(q.Schema).Type() == "boolean":
			fields = append(fields, query(q.Name, q.Name, "Optional[bool]", false))
		default:
			fields = append(fields, query(q.Name, q.Name, "string", q.Required))
		}
	}
	if op.shape == list {
		// Some lists give links and declare no page parameter; the real API takes it.
		fields = append(fields,
			query("after", "page[after]", "string", false),
			query("before", "page[before]", "string", false),
			query("size", "page[size]", "int", false))
	}
	return fields
}

// filters returns a field for each filter of a list.
func (t *types) filters(op operation, filter *openapi.Schema) []field {
	var fields []field
	for _, key := range slices.Sorted(maps.Keys(filter.Properties)) {
		nested := t.newest.Flat(filter.Properties[key])
		for _, sub := range slices.Sorted(maps.Keys(nested.Properties)) {
			fields = append(fields, query(key+"-"+sub, "filter["+key+"]["+sub+"]", "string", false))
		}
		if len(nested.Properties) == 0 {
			fields = append(fields, query(key, "filter["+key+"]", filterType(op.Service, key), slices.Contains(filter.Required, key)))
		}
	}
	return fields
}

// query is a parameter in the query.
func query(name, key, goType string, required bool) field {
	if required {
		return field{name, goType, key, "", "query"}
	}
	return field{name, goType, key, ",omitzero", "query"}
}

// filterType returns the Go type of a filter.
func filterType(service, key string) string {
	switch {
	case strings.Contains(key, "-at-"): // created-at-start
		return "time.Time"
	case service == "Inquiries" && key == "status": // of a case it is what the template says
		return "InquiryStatus"
	default:
		return "string"
	}
}
