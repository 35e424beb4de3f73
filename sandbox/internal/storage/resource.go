package storage

import (
	"crypto/rand"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// Resource is one resource of an environment. Attributes have kebab-case names. Those that
// start with an underscore are the sandbox's own: no answer shows them.
type Resource struct {
	Typ, ID       string
	Attributes    map[string]any
	Relationships map[string]any // of Identifier, []Identifier or nil
	Object        *Resource      // the object of an event, as it was then
}

// Identifier identifies a resource in a relationship.
type Identifier struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// Attributes that no answer shows.
const (
	SecretValue  = "_value" // the value of an API key
	ResourceMeta = "_meta"  // shown as the meta of a resource
)

// FileMark starts a mark, which stands for a link to a file in an attribute.
const FileMark = "\x00file/"

// MarkOf returns the mark for a file of a resource.
func MarkOf(owner, name string) string { return FileMark + owner + "/" + name }

// Identifier returns the identifier of the resource.
func (r *Resource) Identifier() Identifier { return Identifier{r.Typ, r.ID} }

// Family returns the type up to the first slash.
func (r *Resource) Family() string { return FamilyOf(r.Typ) }

// Text returns an attribute that is a string, or "".
func (r *Resource) Text(attribute string) string {
	text, _ := r.Attributes[attribute].(string)
	return text
}

// Time returns an attribute that is a time, or zero.
func (r *Resource) Time(attribute string) time.Time { return simclock.Moment(r.Attributes[attribute]) }

// Duration returns an attribute that is a number of seconds, or zero.
func (r *Resource) Duration(attribute string) time.Duration {
	seconds, _ := r.Attributes[attribute].(float64)
	return time.Duration(seconds * float64(time.Second))
}

// One returns the id in a relationship to one, or "".
func (r *Resource) One(relationship string) string {
	id, _ := r.Relationships[relationship].(Identifier)
	return id.ID
}

// Many returns the identifiers in a relationship to many.
func (r *Resource) Many(relationship string) []Identifier {
	ids, _ := r.Relationships[relationship].([]Identifier)
	return ids
}

// Link adds an identifier to a relationship to many, once.
func (r *Resource) Link(relationship string, to Identifier) {
	if !slices.Contains(r.Many(relationship), to) {
		r.Relationships[relationship] = append(slices.Clone(r.Many(relationship)), to)
	}
}

// Unlink removes an identifier from a relationship to many.
func (r *Resource) Unlink(relationship string, from Identifier) {
	r.Relationships[relationship] = slices.DeleteFunc(slices.Clone(r.Many(relationship)), func(id Identifier) bool { return id == from })
}

// Clone returns a copy. Replacing attributes and relationships of the copy does not change
// the original. Values inside of them are shared and must not be changed in place.
func (r *Resource) Clone() *Resource {
	c := *r
	c.Attributes, c.Relationships = maps.Clone(r.Attributes), maps.Clone(r.Relationships)
	if c.Attributes == nil {
		c.Attributes = map[string]any{}
	}
	if c.Relationships == nil {
		c.Relationships = map[string]any{}
	}
	return &c
}

// SameState reports whether two copies of a resource surely have the same attributes and
// relationships. As values inside of them are shared, it compares lists and objects by where
// they are.
func SameState(a, b *Resource) bool {
	return a.Typ == b.Typ && a.ID == b.ID && sameMembers(a.Attributes, b.Attributes) && sameMembers(a.Relationships, b.Relationships)
}

func sameMembers(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for name, value := range a {
		other, known := b[name]
		if !known || !sameValue(value, other) {
			return false
		}
	}
	return true
}

func sameValue(a, b any) bool {
	v := reflect.ValueOf(a)
	if !v.IsValid() || v.Comparable() {
		return a == b
	}
	w := reflect.ValueOf(b)
	if !w.IsValid() || v.Type() != w.Type() || v.Kind() != reflect.Map && v.Kind() != reflect.Slice {
		return false
	}
	return v.Pointer() == w.Pointer() && v.Len() == w.Len()
}

// base58 is the alphabet of Persona's ids: letters and digits, without those that look alike.
const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// NewID returns a random id: the prefix and 28 characters, the longest form observed.
func NewID(prefix string) string {
	var random [28]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	for i, b := range random {
		random[i] = base58[int(b)%len(base58)]
	}
	return prefix + "_" + string(random[:])
}
