package persona

import (
	"encoding/json"
	"errors"
	"fmt"
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

	// Raw is the JSON of the resource as it was received. The values of fields and
	// attributes that are JSON share its memory: copy them before you change them.
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
	return unmarshal(b, r)
}

// DecodeObject decodes a resource into the Go type of its JSON:API type.
func DecodeObject(b []byte) (Object, error) {
	if err := validate(b); err != nil {
		return nil, fmt.Errorf("read a resource: %w", err)
	}
	return decodeObject(b), nil
}

// Identifier returns the resource's type and id.
func (r *Resource) Identifier() Identifier { return Identifier{Type: r.Type, ID: r.ID} }

// Attribute returns the JSON of an attribute by its kebab-case name, in whatever
// casing it came, or nil when the resource has no such attribute. An attribute that
// is null is the JSON null.
func (r *Resource) Attribute(name string) json.RawMessage {
	return member(member(r.Raw, "attributes"), name)
}

// MarshalJSON implements [json.Marshaler]: the resource as it was received. It fails
// for a resource that was not received, since it would leave things out.
func (r Resource) MarshalJSON() ([]byte, error) { return asReceived(r.Raw) }

// asReceived is not inlined, nor are describe and logValue: each would be copied into a
// wrapper for every kind of resource, and every program would grow by it.
//
//go:noinline
func asReceived(raw json.RawMessage) ([]byte, error) {
	if raw == nil {
		return nil, errors.New("persona: what is read encodes as it was received, and this was not received")
	}
	return raw, nil
}

// ToOne is a relationship to one resource. Data is nil when there is none; Persona
// writes that as null, and in places as an empty object.
type ToOne struct {
	Data *Identifier
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *ToOne) UnmarshalJSON(b []byte) error {
	t.read(&walker{src: b})
	return nil
}

// read steps over a relationship and reads it.
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

// UnmarshalJSON implements [json.Unmarshaler]. A single resource where a list was
// expected is a list of one. An element that names no resource leaves its place zero.
func (t *ToMany) UnmarshalJSON(b []byte) error {
	t.read(&walker{src: b})
	return nil
}

// read steps over a relationship and reads it.
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

// identifier steps over a value, and returns the resource it names. The value names
// none where it is no object, or its type or id is no string.
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
