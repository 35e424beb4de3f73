package engine

import (
	"time"

	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// keptCalls is how many calls an environment remembers: the latest.
const keptCalls = 50_000

// Environment is one of Persona's two environments. The engine's lock guards all of it.
type Environment struct {
	*storage.Tables
	Name string // sandbox or production
	ID   string // env_…

	uniqueName func(*storage.Resource) (kind, name string)
	named      map[string]map[string]string // ids, by kind of name and name
	links      map[string]*Link             // by code
	tags       map[string]bool              // every name of a tag that was ever used
	caseNumber int                          // of the latest case
	lastEvent  time.Time

	replays replays
	window  window
	quotas  map[string]*window // by product
	calls   storage.Recent[CallRecord]
	bodies  storage.Recent[CallBodies] // of the latest calls
	timers  simclock.Agenda[string]    // ids of resources
	outbox  *deliveries.Outbox
}

// Link is a one-time link to a session.
type Link struct {
	Code    string
	Session string // the session's id
	Expires time.Time
	Opened  time.Time // zero until it is used
}

func newEnvironment(name string, uniqueName func(*storage.Resource) (kind, name string)) *Environment {
	return &Environment{
		Tables: storage.NewTables(), Name: name, ID: storage.NewID("env"),
		uniqueName: uniqueName, named: map[string]map[string]string{}, links: map[string]*Link{}, tags: map[string]bool{},
		quotas: map[string]*window{}, calls: storage.Recent[CallRecord]{Keep: keptCalls}, bodies: newBodies(), outbox: deliveries.NewOutbox(),
	}
}

// Insert stores a resource, new or changed. It cuts times to the precision that answers show.
func (e *Environment) Insert(r *storage.Resource) {
	roundTimes(r)
	e.Put(r)
	e.indexName(r)
}

// insertEvent stores an event. isStored says that its object was just stored in the same state.
func (e *Environment) insertEvent(event *storage.Resource, isStored bool) {
	roundTimes(event)
	e.PutEvent(event, isStored)
}

// indexName remembers a resource under its unique name, if it has one.
func (e *Environment) indexName(r *storage.Resource) {
	kind, name := e.uniqueName(r)
	if name == "" {
		return
	}
	if e.named[kind] == nil {
		e.named[kind] = map[string]string{}
	}
	e.named[kind][name] = r.ID
}

// Named returns the id of the latest resource that had a name of a kind, or "". The
// resource may since have lost the name.
func (e *Environment) Named(kind, name string) string { return e.named[kind][name] }

// Link returns the link with a code, or nil.
func (e *Environment) Link(code string) *Link { return e.links[code] }

// AddLink stores a link.
func (e *Environment) AddLink(l *Link) { e.links[l.Code] = l }

// NextCaseNumber counts the cases. A number is lost if the case is not created.
func (e *Environment) NextCaseNumber() int {
	e.caseNumber++
	return e.caseNumber
}

// NewTags returns how many of some tags were never used, and how many were used so far.
func (e *Environment) NewTags(tags []any) (unused, used int) {
	for _, tag := range tags {
		if name, _ := tag.(string); !e.tags[name] {
			unused++
		}
	}
	return unused, len(e.tags)
}

// UseTags remembers that tags were used.
func (e *Environment) UseTags(tags []any) {
	for _, tag := range tags {
		name, _ := tag.(string)
		e.tags[name] = true
	}
}

// LatestCalls returns the calls for which keep returns true, newest first: at most limit
// of them, without the first skip. It reports whether there are more.
func (e *Environment) LatestCalls(skip, limit int, keep func(CallRecord) bool) (found []CallRecord, more bool) {
	return e.calls.Latest(skip, limit, keep)
}

// CallCount returns how many calls are remembered.
func (e *Environment) CallCount() int { return len(e.calls.Entries) }

// Outbox returns the environment's deliveries.
func (e *Environment) Outbox() *deliveries.Outbox { return e.outbox }
