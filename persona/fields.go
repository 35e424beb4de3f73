package persona

import "encoding/json"

// Fields are the values of a template's fields, by name. The names are as the template
// defines them, whatever casing the other keys have (Persona changelog, 2025-10-27; in
// accounts, in every version).
type Fields map[string]Field

// Field is one of the [Fields], with its type at Persona: string, choices, multi_choices,
// boolean, number, date, hash, array, file and so on. Persona may add types. Value is the
// JSON as received; null if the field has no value.
type Field struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

// IsNull reports whether the field has no value.
func (f Field) IsNull() bool { return len(f.Value) == 0 || string(f.Value) == "null" }

// Text returns the value of a field that is encoded as a string: string, choices, date,
// email_address. It is empty for null and other values.
func (f Field) Text() string { return valueOf[string](f.Value) }

// Texts returns the value of a multi_choices field.
func (f Field) Texts() []string { return valueOf[[]string](f.Value) }

// Bool returns the value of a boolean field, and whether it has one.
func (f Field) Bool() (value, ok bool) {
	p := valueOf[*bool](f.Value)
	return p != nil && *p, p != nil
}

// Number returns the value of a number or integer field with all its digits. It is empty if
// there is no value.
func (f Field) Number() json.Number { return valueOf[json.Number](f.Value) }

// Hash returns the value of a hash field.
func (f Field) Hash() Fields { return valueOf[Fields](f.Value) }

// Array returns the value of an array field.
func (f Field) Array() []Field { return valueOf[[]Field](f.Value) }

// Reference returns the resource that a field of type generic, government_id or selfie
// refers to. Its Type is a class name such as Document::GovernmentId, not a JSON:API type
// (observed at Persona's sandbox).
func (f Field) Reference() (Identifier, bool) {
	id := valueOf[Identifier](f.Value)
	return id, id != Identifier{}
}

// valueOf decodes b, or returns the zero value if the type does not match.
func valueOf[T any](b json.RawMessage) T {
	var v T
	if len(b) == 0 || json.Unmarshal(b, &v) != nil {
		var zero T
		return zero
	}
	return v
}

// UnmarshalJSON implements [json.Unmarshaler]. A value that is not an object with type and
// value becomes the value of a field without a type.
func (f *Field) UnmarshalJSON(b []byte) error {
	*f = Field{}
	f.set(append(json.RawMessage(nil), b...))
	return nil
}

// set reads a field and keeps its JSON.
func (f *Field) set(raw json.RawMessage) {
	f.Value = raw
	w := walker{src: raw}
	var typ string
	var value json.RawMessage
	w.object(func(key []byte) {
		switch string(key) {
		case "type":
			typ, _ = w.text()
		case "value":
			value = w.raw()
		default:
			w.skip()
		}
	})
	if value != nil {
		f.Type, f.Value = typ, value
	}
}
