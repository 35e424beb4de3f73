package schema

import (
	"cmp"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// InquiryTypes is the attribute of an inquiry template with the types of its fields, by name.
const InquiryTypes = "_fields"

// InquiryFieldTypes returns the types that a field of an inquiry template can have.
func InquiryFieldTypes() []string {
	return []string{"string", "choices", "multi_choices", "boolean", "number", "date", "datetime", "array", "hash", "file", "generic", "government_id", "selfie", "json"}
}

// inquiryTypes returns the types of the fields of an inquiry template, by name.
func inquiryTypes(template *storage.Resource) map[string]string {
	types := map[string]string{}
	switch declared := template.Attributes[InquiryTypes].(type) {
	case map[string]string: // as in a new sandbox
		return declared
	case map[string]any:
		for name, typ := range declared {
			types[name] = engine.TextOf(typ)
		}
	case []string: // in snapshots from before fields had declared types
		for _, name := range declared {
			types[name] = StandardType(name)
		}
	}
	return types
}

// StandardType returns the type of a field that a template declares without a type.
func StandardType(name string) string {
	return cmp.Or(storage.PersonFields()[name], "string")
}
