package engine

import (
	"iter"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Change collects everything that one operation does to an environment. It is committed
// as a whole, or not at all.
type Change struct {
	Env *Environment
	Now time.Time

	staged   map[string]*storage.Resource
	fresh    []string // ids of new resources, in order
	events   []*storage.Resource
	onCommit []func()
	ids      map[string]string // for the next new resource, by prefix
}

// NewChange returns an empty change.
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

// All yields the stored resources of a family, oldest first, with the changes so far. New
// resources of this change are not among them.
func (c *Change) All(family string) iter.Seq[*storage.Resource] { return c.IndexedBy(family) }

// IndexedBy yields the resources of [Change.All] that are indexed by one of some values.
func (c *Change) IndexedBy(family string, values ...string) iter.Seq[*storage.Resource] {
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
	r := c.Env.Edit(id)
	if r != nil {
		c.staged[id] = r
	}
	return r
}

// UseID sets the id of the next new resource with a prefix. Without it, ids are random.
func (c *Change) UseID(prefix, id string) {
	if c.ids == nil {
		c.ids = map[string]string{}
	}
	c.ids[prefix] = id
}

// Create makes a resource of attributes and relationships, which belong to it from then on. Its
// created-at is now unless the attributes have one.
func (c *Change) Create(typ, prefix string, attributes, relationships map[string]any) *storage.Resource {
	id, given := c.ids[prefix]
	if !given {
		id = storage.NewID(prefix)
	}
	delete(c.ids, prefix)
	if attributes == nil {
		attributes = map[string]any{}
	}
	if relationships == nil {
		relationships = map[string]any{}
	}
	r := &storage.Resource{Typ: typ, ID: id, Attributes: attributes, Relationships: relationships}
	if _, dated := r.Attributes["created-at"]; !dated {
		c.Stamp(r, "created-at")
	}
	c.staged[r.ID] = r
	c.fresh = append(c.fresh, r.ID)
	return r
}

// Stamp sets attributes of a resource to the present time.
func (c *Change) Stamp(r *storage.Resource, attributes ...string) {
	for _, name := range attributes {
		r.Attributes[name] = simclock.Stamp(c.Now)
	}
}

// Emit records an event about a resource as it is now. No two events of an environment
// have the same time, so that their order is known.
func (c *Change) Emit(name string, about *storage.Resource, context map[string]any) {
	at := c.Now.Truncate(time.Millisecond)
	if !at.After(c.Env.lastEvent) {
		at = c.Env.lastEvent.Add(time.Millisecond)
	}
	c.Env.lastEvent = at
	event := c.Create("event", "evt", map[string]any{"name": name, "created-at": simclock.Stamp(at)}, nil)
	roundTimes(about)
	event.Object = about.Clone()
	if context != nil {
		event.Attributes["context"] = context
	}
	c.events = append(c.events, event)
}

// LatestEvent returns the latest event about a resource, or nil.
func (c *Change) LatestEvent(id string) *storage.Resource {
	for _, event := range slices.Backward(c.events) {
		if event.Object.ID == id {
			return event
		}
	}
	for event := range c.Env.Older("event", "", id) {
		return event
	}
	return nil
}

// Schedule has [Behaviour.Due] called for a resource at a time. This cannot be undone.
func (c *Change) Schedule(at time.Time, id string) {
	c.OnCommit(func() { c.Env.timers.Put(at, id) })
}

// OnCommit adds something to do when the change is committed.
func (c *Change) OnCommit(do func()) { c.onCommit = append(c.onCommit, do) }

// store puts the change into the environment. Events come last, because an event shares
// the storage of its object if the object is stored in the same form.
func (c *Change) store() {
	stored := make(map[string]*storage.Resource, len(c.staged))
	for _, id := range c.fresh {
		if r := c.staged[id]; r.Object == nil {
			c.Env.Insert(r)
			stored[id] = r
		}
	}
	for id, r := range c.staged {
		if r.Object == nil && stored[id] == nil {
			c.Env.Insert(r)
			stored[id] = r
		}
	}
	for _, event := range c.events {
		now := stored[event.Object.ID]
		c.Env.insertEvent(event, now != nil && storage.SameState(event.Object, now))
	}
	for _, do := range c.onCommit {
		do()
	}
}

// StoreSilently commits the change without its events. The caller holds the lock.
func (c *Change) StoreSilently() {
	c.events = nil
	c.store()
}

// follow returns the resources that a relationship leads to.
func (c *Change) follow(r *storage.Resource, relationship string) []*storage.Resource {
	var found []*storage.Resource
	add := func(id string) {
		if related := c.Get(id); related != nil {
			found = append(found, related)
		}
	}
	if id := r.One(relationship); id != "" {
		add(id)
	}
	for _, id := range r.Many(relationship) {
		add(id.ID)
	}
	return found
}
