package engine

import (
	"iter"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Environment is one of Persona's two worlds. All of it is guarded by the engine's
// lock.
type Environment struct {
	*storage.Tables
	Name         string                          // sandbox or production
	ID           string                          // env_…
	ByReference  map[string]string               // accounts by reference id, in lower case
	Transactions map[TransactionReference]string // ids of transactions
	Listed       map[string]string               // ids of list items, by what they list
	Links        map[string]*Link                // one-time links by code
	replays      replays
	Window       window
	quotas       map[string]*window // by what is created
	Cases        int                // numbers the names of cases
	Calls        storage.Recent[CallRecord]

	timers     simclock.Agenda[string] // ids of resources that something becomes due for
	queues     map[string]*queue
	Deliveries storage.Recent[*Delivery]
	lastEvent  time.Time
	Tags       map[string]bool // every name of a tag there was
}

func newEnvironment(name string) *Environment {
	return &Environment{
		Tables: storage.NewShelves(), Name: name, ID: storage.NewID("env"),
		ByReference: map[string]string{}, Transactions: map[TransactionReference]string{}, Listed: map[string]string{},
		Links: map[string]*Link{}, queues: map[string]*queue{}, Tags: map[string]bool{}, quotas: map[string]*window{},
		Calls: storage.Recent[CallRecord]{Keep: storage.KeptCalls}, Deliveries: storage.Recent[*Delivery]{Keep: storage.KeptDeliveries},
	}
}

// Insert stores a resource, new or changed.
func (e *Environment) Insert(r *storage.Resource) {
	e.Put(r)
	e.know(r)
}

// know remembers a resource under the names that it must be the only one to have.
func (e *Environment) know(r *storage.Resource) {
	if same := r.Text(ItemSame); same != "" && r.Text("status") == "active" {
		e.Listed[same] = r.ID
	}
	switch reference := r.Text("reference-id"); {
	case reference == "":
	case r.Typ == "account":
		e.ByReference[strings.ToLower(reference)] = r.ID
	case r.Typ == "transaction":
		e.Transactions[TransactionReference{r.One("transaction-type"), reference}] = r.ID
	}
}

// Change is everything one operation does to an environment. It is committed whole,
// or not at all.
type Change struct {
	Env    *Environment
	Now    time.Time
	staged map[string]*storage.Resource
	fresh  []string // ids of new resources, in order
	Events []*storage.Resource
	Then   []func() // done with the commit

	Given map[string]string // the id of the next new resource with a prefix, instead of a random one
}

func NewChange(env *Environment, now time.Time) *Change {
	return &Change{Env: env, Now: now, staged: map[string]*storage.Resource{}}
}

// Get returns a resource to read, or nil.
func (c *Change) Get(id string) *storage.Resource {
	if r := c.staged[id]; r != nil {
		return r
	}
	return c.Env.Get(id)
}

// All yields the resources of a family, those of the environment, oldest first, and as
// this change has them. What the change made is not among them.
func (c *Change) All(family string) iter.Seq[*storage.Resource] { return c.Of(family) }

// Of yields what all does, and where values are given only the resources that were
// indexed by one of them.
func (c *Change) Of(family string, values ...string) iter.Seq[*storage.Resource] {
	return func(yield func(*storage.Resource) bool) {
		for r := range c.Env.Newer(family, "", values...) {
			if staged := c.staged[r.ID]; staged != nil {
				r = staged
			}
			if !yield(r) {
				return
			}
		}
	}
}

// Edit returns a resource to change, or nil.
func (c *Change) Edit(id string) *storage.Resource {
	if r := c.staged[id]; r != nil {
		return r
	}
	r := c.Env.Get(id)
	if r == nil {
		return nil
	}
	c.staged[id] = r.Clone()
	return c.staged[id]
}

// Create makes a resource.
func (c *Change) Create(typ, prefix string, attributes, relationships map[string]any) *storage.Resource {
	id, given := c.Given[prefix]
	if !given {
		id = storage.NewID(prefix)
	}
	delete(c.Given, prefix)
	r := (&storage.Resource{Typ: typ, ID: id, Attributes: attributes, Relationships: relationships}).Clone()
	if _, dated := r.Attributes["created-at"]; !dated {
		r.Attributes["created-at"] = simclock.Stamp(c.Now)
	}
	c.staged[r.ID] = r
	c.fresh = append(c.fresh, r.ID)
	return r
}

// Emit records that something happened to a resource, as it is now. No two events of
// an environment have the same moment, so that their order can be told.
func (c *Change) Emit(name string, about *storage.Resource, context map[string]any) {
	at := c.Now.Truncate(time.Millisecond)
	if !at.After(c.Env.lastEvent) {
		at = c.Env.lastEvent.Add(time.Millisecond)
	}
	c.Env.lastEvent = at
	event := c.Create("event", "evt", map[string]any{"name": name, "created-at": simclock.Stamp(at)}, nil)
	event.Object = about.Clone()
	if context != nil {
		event.Attributes["context"] = context
	}
	c.Events = append(c.Events, event)
}

// Commit carries the change out. Events come last: the object of most is then stored
// already as they saw it.
func (c *Change) Commit() {
	for _, id := range c.fresh {
		if r := c.staged[id]; r.Object == nil {
			c.Env.Insert(r)
			delete(c.staged, id)
		}
	}
	for _, r := range c.staged {
		if r.Object == nil {
			c.Env.Insert(r)
		}
	}
	for _, event := range c.Events {
		c.Env.Insert(event)
	}
	for _, f := range c.Then {
		f()
	}
}
