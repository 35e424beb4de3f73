package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
)

// shape is what a type of resource is made of.
type shape struct {
	attributes    []property
	relationships []property
}

// property is one attribute or relationship: in which versions there is one, and an
// attribute's JSON without a value.
type property struct {
	name        string
	from, until string // "" for always; until is the first version without it
	empty       any
	many        bool
}

func (p property) in(version string) bool {
	return (p.from == "" || version >= p.from) && (p.until == "" || version < p.until)
}

// parseShapes reads the generated table.
func parseShapes() map[string]shape {
	parsed := map[string]shape{}
	for typ, text := range shapes() {
		parsed[typ] = shape{parseProperties(text[0]), parseProperties(text[1])}
	}
	return parsed
}

func parseProperties(text string) []property {
	var properties []property
	for word := range strings.FieldsSeq(text) {
		var p property
		word, p.many = strings.CutSuffix(word, "*")
		if i := strings.LastIndexByte(word, '='); i > 0 && word[i-1] != '>' {
			_ = json.Unmarshal([]byte(word[i+1:]), &p.empty) // generated
			word = word[:i]
		}
		word, p.until, _ = strings.Cut(word, "<")
		p.name, p.from, _ = strings.Cut(word, ">=")
		properties = append(properties, p)
	}
	return properties
}

// form is how an answer is to look.
type form struct {
	version    string
	inflection string
	include    []string
	fields     map[string][]string // by type: the attributes asked for
	files      fileAccess
}

// shapeOf finds the shape of a type; kinds of selfie share one.
func (s *Sandbox) shapeOf(typ string) shape {
	if known, ok := s.shapes[typ]; ok {
		return known
	}
	family, _, _ := strings.Cut(typ, "/")
	return s.shapes[family]
}

// render writes a resource: every attribute of its type and version, those without
// a value empty.
func (s *Sandbox) render(r *resource, f form) map[string]any {
	doc := map[string]any{"type": r.typ, "id": r.id}
	shape := s.shapeOf(r.typ)
	wanted, sparse := f.wanted(r.typ)
	attributes := map[string]any{}
	for _, p := range shape.attributes {
		if !p.in(f.version) || sparse && !asked(wanted, p.name) {
			continue
		}
		value, ok := r.attributes[p.name]
		if !ok && p.name == "source-data" { // told only to those who peek
			continue
		}
		if !ok {
			value = p.empty
			if old := fieldAsAttribute(r, p.name); old != nil {
				value = old
			}
		}
		if p.name == "payload" && r.typ == "event" {
			value = s.payload(r, form{version: f.version, inflection: f.inflection, files: f.files})
		}
		if p.name == "fields" {
			value = fieldsFor(value, r.typ, f, wanted)
		}
		if f.files.environment != "" && hasFiles(r.family()) {
			value = s.linked(value, f)
		}
		attributes[p.name] = value
	}
	if len(shape.attributes) > 0 {
		doc["attributes"] = attributes
	}
	if len(shape.relationships) > 0 {
		relationships := map[string]any{}
		for _, p := range shape.relationships {
			if p.in(f.version) {
				relationships[p.name] = map[string]any{"data": related(r, p)}
			}
		}
		doc["relationships"] = relationships
	}
	if meta, ok := r.attributes[resourceMeta]; ok {
		doc["meta"] = meta
	}
	if r.typ == "rate-limit/api" {
		delete(doc, "id")
	}
	return doc
}

// fieldAsAttribute is what versions before 2025-10-27 show as an attribute and later
// ones as a field (Persona changelog, 2025-10-27).
func fieldAsAttribute(r *resource, name string) any {
	switch r.typ {
	case "inquiry":
		return bareValue(r.attributes["fields"], name)
	case "account":
		if path := shortcuts()[name]; path != "" {
			return bareValue(r.attributes["fields"], path)
		}
	}
	return nil
}

func related(r *resource, p property) any {
	if p.many {
		data := []any{}
		for _, id := range r.many(p.name) {
			data = append(data, map[string]any{"type": id.Type, "id": id.ID})
		}
		return data
	}
	if id, ok := r.relationships[p.name].(identifier); ok {
		return map[string]any{"type": id.Type, "id": id.ID}
	}
	return nil
}

// wanted returns the attributes that fields[type] asks for; a type's parent covers
// it (Persona changelog, 2025-10-27).
func (f form) wanted(typ string) (names []string, sparse bool) {
	if names, sparse = f.fields[typ]; sparse {
		return names, true
	}
	family, _, _ := strings.Cut(typ, "/")
	names, sparse = f.fields[family]
	return names, sparse
}

// asked reports whether names hold an attribute, or something inside of it.
func asked(names []string, attribute string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		outer, _, _ := strings.Cut(name, ".")
		return kebab(outer) == attribute
	})
}

// fieldsFor picks the fields that were asked for as fields.name, and rewrites their
// keys where the version does.
func fieldsFor(value any, typ string, f form, wanted []string) any {
	fields, ok := value.(map[string]any)
	if !ok {
		return value
	}
	picked := map[string]any{}
	for _, name := range wanted {
		if _, inner, nested := strings.Cut(name, "."); nested && strings.HasPrefix(name, "fields.") {
			if v, ok := fields[inner]; ok {
				picked[inner] = v
			}
		}
	}
	if len(picked) > 0 {
		fields = picked
	}
	if f.version < "2025-10-27" && (typ == "inquiry" || typ == "case" || typ == "transaction") {
		inflected := make(map[string]any, len(fields))
		for name, value := range fields {
			inflected[cased(kebab(name), f.inflection)] = inflect(value, f.inflection)
		}
		return inflected
	}
	return fields
}

// included collects the resources that include asks for, each once.
func (s *Sandbox) included(c *change, roots []*resource, f form) []any {
	out := []any{}
	seen := map[string]bool{}
	add := func(r *resource) {
		if r != nil && !seen[r.id] {
			seen[r.id] = true
			out = append(out, s.render(r, f))
		}
	}
	for _, path := range f.include {
		outer, inner, nested := strings.Cut(path, ".")
		for _, root := range roots {
			for _, r := range c.follow(root, kebab(outer)) {
				add(r)
				if nested {
					for _, deep := range c.follow(r, kebab(inner)) {
						add(deep)
					}
				}
			}
		}
	}
	return out
}

// follow returns the resources a relationship leads to.
func (c *change) follow(r *resource, relationship string) []*resource {
	var out []*resource
	if id := r.one(relationship); id != "" {
		out = append(out, c.get(id))
	}
	for _, id := range r.many(relationship) {
		out = append(out, c.get(id.ID))
	}
	return slices.DeleteFunc(out, func(r *resource) bool { return r == nil })
}

// defaultIncludes are what old versions include unasked (OpenAPI 2023-01-05).
func defaultIncludes(operation, version string) []string {
	if version >= "2025-10-27" {
		return nil
	}
	switch operation {
	case "Inquiries.Get":
		return []string{"reports", "verifications", "sessions", "documents", "inquiry-template"}
	case "Cases.Create":
		return []string{"accounts", "inquiries", "reports"}
	case "Cases.Get":
		return []string{"accounts", "inquiries", "reports", "verifications", "case-comments"}
	case "Cases.Update":
		return []string{"accounts", "inquiries", "reports", "case-comments"}
	case "Reports.Get":
		return []string{"report-template"}
	case "UserAuditLogs.List":
		return []string{"user", "user-session"}
	default:
		return nil
	}
}
