package persona

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Identifier is the JSON:API type and the id of a resource.
type Identifier struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// Object is any resource. Use a type switch to distinguish them: *Account, *Inquiry,
// *VerificationGovernmentID and so on, or *Unknown for a type that this version of the
// package does not know.
type Object interface {
	Identifier() Identifier
	json.Marshaler
	json.Unmarshaler
}

// Resource is the common part of all resources. Each resource type embeds it and adds its
// Attributes and Relationships.
//
// Nothing that was received is lost: Raw contains attributes, relationships and values
// without a field, [Resource.Attribute] returns them, and a resource is encoded as the JSON
// it was decoded from. A value of an unexpected type leaves its field zero and is not an
// error. Keys may be in kebab-case, snake_case or camelCase.
type Resource struct {
	Type string
	ID   string

	// Included contains the related resources that [WithInclude] requested. The items of
	// one answer share it.
	Included []Object

	// Raw is the JSON of the resource as received. JSON values in fields share its memory,
	// so copy them before you modify them.
	Raw json.RawMessage
}

// Unknown is a resource of a type that this package does not know.
type Unknown struct {
	Resource
	Attributes    map[string]json.RawMessage
	Relationships map[string]json.RawMessage
}

// UnmarshalJSON implements [json.Unmarshaler].
func (r *Unknown) UnmarshalJSON(b []byte) error {
	return unmarshal(b, r)
}

// DecodeObject decodes a resource into the Go type for its JSON:API type.
func DecodeObject(b []byte) (Object, error) {
	if err := validate(b); err != nil {
		return nil, fmt.Errorf("read a resource: %w", err)
	}
	return decodeObject(b), nil
}

// Identifier returns the resource's type and id.
func (r *Resource) Identifier() Identifier { return Identifier{Type: r.Type, ID: r.ID} }

// Attribute returns the JSON of an attribute by its kebab-case name, in any casing, or nil
// if the resource does not have it. A null attribute is the JSON null.
func (r *Resource) Attribute(name string) json.RawMessage {
	return member(member(r.Raw, "attributes"), name)
}

// MarshalJSON implements [json.Marshaler] and returns the JSON as received. It fails for a
// resource that was not received, since the result would be incomplete.
func (r Resource) MarshalJSON() ([]byte, error) { return asReceived(r.Raw) }

// asReceived is not inlined, nor are describe and logValue: each would be copied into a
// wrapper for every kind of resource, and every program would grow by it.
//
//go:noinline
func asReceived(raw json.RawMessage) ([]byte, error) {
	if raw == nil {
		return nil, errors.New("persona: only a value that was received can be encoded")
	}
	return raw, nil
}

// ToOne is a relationship to one resource. Data is nil if there is none, which Persona
// encodes as null and sometimes as an empty object.
type ToOne struct {
	Data *Identifier
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *ToOne) UnmarshalJSON(b []byte) error {
	t.read(&walker{src: b})
	return nil
}

// read reads a relationship.
func (t *ToOne) read(w *walker) {
	t.Data = nil
	w.object(func(key []byte) {
		if string(key) != "data" {
			w.skip()
			return
		}
		t.Data = nil
		if id, ok := w.identifier(); ok {
			t.Data = &id
		}
	})
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

// UnmarshalJSON implements [json.Unmarshaler]. A single resource becomes a list of one. An
// element that is not a resource identifier becomes the zero Identifier.
func (t *ToMany) UnmarshalJSON(b []byte) error {
	t.read(&walker{src: b})
	return nil
}

// read reads a relationship.
func (t *ToMany) read(w *walker) {
	t.Data = nil
	w.object(func(key []byte) {
		switch {
		case string(key) != "data":
			w.skip()
		case w.peek() == '[':
			t.Data = []Identifier{}
			w.array(func() {
				id, _ := w.identifier()
				t.Data = append(t.Data, id)
			})
		default:
			t.Data = nil
			if id, ok := w.identifier(); ok {
				t.Data = []Identifier{id}
			}
		}
	})
}

// identifier reads a value and returns the resource that it identifies. ok is false if the
// value is not an object or its type or id is not a string.
func (w *walker) identifier() (id Identifier, ok bool) {
	fits := true
	read := func() string {
		null := w.peek() == 'n'
		text, isText := w.text()
		fits = fits && (isText || null)
		return text
	}
	w.object(func(key []byte) {
		switch string(key) {
		case "type":
			id.Type = read()
		case "id":
			id.ID = read()
		default:
			w.skip()
		}
	})
	if !fits || id == (Identifier{}) {
		return Identifier{}, false
	}
	return id, true
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
