package schema

import (
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// MaxText is how long reference ids, tags and fields of the type string may be. Persona says
// "must be shorter than 255 characters" about 256 of them.
const MaxText = 255

// Check refuses bare values for fields that the type of an account, a case or a
// transaction does not declare, or declares with another type. Fields in a hash have dotted
// names among the declared ones. If declared is nil, every field is right.
func Check(declared map[string]string, prefix string, written map[string]any, of string) error {
	if declared == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		value, path := written[name], "data.attributes.fields."+prefix+name
		if inner, isHash := hashOf(declared, prefix+name); isHash {
			object, isObject := value.(map[string]any)
			if value != nil && !isObject {
				return engine.BadRequest(path + " must be an object")
			}
			if err := Check(inner, prefix+name+".", SnakeKeys(object), of); err != nil {
				return err
			}
			continue
		}
		typ, known := declared[prefix+name]
		if !known {
			return engine.BadRequest(path + " is not a field of the " + of)
		}
		if problem := writtenProblem(typ, value); problem != "" {
			return engine.BadRequest(path + " " + problem)
		}
	}
	return nil
}

// hashOf returns the declared fields in a hash, with their dotted names.
func hashOf(declared map[string]string, name string) (map[string]string, bool) {
	inner := map[string]string{}
	for other, typ := range declared {
		if strings.HasPrefix(other, name+".") {
			inner[other] = typ
		}
	}
	return inner, len(inner) > 0
}

// writtenProblem says what is wrong with a value for a field of a type, or "".
func writtenProblem(typ string, value any) string {
	if value == nil {
		return ""
	}
	text, isText := value.(string)
	switch typ {
	case "integer":
		if number, ok := value.(float64); !ok || number != float64(int64(number)) {
			return "must be a whole number"
		}
	case "datetime":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return "must be a time such as 2026-01-31T12:00:00Z"
		}
	case "email_address":
		if _, err := mail.ParseAddress(text); err != nil {
			return "must be an e-mail address"
		}
	case "array":
		if _, ok := value.([]any); !ok {
			return "must be an array"
		}
	case "file":
		if _, ok := value.(map[string]any); !ok {
			return "must be an object with a file"
		}
	case "relation":
		if !isText {
			return "must be a string"
		}
	default:
		if problem := Problem(typ, value); problem != "" {
			return problem
		}
	}
	if isText && utf8.RuneCountInString(text) > MaxText {
		return "must be shorter than 255 characters"
	}
	return ""
}

// WithTypes returns fields with the types that are declared, where written has a value
// for them. A value alone does not tell a date from a text.
func WithTypes(declared map[string]string, fields, written map[string]any) map[string]any {
	for name, value := range written {
		typ, known := declared[name]
		switch {
		case !known, typ == "array", typ == "file", typ == "json" && value == nil:
			continue // as merged
		case typ == "json":
			fields[name] = storage.TypedField(typ, value)
		case typ == "email_address", typ == "relation":
			fields[name] = storage.TypedField("string", value)
		default:
			fields[name] = storage.TypedField(typ, value)
		}
	}
	return fields
}

// Blank returns the fields of a new account of a type. They have no values.
func Blank(accountType *storage.Resource) map[string]any {
	types := TypesOf(accountType)
	if types == nil {
		return storage.NewAccountFields()
	}
	fields := map[string]any{}
	for name, typ := range types {
		outer, inner, nested := strings.Cut(name, ".")
		if !nested {
			fields[name] = storage.TypedField(typ, nil)
			continue
		}
		hash, ok := fields[outer].(map[string]any)
		if !ok {
			hash = storage.TypedField("hash", map[string]any{})
			fields[outer] = hash
		}
		hash["value"].(map[string]any)[inner] = storage.TypedField(typ, nil)
	}
	return fields
}
