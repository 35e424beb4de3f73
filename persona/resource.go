package persona

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Identifier names a resource: its JSON:API type and its id.
type Identifier struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// Object is any resource. A type switch tells which: *Account, *Inquiry,
// *VerificationGovernmentID and so on, or *Unknown for a type this version of the
// package has no Go type for.
type Object interface {
	Identifier() Identifier
	json.Marshaler
	json.Unmarshaler
}

// Resource is what every resource has. The type of each kind of resource embeds it
// beside its Attributes and Relationships.
//
// What was received is never lost: attributes, relationships and values that have
// no field stay in Raw, [Resource.Attribute] reaches them, and a resource encodes as
// the JSON it was decoded from. A value of an unexpected type leaves its field zero
// instead of failing the answer. Keys may come in kebab-case, snake_case or
// camelCase.
type Resource struct {
	Type string
	ID   string

	// Included holds the related resources that came along because the call asked
	// for them with [WithInclude]. The items of one answer share it.
	Included []Object

	// Raw is the JSON of the resource as it was received.
	Raw json.RawMessage
}

// Unknown is a resource of a type this package does not know.
type Unknown struct {
	Resource
	Attributes    map[string]json.RawMessage
	Relationships map[string]json.RawMessage
}

// UnmarshalJSON implements [json.Unmarshaler].
func (r *Unknown) UnmarshalJSON(b []byte) error {
	return decodeResource(b, &r.Resource, &r.Attributes, &r.Relationships)
}

// DecodeObject decodes a resource into the Go type of its JSON:API type.
func DecodeObject(b []byte) (Object, error) { return decodeObject(b) }

// Identifier returns the resource's type and id.
func (r *Resource) Identifier() Identifier { return Identifier{Type: r.Type, ID: r.ID} }

// Attribute returns the JSON of an attribute by its kebab-case name, in whatever
// casing it came, or nil when the resource has no such attribute. An attribute that
// is null is the JSON null.
func (r *Resource) Attribute(name string) json.RawMessage {
	var raw struct{ Attributes map[string]json.RawMessage }
	if json.Unmarshal(r.Raw, &raw) != nil {
		return nil
	}
	return lookup(raw.Attributes, name)
}

// MarshalJSON implements [json.Marshaler]: the resource as it was received. It fails
// for a resource that was not received, since it would leave things out.
func (r Resource) MarshalJSON() ([]byte, error) {
	if r.Raw == nil {
		return nil, errors.New("persona: a resource encodes as it was received, and this one was not received")
	}
	return r.Raw, nil
}

// ToOne is a relationship to one resource. Data is nil when there is none; Persona
// writes that as null, and in places as an empty object.
type ToOne struct {
	Data *Identifier
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *ToOne) UnmarshalJSON(b []byte) error {
	var raw struct{ Data json.RawMessage }
	t.Data = nil
	if json.Unmarshal(b, &raw) != nil {
		return nil
	}
	var id Identifier
	if json.Unmarshal(raw.Data, &id) == nil && id != (Identifier{}) {
		t.Data = &id
	}
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (t ToOne) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Data *Identifier `json:"data"`
	}{t.Data})
}

// ToMany is a relationship to any number of resources.
type ToMany struct {
	Data []Identifier
}

// UnmarshalJSON implements [json.Unmarshaler]. A single resource where a list was
// expected is a list of one.
func (t *ToMany) UnmarshalJSON(b []byte) error {
	var raw struct{ Data json.RawMessage }
	t.Data = nil
	if json.Unmarshal(b, &raw) != nil || len(bytes.TrimSpace(raw.Data)) == 0 {
		return nil
	}
	if json.Unmarshal(raw.Data, &t.Data) == nil {
		return nil
	}
	var one ToOne
	if _ = one.UnmarshalJSON(b); one.Data != nil {
		t.Data = []Identifier{*one.Data}
	}
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (t ToMany) MarshalJSON() ([]byte, error) {
	data := t.Data
	if data == nil {
		data = []Identifier{}
	}
	return json.Marshal(struct {
		Data []Identifier `json:"data"`
	}{data})
}
