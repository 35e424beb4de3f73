package engine

import (
	"bufio"
	"compress/gzip"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/storage"
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
	Shelves     []storage.TableSnapshot
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
// idempotency keys and the time by its clock, for [Engine.Restore]. Faults are not
// part of it. The format is the sandbox's own, and may change with its version.
func (s *Engine) Snapshot(w io.Writer) error {
	s.Mu.Lock()
	all := snapshot{Format: snapshotFormat, OrgID: s.OrgID, Signing: s.Signing, Now: s.Clock.Now()}
	for _, env := range s.Environments {
		all.Environments = append(all.Environments, env.snapshot())
	}
	s.Mu.Unlock()
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

// Restore makes the sandbox hold what it held at a [Engine.Snapshot], and its clock
// show the time of then. What cannot be read changes nothing.
func (s *Engine) Restore(r io.Reader) error { return s.restore(r, false) }

// restore reads a snapshot. The time that went by on the wall since is kept, or not.
func (s *Engine) restore(r io.Reader, timeWentBy bool) error {
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
	answers, environments := newCompressor(s), map[string]*Environment{}
	for _, saved := range all.Environments {
		env, err := saved.environment(&answers)
		if err != nil {
			return unreadable(err)
		}
		environments[env.Name] = env
	}
	if environments["sandbox"] == nil || environments["production"] == nil || len(environments) != 2 {
		return unreadable(errors.New("an environment is missing"))
	}
	s.Mu.Lock()
	s.OrgID, s.Signing, s.Environments = all.OrgID, all.Signing, environments
	if !timeWentBy {
		s.Clock.Set(all.Now)
	} else if s.Clock.Now().Before(all.Now) { // it was moved forward
		s.Clock.Set(all.Now)
	}
	s.changes++
	s.Mu.Unlock()
	s.Dispatcher.Wake()
	return nil
}

// Reset makes the sandbox as a new one, with its seed, but for its clock.
func (s *Engine) Reset() {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.Planned = faults.Plan{Seed: s.Options.FaultSeed}
	s.changes++
	_ = s.populate() // as it succeeded in New
}

// snapshot copies what may change while it is written.
func (e *Environment) snapshot() environmentSnapshot {
	saved := environmentSnapshot{
		Name: e.Name, ID: e.ID, Window: windowSnapshot{e.Window.start, e.Window.used},
		Quotas: map[string]windowSnapshot{}, Cases: e.Cases, Calls: slices.Clone(e.Calls.Entries), LastEvent: e.lastEvent,
	}
	saved.Names, saved.BlankFields, saved.Shelves = e.Tables.Snapshot()
	for _, l := range e.Links {
		saved.Links = append(saved.Links, linkSnapshot{l.Code, l.Session, l.Expires, l.Opened})
	}
	for _, key := range e.replays.oldest {
		if r, ok := e.replays.byKey[key]; ok {
			saved.Replays = append(saved.Replays, replaySnapshot{key, r.request, r.until, r.status, nil, r.body})
		}
	}
	for name, quota := range e.quotas {
		saved.Quotas[name] = windowSnapshot{quota.start, quota.used}
	}
	for at, id := range e.timers.All() {
		saved.Reminders = append(saved.Reminders, reminderSnapshot{at, id})
	}
	for _, d := range e.Deliveries.Entries {
		delivery := deliverySnapshot{*d, d.Due, d.sent, d.first}
		delivery.Delivery.Attempts = slices.Clone(d.Attempts)
		saved.Deliveries = append(saved.Deliveries, delivery)
	}
	for tag := range e.Tags {
		saved.Tags = append(saved.Tags, tag)
	}
	return saved
}

// environment makes the environment of a snapshot. A damaged one is an error.
func (saved *environmentSnapshot) environment(answers *compressor) (env *Environment, err error) {
	defer func() {
		if recover() != nil { // decoding what was never encoded
			err = errors.New("a resource in it cannot be read")
		}
	}()
	env = newEnvironment(saved.Name)
	env.ID, env.Cases, env.lastEvent = saved.ID, saved.Cases, saved.LastEvent
	env.Tables.Restore(saved.Names, saved.BlankFields, saved.Shelves, env.know)
	for _, l := range saved.Links {
		env.Links[l.Code] = &Link{l.Code, l.Session, l.Expires, l.Opened}
	}
	for _, r := range saved.Replays {
		env.replays.put(r.Key, replay{r.Request, r.Until, r.Status, answers.compress(r.Body)})
	}
	env.Window = window{saved.Window.Start, saved.Window.Used}
	for name, quota := range saved.Quotas {
		env.quotas[name] = &window{quota.Start, quota.Used}
	}
	env.Calls.Entries = saved.Calls
	for _, r := range saved.Reminders {
		env.timers.Put(r.At, r.ID)
	}
	for _, d := range saved.Deliveries {
		delivery := d.Delivery
		delivery.Due, delivery.sent, delivery.first = d.Due, d.Sent, d.First
		env.Deliveries.Entries = append(env.Deliveries.Entries, &delivery)
		if delivery.State == "pending" {
			env.queue(delivery.WebhookID).plan(&delivery)
		}
	}
	for _, tag := range saved.Tags {
		env.Tags[tag] = true
	}
	return env, nil
}
