package engine

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// shape is what a type of resource is made of.
type shape struct {
	Attributes    []property
	relationships []property
}

// property is one attribute or relationship: in which versions there is one, and an
// attribute's JSON without a value.
type property struct {
	Name        string
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
	for typ, text := range catalog.Shapes() {
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
		p.Name, p.from, _ = strings.Cut(word, ">=")
		properties = append(properties, p)
	}
	return properties
}

// RenderOptions is how an answer is to look.
type RenderOptions struct {
	Version    string
	Inflection string
	include    []string
	fields     map[string][]string // by type: the attributes asked for
	Files      FileAccess
}

// ShapeOf finds the shape of a type; kinds of selfie share one.
func (s *Engine) ShapeOf(typ string) shape {
	if known, ok := s.shapes[typ]; ok {
		return known
	}
	family, _, _ := strings.Cut(typ, "/")
	return s.shapes[family]
}

// Render writes a resource: every attribute of its type and version, those without
// a value empty.
func (s *Engine) Render(r *storage.Resource, f RenderOptions) map[string]any {
	doc := map[string]any{"type": r.Typ, "id": r.ID}
	shape := s.ShapeOf(r.Typ)
	wanted, sparse := f.wanted(r.Typ)
	attributes := map[string]any{}
	for _, p := range shape.Attributes {
		if !p.in(f.Version) || sparse && !asked(wanted, p.Name) {
			continue
		}
		value, ok := r.Attributes[p.Name]
		if !ok && p.Name == "source-data" { // told only to those who peek
			continue
		}
		if !ok {
			value = p.empty
			if old := fieldAsAttribute(r, p.Name); old != nil {
				value = old
			}
		}
		if p.Name == "payload" && r.Typ == "event" {
			value = s.payload(r, RenderOptions{Version: f.Version, Inflection: f.Inflection, Files: f.Files})
		}
		if p.Name == "fields" {
			value = fieldsFor(value, r.Typ, f, wanted)
		}
		if f.Files.Environment != "" && hasFiles(r.Family()) {
			value = s.linked(value, f)
		}
		attributes[p.Name] = value
	}
	if len(shape.Attributes) > 0 {
		doc["attributes"] = attributes
	}
	if len(shape.relationships) > 0 {
		relationships := map[string]any{}
		for _, p := range shape.relationships {
			if p.in(f.Version) {
				relationships[p.Name] = map[string]any{"data": related(r, p)}
			}
		}
		doc["relationships"] = relationships
	}
	if meta, ok := r.Attributes[storage.ResourceMeta]; ok {
		doc["meta"] = meta
	}
	if r.Typ == "rate-limit/api" {
		delete(doc, "id")
	}
	return doc
}

// fieldAsAttribute is what versions before 2025-10-27 show as an attribute and later
// ones as a field (Persona changelog, 2025-10-27).
func fieldAsAttribute(r *storage.Resource, name string) any {
	switch r.Typ {
	case "inquiry":
		return BareValue(r.Attributes["fields"], name)
	case "account":
		if path := Shortcuts()[name]; path != "" {
			return BareValue(r.Attributes["fields"], path)
		}
	}
	return nil
}

func related(r *storage.Resource, p property) any {
	if p.many {
		data := []any{}
		for _, id := range r.Many(p.Name) {
			data = append(data, map[string]any{"type": id.Type, "id": id.ID})
		}
		return data
	}
	if id, ok := r.Relationships[p.Name].(storage.Identifier); ok {
		return map[string]any{"type": id.Type, "id": id.ID}
	}
	return nil
}

// wanted returns the attributes that fields[type] asks for; a type's parent covers
// it (Persona changelog, 2025-10-27).
func (f RenderOptions) wanted(typ string) (names []string, sparse bool) {
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
		return casing.Kebab(outer) == attribute
	})
}

// fieldsFor picks the fields that were asked for as fields.name, and rewrites their
// keys where the version does.
func fieldsFor(value any, typ string, f RenderOptions, wanted []string) any {
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
	if f.Version < "2025-10-27" && (typ == "inquiry" || typ == "case" || typ == "transaction") {
		inflected := make(map[string]any, len(fields))
		for name, value := range fields {
			inflected[casing.Cased(casing.Kebab(name), f.Inflection)] = casing.Inflect(value, f.Inflection)
		}
		return inflected
	}
	return fields
}

// included collects the resources that include asks for, each once.
func (s *Engine) included(c *Change, roots []*storage.Resource, f RenderOptions) []any {
	out := []any{}
	seen := map[string]bool{}
	add := func(r *storage.Resource) {
		if r != nil && !seen[r.ID] {
			seen[r.ID] = true
			out = append(out, s.Render(r, f))
		}
	}
	for _, path := range f.include {
		outer, inner, nested := strings.Cut(path, ".")
		for _, root := range roots {
			for _, r := range c.follow(root, casing.Kebab(outer)) {
				add(r)
				if nested {
					for _, deep := range c.follow(r, casing.Kebab(inner)) {
						add(deep)
					}
				}
			}
		}
	}
	return out
}

// follow returns the resources a relationship leads to.
func (c *Change) follow(r *storage.Resource, relationship string) []*storage.Resource {
	var out []*storage.Resource
	if id := r.One(relationship); id != "" {
		out = append(out, c.Get(id))
	}
	for _, id := range r.Many(relationship) {
		out = append(out, c.Get(id.ID))
	}
	return slices.DeleteFunc(out, func(r *storage.Resource) bool { return r == nil })
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
