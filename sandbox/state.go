package sandbox

import (
	"crypto/rand"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// resource is one resource of an environment. Attributes have kebab-case keys;
// those that start with an underscore are the sandbox's own and are never rendered.
type resource struct {
	typ, id       string
	attributes    map[string]any
	relationships map[string]any // identifier, []identifier or nil
	object        *resource      // what an event is about, as it was
}

type identifier struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// secretValue is the attribute that holds an API key's value.
const secretValue = "_value"

// resourceMeta is the attribute that holds a resource's own meta, if it has one.
const resourceMeta = "_meta"

func (r *resource) identifier() identifier { return identifier{r.typ, r.id} }

// family is the type up to the first slash.
func (r *resource) family() string { return familyOf(r.typ) }

func (r *resource) text(attribute string) string {
	text, _ := r.attributes[attribute].(string)
	return text
}

func (r *resource) time(attribute string) time.Time { return moment(r.attributes[attribute]) }

// duration reads an attribute that holds seconds.
func (r *resource) duration(attribute string) time.Duration {
	seconds, _ := r.attributes[attribute].(float64)
	return time.Duration(seconds * float64(time.Second))
}

func (r *resource) one(relationship string) string {
	id, _ := r.relationships[relationship].(identifier)
	return id.ID
}

func (r *resource) many(relationship string) []identifier {
	ids, _ := r.relationships[relationship].([]identifier)
	return ids
}

// link adds to a relationship to many.
func (r *resource) link(relationship string, to identifier) {
	if !slices.Contains(r.many(relationship), to) {
		r.relationships[relationship] = append(slices.Clone(r.many(relationship)), to)
	}
}

// unlink takes from a relationship to many.
func (r *resource) unlink(relationship string, from identifier) {
	r.relationships[relationship] = slices.DeleteFunc(slices.Clone(r.many(relationship)), func(id identifier) bool { return id == from })
}

// clone copies a resource so far that the original is not changed through the copy:
// attributes and relationships are replaced, never changed in place.
func (r *resource) clone() *resource {
	c := *r
	c.attributes, c.relationships = maps.Clone(r.attributes), maps.Clone(r.relationships)
	if c.attributes == nil {
		c.attributes = map[string]any{}
	}
	if c.relationships == nil {
		c.relationships = map[string]any{}
	}
	return &c
}

// environment is one of Persona's two worlds. All of it is guarded by the engine's
// lock.
type environment struct {
	*shelves
	name         string                          // sandbox or production
	id           string                          // env_…
	byReference  map[string]string               // accounts by reference id, in lower case
	transactions map[transactionReference]string // ids of transactions
	listed       map[string]string               // ids of list items, by what they list
	links        map[string]*link                // one-time links by code
	replays      replays
	window       window
	quotas       map[string]*window // by what is created
	cases        int                // numbers the names of cases
	calls        recent[CallRecord]

	timers     agenda[string] // ids of resources that something becomes due for
	queues     map[string]*queue
	deliveries recent[*Delivery]
	lastEvent  time.Time
	tags       map[string]bool // every name of a tag there was
}

func newEnvironment(name string) *environment {
	return &environment{
		shelves: newShelves(), name: name, id: newID("env"),
		byReference: map[string]string{}, transactions: map[transactionReference]string{}, listed: map[string]string{},
		links: map[string]*link{}, queues: map[string]*queue{}, tags: map[string]bool{}, quotas: map[string]*window{},
		calls: recent[CallRecord]{keep: keptCalls}, deliveries: recent[*Delivery]{keep: keptDeliveries},
	}
}

// insert stores a resource, new or changed.
func (e *environment) insert(r *resource) {
	e.put(r)
	e.know(r)
}

// know remembers a resource under the names that it must be the only one to have.
func (e *environment) know(r *resource) {
	if same := r.text(itemSame); same != "" && r.text("status") == "active" {
		e.listed[same] = r.id
	}
	switch reference := r.text("reference-id"); {
	case reference == "":
	case r.typ == "account":
		e.byReference[strings.ToLower(reference)] = r.id
	case r.typ == "transaction":
		e.transactions[transactionReference{r.one("transaction-type"), reference}] = r.id
	}
}

// change is everything one operation does to an environment. It is committed whole,
// or not at all.
type change struct {
	env    *environment
	now    time.Time
	staged map[string]*resource
	fresh  []string // ids of new resources, in order
	events []*resource
	then   []func() // done with the commit

	given map[string]string // the id of the next new resource with a prefix, instead of a random one
}

func newChange(env *environment, now time.Time) *change {
	return &change{env: env, now: now, staged: map[string]*resource{}}
}

// get returns a resource to read, or nil.
func (c *change) get(id string) *resource {
	if r := c.staged[id]; r != nil {
		return r
	}
	return c.env.get(id)
}

// all yields the resources of a family, those of the environment, oldest first, and as
// this change has them. What the change made is not among them.
func (c *change) all(family string) iter.Seq[*resource] { return c.of(family) }

// of yields what all does, and where values are given only the resources that were
// indexed by one of them.
func (c *change) of(family string, values ...string) iter.Seq[*resource] {
	return func(yield func(*resource) bool) {
		for r := range c.env.newer(family, "", values...) {
			if staged := c.staged[r.id]; staged != nil {
				r = staged
			}
			if !yield(r) {
				return
			}
		}
	}
}

// edit returns a resource to change, or nil.
func (c *change) edit(id string) *resource {
	if r := c.staged[id]; r != nil {
		return r
	}
	r := c.env.get(id)
	if r == nil {
		return nil
	}
	c.staged[id] = r.clone()
	return c.staged[id]
}

// create makes a resource.
func (c *change) create(typ, prefix string, attributes, relationships map[string]any) *resource {
	id, given := c.given[prefix]
	if !given {
		id = newID(prefix)
	}
	delete(c.given, prefix)
	r := (&resource{typ: typ, id: id, attributes: attributes, relationships: relationships}).clone()
	if _, dated := r.attributes["created-at"]; !dated {
		r.attributes["created-at"] = stamp(c.now)
	}
	c.staged[r.id] = r
	c.fresh = append(c.fresh, r.id)
	return r
}

// emit records that something happened to a resource, as it is now. No two events of
// an environment have the same moment, so that their order can be told.
func (c *change) emit(name string, about *resource, context map[string]any) {
	at := c.now.Truncate(time.Millisecond)
	if !at.After(c.env.lastEvent) {
		at = c.env.lastEvent.Add(time.Millisecond)
	}
	c.env.lastEvent = at
	event := c.create("event", "evt", map[string]any{"name": name, "created-at": stamp(at)}, nil)
	event.object = about.clone()
	if context != nil {
		event.attributes["context"] = context
	}
	c.events = append(c.events, event)
}

// commit carries the change out. Events come last: the object of most is then stored
// already as they saw it.
func (c *change) commit() {
	for _, id := range c.fresh {
		if r := c.staged[id]; r.object == nil {
			c.env.insert(r)
			delete(c.staged, id)
		}
	}
	for _, r := range c.staged {
		if r.object == nil {
			c.env.insert(r)
		}
	}
	for _, event := range c.events {
		c.env.insert(event)
	}
	for _, f := range c.then {
		f()
	}
}

// base58 is the alphabet of Persona's ids: letters and digits without those that
// look alike.
const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// newID returns an id: the prefix and 28 random characters, the longest form seen.
func newID(prefix string) string {
	var random [28]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	for i, b := range random {
		random[i] = base58[int(b)%len(base58)]
	}
	return prefix + "_" + string(random[:])
}
