package sandbox

import (
	"bufio"
	"compress/gzip"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// snapshotFormat changes when a snapshot of before cannot be read any more.
const snapshotFormat = 1

// snapshot is all that a sandbox holds, but for its faults.
type snapshot struct {
	Format       int
	OrgID        string
	Signing      []byte
	Now          time.Time
	Environments []environmentSnapshot
}

type environmentSnapshot struct {
	Name, ID    string
	Names       []string
	BlankFields string
	Shelves     []shelfSnapshot
	Links       []linkSnapshot
	Replays     []replaySnapshot
	Window      windowSnapshot
	Quotas      map[string]windowSnapshot
	Cases       int
	Calls       []CallRecord
	Reminders   []reminderSnapshot
	Deliveries  []deliverySnapshot
	LastEvent   time.Time
	Tags        []string
}

type shelfSnapshot struct {
	Family           string
	Dropped          int
	Entries, Objects []string
}

type linkSnapshot struct {
	Code, Session   string
	Expires, Opened time.Time
}

type replaySnapshot struct {
	Key     string
	Request [16]byte
	Until   int64
	Status  uint16
	Body    []byte
	packed  string
}

type windowSnapshot struct {
	Start time.Time
	Used  int
}

type reminderSnapshot struct {
	At time.Time
	ID string
}

type deliverySnapshot struct {
	Delivery         Delivery
	Due, Sent, First time.Time
}

// Snapshot writes everything the sandbox holds: resources, events, deliveries, calls,
// idempotency keys and the time by its clock, for [Sandbox.Restore]. Faults are not
// part of it. The format is the sandbox's own, and may change with its version.
func (s *Sandbox) Snapshot(w io.Writer) error {
	s.mu.Lock()
	all := snapshot{Format: snapshotFormat, OrgID: s.orgID, Signing: s.signing, Now: s.clock.now()}
	for _, env := range s.environments {
		all.Environments = append(all.Environments, env.snapshot())
	}
	s.mu.Unlock()
	for _, env := range all.Environments {
		for i := range env.Replays {
			env.Replays[i].Body = s.answers.expand(env.Replays[i].packed)
		}
	}
	zipped, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level exists
	if err := gob.NewEncoder(zipped).Encode(all); err != nil {
		return fmt.Errorf("sandbox: write a snapshot: %w", err)
	}
	if err := zipped.Close(); err != nil {
		return fmt.Errorf("sandbox: write a snapshot: %w", err)
	}
	return nil
}

// Restore makes the sandbox hold what it held at a [Sandbox.Snapshot], and its clock
// show the time of then. What cannot be read changes nothing.
func (s *Sandbox) Restore(r io.Reader) error { return s.restore(r, false) }

// restore reads a snapshot. The time that went by on the wall since is kept, or not.
func (s *Sandbox) restore(r io.Reader, timeWentBy bool) error {
	unreadable := func(err error) error { return fmt.Errorf("sandbox: this is not a snapshot of a sandbox: %w", err) }
	zipped, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return unreadable(err)
	}
	var all snapshot
	if err := gob.NewDecoder(zipped).Decode(&all); err != nil {
		return unreadable(err)
	}
	if all.Format != snapshotFormat {
		return fmt.Errorf("sandbox: the snapshot is of format %d, and this sandbox reads %d: take it again with this version", all.Format, snapshotFormat)
	}
	answers, environments := newAnswerPress(s), map[string]*environment{}
	for _, saved := range all.Environments {
		env, err := saved.environment(&answers)
		if err != nil {
			return unreadable(err)
		}
		environments[env.name] = env
	}
	if environments["sandbox"] == nil || environments["production"] == nil || len(environments) != 2 {
		return unreadable(errors.New("an environment is missing"))
	}
	s.mu.Lock()
	s.orgID, s.signing, s.environments = all.OrgID, all.Signing, environments
	if !timeWentBy {
		s.clock.set(all.Now)
	} else if s.clock.now().Before(all.Now) { // it was moved forward
		s.clock.set(all.Now)
	}
	s.changes++
	s.mu.Unlock()
	s.deliveries.wake()
	return nil
}

// Reset makes the sandbox as a new one, with its seed, but for its clock.
func (s *Sandbox) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults{seed: s.options.FaultSeed}
	s.changes++
	_ = s.populate() // as it succeeded in New
}

// snapshot copies what may change while it is written.
func (e *environment) snapshot() environmentSnapshot {
	saved := environmentSnapshot{
		Name: e.name, ID: e.id, Names: e.packing.names, BlankFields: e.packing.blank, Window: windowSnapshot{e.window.start, e.window.used},
		Quotas: map[string]windowSnapshot{}, Cases: e.cases, Calls: slices.Clone(e.calls.entries), LastEvent: e.lastEvent,
	}
	for number, shelf := range e.shelves.shelves {
		saved.Shelves = append(saved.Shelves, shelfSnapshot{e.families[number], shelf.dropped, slices.Clone(shelf.entries), slices.Clone(shelf.objects)})
	}
	for _, l := range e.links {
		saved.Links = append(saved.Links, linkSnapshot{l.code, l.session, l.expires, l.opened})
	}
	for _, key := range e.replays.oldest {
		if r, ok := e.replays.byKey[key]; ok {
			saved.Replays = append(saved.Replays, replaySnapshot{key, r.request, r.until, r.status, nil, r.body})
		}
	}
	for name, quota := range e.quotas {
		saved.Quotas[name] = windowSnapshot{quota.start, quota.used}
	}
	for at, id := range e.timers.all() {
		saved.Reminders = append(saved.Reminders, reminderSnapshot{at, id})
	}
	for _, d := range e.deliveries.entries {
		delivery := deliverySnapshot{*d, d.due, d.sent, d.first}
		delivery.Delivery.Attempts = slices.Clone(d.Attempts)
		saved.Deliveries = append(saved.Deliveries, delivery)
	}
	for tag := range e.tags {
		saved.Tags = append(saved.Tags, tag)
	}
	return saved
}

// environment makes the environment of a snapshot. A damaged one is an error.
func (saved *environmentSnapshot) environment(answers *answerPress) (env *environment, err error) {
	defer func() {
		if recover() != nil { // unpacking what was never packed
			err = errors.New("a resource in it cannot be read")
		}
	}()
	env = newEnvironment(saved.Name)
	env.id, env.cases, env.lastEvent = saved.ID, saved.Cases, saved.LastEvent
	env.packing = packingOf(saved.Names, saved.BlankFields)
	for _, s := range saved.Shelves {
		env.refill(s)
	}
	for _, l := range saved.Links {
		env.links[l.Code] = &link{l.Code, l.Session, l.Expires, l.Opened}
	}
	for _, r := range saved.Replays {
		env.replays.put(r.Key, replay{r.Request, r.Until, r.Status, answers.compress(r.Body)})
	}
	env.window = window{saved.Window.Start, saved.Window.Used}
	for name, quota := range saved.Quotas {
		env.quotas[name] = &window{quota.Start, quota.Used}
	}
	env.calls.entries = saved.Calls
	for _, r := range saved.Reminders {
		env.timers.put(r.At, r.ID)
	}
	for _, d := range saved.Deliveries {
		delivery := d.Delivery
		delivery.due, delivery.sent, delivery.first = d.Due, d.Sent, d.First
		env.deliveries.entries = append(env.deliveries.entries, &delivery)
		if delivery.State == "pending" {
			env.queue(delivery.WebhookID).plan(&delivery)
		}
	}
	for _, tag := range saved.Tags {
		env.tags[tag] = true
	}
	return env, nil
}

// refill makes a shelf anew, and what is known by what stands on it.
func (e *environment) refill(saved shelfSnapshot) {
	shelf, number := e.shelf(saved.Family)
	shelf.dropped = saved.Dropped
	shelf.entries, shelf.objects = saved.Entries, saved.Objects
	if shelf.live != nil {
		shelf.live = make([]*resource, 0, len(saved.Entries))
		for _, packed := range saved.Entries {
			shelf.live = append(shelf.live, e.packing.unpack(packed))
		}
	}
	for i, packed := range shelf.entries {
		at := uint32(shelf.dropped + i)
		e.places[e.packing.idOf(packed)] = spot{number, at}
		r := e.at(shelf, int(at))
		e.index(r, at)
		e.know(r)
	}
}
