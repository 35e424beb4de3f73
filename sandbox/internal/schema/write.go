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

// Check refuses bare values for fields that are not declared, or that are declared with
// another type or with other options. It says that they are no fields of a kind of template or
// type, such as "account type".
func (f Fields) Check(written map[string]any, of string) error {
	return f.check("", written, of)
}

func (f Fields) check(prefix string, written map[string]any, of string) error {
	if f.Types == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		value, path := written[name], "data.attributes.fields."+prefix+name
		if inner, isHash := f.in(prefix + name); isHash {
			object, isObject := value.(map[string]any)
			if value != nil && !isObject {
				return engine.BadRequest(path + " must be an object")
			}
			if err := inner.check(prefix+name+".", SnakeKeys(object), of); err != nil {
				return err
			}
			continue
		}
		if _, known := f.Types[prefix+name]; !known {
			return engine.BadRequest(path + " is not a field of the " + of)
		}
		if problem := f.Problem(prefix+name, value); problem != "" {
			return engine.BadRequest(path + " " + problem)
		}
	}
	return nil
}

// Problem says what is wrong with a bare value of a declared field, or "". Null is right for
// every field.
func (f Fields) Problem(name string, value any) string {
	if value == nil {
		return ""
	}
	problem := typeProblem(f.Types[name], value)
	if problem == "" {
		problem = optionProblem(f.Options[name], value)
	}
	if text, isText := value.(string); problem == "" && isText && utf8.RuneCountInString(text) > MaxText {
		problem = "must be shorter than 255 characters"
	}
	return problem
}

// typeProblem says what is wrong with a value for a type of field, or "".
func typeProblem(typ string, value any) string {
	ok, problem := true, ""
	text, isText := value.(string)
	switch typ {
	case "string", "choices", "relation":
		ok, problem = isText, "must be a string"
	case "multi_choices":
		ok, problem = allTexts(value), "must be an array of strings"
	case "boolean":
		_, ok = value.(bool)
		problem = "must be a boolean"
	case "number":
		_, ok = value.(float64)
		problem = "must be a number"
	case "integer":
		number, isNumber := value.(float64)
		ok, problem = isNumber && number == float64(int64(number)), "must be a whole number"
	case "date":
		_, err := time.Parse(time.DateOnly, text)
		ok, problem = err == nil, "must be a date such as 2026-01-31"
	case "datetime":
		_, err := time.Parse(time.RFC3339, text)
		ok, problem = err == nil, "must be a time such as 2026-01-31T12:00:00Z"
	case "email_address":
		_, err := mail.ParseAddress(text)
		ok, problem = err == nil, "must be an e-mail address"
	case "array":
		_, ok = value.([]any)
		problem = "must be an array"
	case "hash":
		_, ok = value.(map[string]any)
		problem = "must be an object"
	case "file":
		_, ok = value.(map[string]any)
		problem = "must be an object with a file"
	case "generic", "government_id", "selfie":
		ok, problem = refersTo(value, referenceType(typ)), "must be an object with an id and the type "+referenceType(typ)
	}
	if ok {
		return ""
	}
	return problem
}

// optionProblem says that a text, or one of several, is none of the options, or "". An empty
// text chooses nothing.
func optionProblem(options []Option, value any) string {
	if len(options) == 0 {
		return ""
	}
	var values []string
	for _, option := range options {
		values = append(values, option.Value)
	}
	chosen, isList := value.([]any)
	if !isList && value != "" {
		chosen = []any{value}
	}
	for _, one := range chosen {
		if !slices.Contains(values, engine.TextOf(one)) {
			return "must be one of " + strings.Join(values, ", ")
		}
	}
	return ""
}

func allTexts(value any) bool {
	list, ok := value.([]any)
	for _, element := range list {
		if _, isText := element.(string); !isText {
			return false
		}
	}
	return ok
}

// refersTo reports whether a value of a field refers to a document or selfie of a type.
func refersTo(value any, typ string) bool {
	object, _ := value.(map[string]any)
	return engine.TextOf(object["id"]) != "" && object["type"] == typ
}

// referenceType returns the type that a field's reference to a document or selfie has.
func referenceType(typ string) string {
	return map[string]string{"generic": "Document::Generic", "government_id": "Document::GovernmentId", "selfie": "Selfie::ProfileAndCenter"}[typ]
}

// Write returns fields with the values of a request written into them, and stores its files.
func (f Fields) Write(c *engine.Call, have, written map[string]any) (map[string]any, error) {
	written = maps.Clone(written)
	for name, value := range written {
		if f.Types[name] != "file" || value == nil {
			continue
		}
		file, err := writtenFile(c, "data.attributes.fields."+name, value)
		if err != nil {
			return nil, err
		}
		written[name] = file
	}
	return f.Store(have, written), nil
}

// writtenFile stores the file that a request has at a path: an object with data and filename,
// or with null or such an object as its data. It is nil if there is to be no file.
func writtenFile(c *engine.Call, path string, value any) (any, error) {
	file, _ := value.(map[string]any)
	data, given := file["data"]
	if given && data == nil {
		return nil, nil
	}
	if inside, nested := data.(map[string]any); nested { // as for the photo of an account
		file = inside
	}
	return c.File(path, file)
}

// Store returns fields with bare values written into them, which have the types that are
// declared. A value alone does not tell a date from a text.
func (f Fields) Store(have, written map[string]any) map[string]any {
	fields := Merge(have, written)
	for name, value := range written {
		typ, known := f.Types[name]
		switch {
		case !known, typ == "array", typ == "hash", typ == "json" && value == nil:
			continue // as merged
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
	declared := Of(accountType)
	if declared.Types == nil {
		return storage.NewAccountFields()
	}
	fields := map[string]any{}
	for name, typ := range declared.Types {
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
