package faulttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// ledger compares the rows of a stopped service with what happened at the sandbox.
type ledger struct {
	*world
	rows rows

	events      []domain.Event
	figures     figures
	occurrences map[string]map[string]int  // at the sandbox: number of events by object and name
	decided     map[string]domain.Decision // by the inquiry
}

// figures are the results of a test.
type figures struct {
	people, kills                              int
	events, acknowledged, repeated, gaps       int
	actions, skipped                           int
	subjects, withheld                         int
	told, toldAgain                            int // notifications that the host took, and repeats of them
	heard, heardAgain                          int // changes of verdicts that the three other hosts took, and repeats of them
	lost, doubled, wrongApproval, wrongVerdict int // must be 0
}

func (f figures) String() string {
	return fmt.Sprintf("%d people, %d kills: %d events, %d acknowledged webhooks and %d duplicates, %d events recovered, %d actions of which %d skipped, %d verdicts, %d approvals withheld, %d notifications and %d duplicates, %d verdicts with package idem and OnVerdict and %d duplicates; "+
		"%d lost, %d doubled, %d wrong approvals, %d wrong verdicts",
		f.people, f.kills, f.events, f.acknowledged, f.repeated, f.gaps, f.actions, f.skipped, f.subjects, f.withheld, f.told, f.toldAgain, f.heard, f.heardAgain, f.lost, f.doubled, f.wrongApproval, f.wrongVerdict)
}

// audit stops the service and compares everything.
func (w *world) audit() figures {
	w.t.Helper()
	w.hosts.stop()
	w.program.stop()
	w.sandbox.ClearFaults() // so that the sandbox can be read without faults
	opened, err := w.db.open(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	defer opened.Close()
	l := &ledger{world: w, rows: opened, occurrences: map[string]map[string]int{}, decided: map[string]domain.Decision{}}
	l.figures.people, l.figures.kills = len(w.applicants), w.kills
	l.compareEvents()
	l.compareBacklog()
	l.compareDecisions()
	l.compareEffects()
	l.compareObjects()
	l.compareVerdicts()
	l.compareTold()
	l.compareHosts()
	l.compareAuditTrail()
	w.t.Log(l.figures)
	w.report(l.figures)
	return l.figures
}

// report appends figures to the file IDEM_TEST_REPORT. "make test" prints the file, since
// go test prints nothing for a package that passes.
func (w *world) report(f figures) {
	path := os.Getenv("IDEM_TEST_REPORT")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = fmt.Fprintf(file, "%s: %v\n", w.t.Name(), f)
	if err := errors.Join(err, file.Close()); err != nil {
		w.t.Error(err)
	}
}

// compareEvents checks that every event is stored once, and was stored when it was
// acknowledged.
func (l *ledger) compareEvents() {
	l.events = all(l.world, l.rows.Events)
	stored := map[string]domain.Event{}
	for _, e := range l.events {
		if _, twice := stored[e.ID]; twice {
			l.doubled("event %s is stored twice", e.ID)
		}
		stored[e.ID] = e
		if e.Via != domain.ViaWebhook {
			l.figures.gaps++
		}
		if e.State != domain.EventApplied && e.State != domain.EventStale && e.State != domain.EventUnhandled {
			l.t.Errorf("event %s (%s) is %s: %s", e.ID, e.Name, e.State, e.Reason)
		}
	}
	l.figures.events, l.figures.acknowledged, l.figures.repeated = len(l.events), len(l.wire.acknowledged), l.wire.repeated
	for id, at := range l.wire.acknowledged {
		// An event that was stored after its 200 was lost and then recovered.
		if e, known := stored[id]; !known || e.ReceivedAt.After(at.Add(l.clockTolerance)) {
			l.lost("event %s was acknowledged and not stored (stored later: %v)", id, known)
		}
	}
	for e, err := range l.client.Events.List(l.t.Context(), persona.EventListParams{Size: 100}) {
		if err != nil {
			l.t.Fatal(err)
		}
		if _, known := stored[e.ID]; !known {
			l.lost("event %s (%s) happened and is not stored", e.ID, e.Attributes.Name)
		}
		var payload struct{ Data domain.Ref }
		raw, _ := json.Marshal(e.Attributes.Payload)
		if err := json.Unmarshal(raw, &payload); err != nil {
			l.t.Fatal(err)
		}
		if l.occurrences[payload.Data.ID] == nil {
			l.occurrences[payload.Data.ID] = map[string]int{}
		}
		l.occurrences[payload.Data.ID][e.Attributes.Name]++
	}
}

// compareBacklog checks that there is no unfinished work and no poison event.
func (l *ledger) compareBacklog() {
	left, err := l.rows.Backlog(l.t.Context(), domain.Sandbox)
	if err != nil {
		l.t.Fatal(err)
	}
	if left.Waiting+left.Poison+left.Retried+left.ActionsWaiting+left.ActionsDead > 0 {
		l.t.Errorf("there is unfinished work: %+v", left)
	}
}

// compareAuditTrail checks that the audit trail is intact.
func (l *ledger) compareAuditTrail() {
	var last audit.Entry
	for {
		entries, err := l.rows.AuditTrail(l.t.Context(), domain.Sandbox, last.Sequence, 1000)
		if err != nil {
			l.t.Fatal(err)
		}
		if len(entries) == 0 {
			return
		}
		if at := audit.Verify(last, entries); at != 0 {
			l.t.Fatalf("the audit trail is broken at %d", at)
		}
		last = entries[len(entries)-1]
	}
}

func (l *ledger) lost(format string, args ...any) {
	l.figures.lost++
	l.t.Errorf(format, args...)
}

func (l *ledger) doubled(format string, args ...any) {
	l.figures.doubled++
	l.t.Errorf(format, args...)
}

// wrongApproval records a wrong approval.
func (l *ledger) wrongApproval(format string, args ...any) {
	l.figures.wrongApproval++
	l.t.Errorf(format, args...)
}

// wrongVerdict records a notification with a wrong verdict.
func (l *ledger) wrongVerdict(format string, args ...any) {
	l.figures.wrongVerdict++
	l.t.Errorf(format, args...)
}

// all reads a whole list, newest first.
func all[T any](w *world, list func(context.Context, domain.Environment, store.Filter) (store.Page[T], error)) []T {
	w.t.Helper()
	var found []T
	for row, err := range store.All(w.t.Context(), list, domain.Sandbox, store.Filter{Limit: 100}) {
		if err != nil {
			w.t.Fatal(err)
		}
		found = append(found, row)
	}
	return found
}
