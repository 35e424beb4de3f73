package engine

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// shape describes a type of resource.
type shape struct {
	attributes    []property
	relationships []property
}

// property describes an attribute or a relationship.
type property struct {
	name        string
	from, until string // versions; "" for always; until is the first version without it
	empty       any    // of an attribute: what is shown without a value
	many        bool   // of a relationship
}

func (p property) in(version string) bool {
	return (p.from == "" || version >= p.from) && (p.until == "" || version < p.until)
}

// parseShapes reads the generated table. All engines share what it returns, and none changes it.
var parseShapes = sync.OnceValue(func() map[string]shape {
	parsed := map[string]shape{}
	for typ, text := range catalog.Shapes() {
		parsed[typ] = shape{parseProperties(text[0]), parseProperties(text[1])}
	}
	for i, p := range parsed["inquiry"].attributes {
		if p.name == "behaviors" {
			parsed["inquiry"].attributes[i].empty = BlankBehaviors()
		}
	}
	return parsed
})

// BlankBehaviors returns the risk signals of an inquiry, without values.
func BlankBehaviors() map[string]any {
	blank := map[string]any{}
	for _, name := range catalog.Behaviors() {
		blank[name] = nil
	}
	return blank
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

// relationship is a relationship in a document. Its keys are the same in every casing.
type relationship struct {
	to   any // an Identifier, []Identifier or nil
	many bool
}

// MarshalJSON implements [json.Marshaler].
func (r relationship) MarshalJSON() ([]byte, error) { return encodeJSON(r) }

// renderOptions say how an answer must look.
type renderOptions struct {
	version       string
	inflection    string              // kebab, snake or camel
	include       []string            // relationships whose resources are included
	emptyIncluded bool                // an answer that includes nothing has an empty included
	fields        map[string][]string // by type: the attributes to show; all if there is no entry
	files         fileAccess
}

// shapeOf returns the shape of a type. All types of selfie share one.
func (e *Engine) shapeOf(typ string) shape {
	if known, ok := e.shapes[typ]; ok {
		return known
	}
	family, _, _ := strings.Cut(typ, "/")
	return e.shapes[family]
}

// Attributes returns what a reader of the API sees of a resource in the default version,
// and the names in order. Links to files are valid for a while. The caller holds the lock.
func (e *Engine) Attributes(env *Environment, r *storage.Resource) (names []string, values map[string]any) {
	for _, p := range e.shapeOf(r.Typ).attributes {
		names = append(names, p.name)
	}
	files := fileAccess{env.Name, catalog.FileTokenLife * time.Second}
	values, _ = e.render(r, renderOptions{version: catalog.DefaultVersion, inflection: "kebab", files: files})["attributes"].(map[string]any)
	return names, values
}

// render renders a resource with every attribute of its type and version. Attributes
// without a value are empty.
func (e *Engine) render(r *storage.Resource, f renderOptions) map[string]any {
	doc := map[string]any{"type": r.Typ, "id": r.ID}
	shape := e.shapeOf(r.Typ)
	if len(shape.attributes) > 0 {
		doc["attributes"] = e.renderAttributes(r, shape, f)
	}
	if len(shape.relationships) > 0 {
		relationships := map[string]any{}
		for _, p := range shape.relationships {
			if p.in(f.version) {
				relationships[p.name] = relationship{r.Relationships[p.name], p.many}
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

func (e *Engine) renderAttributes(r *storage.Resource, shape shape, f renderOptions) map[string]any {
	wanted, sparse := f.wanted(r.Typ)
	linked := f.files.environment != ""
	files := linked && hasFiles(r.Family())
	attributes := make(map[string]any, len(shape.attributes))
	for _, p := range shape.attributes {
		if !p.in(f.version) || sparse && !contains(wanted, p.name) {
			continue
		}
		value, ok := r.Attributes[p.name]
		switch {
		case !ok && p.name == "source-data": // shown only to callers who ask to peek
			continue
		case p.name == "payload" && r.Typ == "event":
			value = e.payload(r, renderOptions{version: f.version, inflection: f.inflection, files: f.files})
		case !ok:
			value = p.empty
			if old := fieldAsAttribute(r, p.name); old != nil {
				value = old
			}
		}
		if p.name == "fields" {
			value = fieldsFor(value, r.Typ, f, wanted)
		}
		if files || linked && p.name == "fields" && holdsFile(value) {
			value = e.linked(value, f)
		}
		attributes[p.name] = value
	}
	return attributes
}

// reviewerAsAttribute returns who decided on an inquiry as versions before 2021-07-05 show it: a
// person, a workflow, or the API.
func reviewerAsAttribute(inquiry *storage.Resource, name string) any {
	id, known := inquiry.Relationships["reviewer"].(storage.Identifier)
	decided := inquiry.Attributes["decisioned-at"] != nil || inquiry.Attributes["marked-for-review-at"] != nil
	switch {
	case known && name == "reviewer":
		return id.ID
	case known:
		return id.Type
	case decided && name == "reviewer-type":
		return "api"
	}
	return nil
}

// fieldAsAttribute returns the value of an attribute that versions from 2025-10-27 show as
// a field, or nil (Persona changelog, 2025-10-27).
func fieldAsAttribute(r *storage.Resource, name string) any {
	switch r.Typ {
	case "inquiry":
		switch name {
		case "reviewer", "reviewer-type":
			return reviewerAsAttribute(r, name)
		}
		if class := classOfNumber(name); class != "" && TextOf(FieldAt(r.Attributes["fields"], "identification-class")) == class {
			return FieldAt(r.Attributes["fields"], "identification-number")
		}
		value := FieldAt(r.Attributes["fields"], strings.TrimSuffix(name, "-abbr"))
		if name == "address-subdivision" && inUnitedStates(r) {
			return subdivision(value)
		}
		if strings.HasPrefix(name, "address-postal-code") && inUnitedStates(r) {
			return postalCode(TextOf(value), name)
		}
		return value
	case "verification/government-id":
		if class := classOfNumber(name); class != "" && r.Attributes["id-class"] == class {
			return r.Attributes["identification-number"]
		}
	case "verification/database": // named normalized-address since 2021-07-05
		if part, ok := strings.CutPrefix(name, "smarty-streets-address-"); ok {
			return r.Attributes["normalized-address-"+part]
		}
	case "account":
		if path := AccountShortcuts()[name]; path != "" {
			return FieldAt(r.Attributes["fields"], path)
		}
	}
	return nil
}

// postalCode returns a code of the United States as an old attribute shows it: with all nine
// digits, of which zeros are not known, or the first five.
func postalCode(code, attribute string) any {
	digits := strings.ReplaceAll(code, "-", "")
	if len(digits) != 5 && len(digits) != 9 || strings.Trim(digits, "0123456789") != "" {
		return nilIfEmpty(code)
	}
	if strings.HasSuffix(attribute, "-abbr") {
		return digits[:5]
	}
	return (digits + "0000")[:9]
}

func nilIfEmpty(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// classOfNumber returns the class of the IDs whose number an old attribute has, or "".
func classOfNumber(attribute string) string {
	switch attribute {
	case "driver-license-number":
		return "dl"
	case "passport-number":
		return "pp"
	}
	return ""
}

// inUnitedStates reports whether an inquiry's address is in the United States, or in no
// country that is known.
func inUnitedStates(r *storage.Resource) bool {
	country := TextOf(FieldAt(r.Attributes["fields"], "address-country-code"))
	return country == "" || country == "US"
}

// wanted returns the attributes that fields[type] asks for. An entry for a family covers
// its types (Persona changelog, 2025-10-27).
func (f renderOptions) wanted(typ string) (names []string, sparse bool) {
	if names, sparse = f.fields[typ]; sparse {
		return names, true
	}
	family, _, _ := strings.Cut(typ, "/")
	names, sparse = f.fields[family]
	return names, sparse
}

// contains reports whether names contain an attribute, or something inside of it.
func contains(names []string, attribute string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		outer, _, _ := strings.Cut(name, ".")
		return casing.Kebab(outer) == attribute
	})
}

// fieldsFor returns the fields that fields.name asks for, or all, with their keys in the
// casing that the version uses.
func fieldsFor(value any, typ string, f renderOptions, wanted []string) any {
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
			inflected[casing.FieldKey(casing.Kebab(name), f.inflection)] = casing.Inflect(value, f.inflection)
		}
		return inflected
	}
	return fields
}

// included returns the resources that include asks for, each once.
func (e *Engine) included(c *Change, roots []*storage.Resource, f renderOptions) []any {
	out := []any{}
	seen := map[string]bool{}
	add := func(r *storage.Resource) {
		if r != nil && !seen[r.ID] {
			seen[r.ID] = true
			out = append(out, e.render(r, f))
		}
	}
	for _, path := range f.include {
		outer, inner, nested := strings.Cut(path, ".")
		for _, root := range roots {
			relationship := casing.Kebab(outer)
			if relationship == "selfie" && root.Family() == "verification" {
				continue // nothing includes it (OpenAPI 2025-12-08)
			}
			for _, r := range c.follow(root, relationship) {
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

// defaultIncludes returns what answers include without being asked: user audit logs in every
// version, others in old ones (OpenAPI 2023-01-05).
func defaultIncludes(operation, version string) []string {
	if strings.HasPrefix(operation, "UserAuditLogs.") {
		return []string{"user", "user-session"}
	}
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
	default:
		return nil
	}
}
