package schema

import (
	"strings"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Fields declares fields: their types by name, and the options of those that are choices. A
// field of choices without options accepts every text. Fields in a hash have dotted names. If
// Types is nil, nothing is declared, and everything is accepted.
type Fields struct {
	Types   map[string]string
	Options map[string][]Option
}

// Option is a value that a field of choices accepts, and how people read it. Without a label
// they read the value.
type Option struct{ Value, Label string }

// Typed declares fields of types, by name.
func Typed(types map[string]string) Fields { return Fields{Types: types} }

// in returns the declared fields in a hash, with their dotted names.
func (f Fields) in(hash string) (inner Fields, isHash bool) {
	inner = Fields{map[string]string{}, f.Options}
	for name, typ := range f.Types {
		if strings.HasPrefix(name, hash+".") {
			inner.Types[name] = typ
		}
	}
	return inner, len(inner.Types) > 0
}

// Of returns the fields that a template or a type describes. Types is nil if they are not
// described, as in a snapshot from before they were.
func Of(described *storage.Resource) Fields {
	if described == nil || described.Attributes[Attribute] == nil {
		return Fields{}
	}
	f := Fields{map[string]string{}, map[string][]Option{}}
	f.add("", described.Attributes[Attribute])
	return f
}

func (f Fields) add(prefix string, schemas any) {
	list, _ := schemas.([]any)
	for _, schema := range list {
		schema, _ := schema.(map[string]any)
		name, typ := prefix+engine.TextOf(schema["key"]), engine.TextOf(schema["type"])
		config, _ := schema["config"].(map[string]any)
		switch typ {
		case "hash":
			f.add(name+".", config["item-schemas"])
		case "relation-schema":
			f.Types[name] = "relation"
		default:
			f.Types[name] = strings.ReplaceAll(typ, "-", "_")
		}
		values, _ := config["options"].([]any)
		for _, value := range values {
			f.Options[name] = append(f.Options[name], Option{Value: engine.TextOf(value)})
		}
	}
}

// OfInquiry returns the fields that an inquiry's template declares.
func OfInquiry(c *engine.Change, inquiry *storage.Resource) Fields {
	return OfTemplate(c.Get(inquiry.One("inquiry-template")))
}

// OfTemplate returns the fields that an inquiry template declares. What the template shows of
// them does not tell a document from a file, so it also keeps their types.
func OfTemplate(template *storage.Resource) Fields {
	types := inquiryTypes(template)
	for _, typ := range types {
		if typ == "choices" || typ == "multi_choices" {
			return Fields{types, Of(template).Options}
		}
	}
	return Typed(types)
}

// BlankInquiry returns the fields of a new inquiry of a template.
func BlankInquiry(template *storage.Resource) map[string]any {
	return storage.NewInquiryFields(inquiryTypes(template))
}

// Accepts reports whether a bare value can be written into a field.
func (f Fields) Accepts(name string, value any) bool {
	_, known := f.Types[name]
	return f.Types == nil || known && f.Problem(name, value) == ""
}

// Takes reports whether a field of another resource, as answers show it, can be put in a
// place.
func (f Fields) Takes(name string, field map[string]any) bool {
	if _, isHash := f.in(name); isHash {
		return field["type"] == "hash"
	}
	return f.Accepts(name, field["value"])
}
