package storage

import (
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/simclock"
)

// Resource is one resource of an environment. Attributes have kebab-case keys;
// those that start with an underscore are the sandbox's own and are never rendered.
type Resource struct {
	Typ, ID       string
	Attributes    map[string]any
	Relationships map[string]any // identifier, []identifier or nil
	Object        *Resource      // what an event is about, as it was
}

type Identifier struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// secretValue is the attribute that holds an API key's value.
const SecretValue = "_value"

// resourceMeta is the attribute that holds a resource's own meta, if it has one.
const ResourceMeta = "_meta"

func (r *Resource) Identifier() Identifier { return Identifier{r.Typ, r.ID} }

// Family is the type up to the first slash.
func (r *Resource) Family() string { return FamilyOf(r.Typ) }

func (r *Resource) Text(attribute string) string {
	text, _ := r.Attributes[attribute].(string)
	return text
}

func (r *Resource) Time(attribute string) time.Time { return simclock.Moment(r.Attributes[attribute]) }

// Duration reads an attribute that holds seconds.
func (r *Resource) Duration(attribute string) time.Duration {
	seconds, _ := r.Attributes[attribute].(float64)
	return time.Duration(seconds * float64(time.Second))
}

func (r *Resource) One(relationship string) string {
	id, _ := r.Relationships[relationship].(Identifier)
	return id.ID
}

func (r *Resource) Many(relationship string) []Identifier {
	ids, _ := r.Relationships[relationship].([]Identifier)
	return ids
}

// Link adds to a relationship to many.
func (r *Resource) Link(relationship string, to Identifier) {
	if !slices.Contains(r.Many(relationship), to) {
		r.Relationships[relationship] = append(slices.Clone(r.Many(relationship)), to)
	}
}

// Unlink takes from a relationship to many.
func (r *Resource) Unlink(relationship string, from Identifier) {
	r.Relationships[relationship] = slices.DeleteFunc(slices.Clone(r.Many(relationship)), func(id Identifier) bool { return id == from })
}

// Clone copies a resource so far that the original is not changed through the copy:
// attributes and relationships are replaced, never changed in place.
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

// base58 is the alphabet of Persona's ids: letters and digits without those that
// look alike.
const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// NewID returns an id: the prefix and 28 random characters, the longest form seen.
func NewID(prefix string) string {
	var random [28]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	for i, b := range random {
		random[i] = base58[int(b)%len(base58)]
	}
	return prefix + "_" + string(random[:])
}
