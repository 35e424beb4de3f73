package persona

import "encoding/json"

// Fields are the values of a template's or type's own fields, by name. The names
// are left as the template defines them, whatever the casing of the rest (Persona
// changelog, 2025-10-27; accounts in every version).
type Fields map[string]Field

// Field is one value of [Fields] with the type Persona gives it: string, choices,
// multi_choices, boolean, number, date, hash, array, file and so on. The set is
// open; Value is the JSON as it was received, null where the field has no value.
type Field struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

// IsNull reports whether the field has no value.
func (f Field) IsNull() bool { return len(f.Value) == 0 || string(f.Value) == "null" }

// Text returns the value of a field that is written as text: string, choices,
// date, email_address. It is empty for null and for any other value.
func (f Field) Text() string { return valueOf[string](f.Value) }

// Texts returns the value of a multi_choices field.
func (f Field) Texts() []string { return valueOf[[]string](f.Value) }

// Bool returns the value of a boolean field, and whether it has one.
func (f Field) Bool() (value, ok bool) {
	p := valueOf[*bool](f.Value)
	return p != nil && *p, p != nil
}

// Number returns the value of a number or integer field as it is written, so that
// no digit is lost; empty where there is none.
func (f Field) Number() json.Number { return valueOf[json.Number](f.Value) }

// Hash returns the value of a hash field: fields by name.
func (f Field) Hash() Fields { return valueOf[Fields](f.Value) }

// Array returns the value of an array field: a field for each element.
func (f Field) Array() []Field { return valueOf[[]Field](f.Value) }

// Reference returns the resource that a field of type generic, government_id or
// selfie points to. Its Type is a class name such as Document::GovernmentId, not a
// JSON:API type (seen against the real sandbox).
func (f Field) Reference() (Identifier, bool) {
	id := valueOf[Identifier](f.Value)
	return id, id != Identifier{}
}

// valueOf decodes b, or returns the zero value where it does not fit.
func valueOf[T any](b json.RawMessage) T {
	var v T
	if len(b) == 0 || json.Unmarshal(b, &v) != nil {
		var zero T
		return zero
	}
	return v
}

// UnmarshalJSON implements [json.Unmarshaler]. A value without the envelope of type
// and value is kept as the value of a field without a type.
func (f *Field) UnmarshalJSON(b []byte) error {
	*f = Field{}
	f.set(append(json.RawMessage(nil), b...))
	return nil
}

// set reads a field, and keeps the memory of its JSON.
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
