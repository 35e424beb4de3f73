package persona

import "encoding/json"

// Optional is an attribute of a request that can be absent, null, or a value, which Persona
// distinguishes. The zero Optional is absent.
type Optional[T any] struct {
	value T
	state optionalState
}

type optionalState uint8

const (
	absent optionalState = iota
	null
	present
)

// Set returns an Optional that sends v.
func Set[T any](v T) Optional[T] { return Optional[T]{value: v, state: present} }

// Null returns an Optional that sends null, which clears the attribute.
func Null[T any]() Optional[T] { return Optional[T]{state: null} }

// Get returns the value, and whether there is one; there is none if the attribute is absent
// or null.
func (o Optional[T]) Get() (T, bool) { return o.value, o.state == present }

// any returns the value as an any.
func (o Optional[T]) any() any { return o.value }

// IsNull reports whether null is sent.
func (o Optional[T]) IsNull() bool { return o.state == null }

// IsZero reports whether the attribute is absent. encoding/json calls it for omitzero.
func (o Optional[T]) IsZero() bool { return o.state == absent }

// MarshalJSON implements [json.Marshaler]. An absent Optional is encoded as null unless its
// field has the tag omitzero.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if o.state != present {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (o *Optional[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*o = Null[T]()
		return nil
	}
	o.state = present
	return json.Unmarshal(b, &o.value)
}
