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

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// snapshotFormat changes when older snapshots can no longer be read.
const snapshotFormat = 1

// snapshot is everything in a sandbox except its faults. The names of exported fields are part
// of the format: Shelves are tables, and Reminders timers.
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
	BlankFields string // the first of Blanks, of snapshots that have only this one
	Blanks      []string
	Lists       []string // none in snapshots from before there were any
	Shelves     []storage.TableSnapshot
	Links       []linkSnapshot
	Replays     []replaySnapshot
	Window      windowSnapshot
	Quotas      map[string]windowSnapshot
	Cases       int
	Calls       []CallRecord
	Reminders   []timerSnapshot
	Deliveries  []deliveries.Saved
	LastEvent   time.Time
	Tags        []string
}

type linkSnapshot struct {
	Code, Session   string
	Expires, Opened time.Time
}

type replaySnapshot struct {
	Key        string
	Request    [16]byte
	Until      int64
	Status     uint16
	Body       []byte
	compressed string
}

type windowSnapshot struct {
	Start time.Time
	Used  int
}

type timerSnapshot struct {
	At time.Time
	ID string
}

// Snapshot writes everything in the sandbox for [Engine.Restore]: resources, events,
// deliveries, calls, idempotency keys and the time. Faults are not part of it.
func (e *Engine) Snapshot(w io.Writer) error {
	e.mu.Lock()
	all := snapshot{Format: snapshotFormat, OrgID: e.orgID, Signing: e.signingKey, Now: e.clock.Now()}
	for env := range e.Environments() {
		all.Environments = append(all.Environments, env.snapshot())
	}
	e.mu.Unlock()
	for _, env := range all.Environments {
		for i := range env.Replays {
			env.Replays[i].Body = e.answers.expand(env.Replays[i].compressed)
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

// Restore replaces everything in the sandbox, and the time, with a snapshot. If it cannot
// be read, nothing changes.
func (e *Engine) Restore(r io.Reader) error { return e.restore(r, false) }

// restore reads a snapshot. The clock continues from the time of the snapshot, or, with
// keepTime, from the present time unless the snapshot's is later.
func (e *Engine) restore(r io.Reader, keepTime bool) error {
	all, err := readSnapshot(r)
	if err != nil {
		return err
	}
	var answers compressor
	environments := map[catalog.Environment]*Environment{}
	for _, saved := range all.Environments {
		env, err := saved.environment(&answers, e.behaviour.UniqueName)
		if err != nil {
			return unreadable(err)
		}
		environments[catalog.Environment(env.Name)] = env
	}
	if environments[catalog.EnvironmentSandbox] == nil || environments[catalog.EnvironmentProduction] == nil || len(environments) != 2 {
		return unreadable(errors.New("an environment is missing"))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.orgID, e.signingKey, e.environments = all.OrgID, all.Signing, environments
	if !keepTime || e.clock.Now().Before(all.Now) {
		e.clock.Set(all.Now)
	}
	e.changed()
	e.useOutboxes()
	return nil
}

func readSnapshot(r io.Reader) (all snapshot, err error) {
	zipped, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return all, unreadable(err)
	}
	if err := gob.NewDecoder(zipped).Decode(&all); err != nil {
		return all, unreadable(err)
	}
	if all.Format != snapshotFormat {
		return all, fmt.Errorf("sandbox: the snapshot has format %d, and this version reads format %d: take the snapshot again with this version", all.Format, snapshotFormat)
	}
	return all, nil
}

func unreadable(err error) error {
	return fmt.Errorf("sandbox: this is not a snapshot of a sandbox: %w", err)
}

// snapshot copies everything that may change while the snapshot is written.
func (e *Environment) snapshot() environmentSnapshot {
	saved := environmentSnapshot{
		Name: e.Name, ID: e.ID, Window: windowSnapshot{e.window.start, e.window.used},
		Quotas: map[string]windowSnapshot{}, Cases: e.caseNumber, Calls: slices.Clone(e.calls.Entries), LastEvent: e.lastEvent,
	}
	saved.Names, saved.Blanks, saved.Lists, saved.Shelves = e.Tables.Snapshot()
	for _, l := range e.links {
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
		saved.Reminders = append(saved.Reminders, timerSnapshot{at, id})
	}
	saved.Deliveries = e.outbox.Snapshot()
	for tag := range e.tags {
		saved.Tags = append(saved.Tags, tag)
	}
	return saved
}

// environment builds the environment that was saved. It is an error if the snapshot is
// damaged.
func (saved *environmentSnapshot) environment(answers *compressor, uniqueName func(*storage.Resource) (kind, name string)) (env *Environment, err error) {
	defer func() {
		if recover() != nil { // the decoder panics if the bytes are damaged
			err = errors.New("a resource in it cannot be read")
		}
	}()
	env = newEnvironment(saved.Name, uniqueName)
	env.ID, env.caseNumber, env.lastEvent = saved.ID, saved.Cases, saved.LastEvent
	if saved.BlankFields != "" {
		saved.Blanks = []string{saved.BlankFields}
	}
	env.Tables.Restore(saved.Names, saved.Blanks, saved.Lists, saved.Shelves, env.indexName)
	for _, l := range saved.Links {
		env.links[l.Code] = &Link{l.Code, l.Session, l.Expires, l.Opened}
	}
	for _, r := range saved.Replays {
		env.replays.put(r.Key, replay{r.Request, r.Until, r.Status, answers.compress(r.Body)})
	}
	env.window = window{saved.Window.Start, saved.Window.Used}
	for name, quota := range saved.Quotas {
		env.quotas[name] = &window{quota.Start, quota.Used}
	}
	env.calls.Entries = saved.Calls
	for _, r := range saved.Reminders {
		env.timers.Put(r.At, r.ID)
	}
	env.outbox = deliveries.Restored(saved.Deliveries)
	for _, tag := range saved.Tags {
		env.tags[tag] = true
	}
	return env, nil
}
