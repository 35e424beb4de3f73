package proof

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// ledger compares the rows of a service, which has stopped, with what happened at the
// sandbox.
type ledger struct {
	*world
	rows rows

	events     []domain.Event
	figures    figures
	happenings map[string]map[string]int // at the sandbox: how often each event happened to an object
}

// figures are what a proof counts.
type figures struct {
	people, kills                        int
	events, acknowledged, repeated, gaps int
	actions                              int
	lost, doubled                        int // must be 0
}

func (f figures) String() string {
	return fmt.Sprintf("%d people, %d kills: %d events, %d acknowledged webhooks and %d duplicates, %d gaps healed, %d actions; lost %d, doubled %d",
		f.people, f.kills, f.events, f.acknowledged, f.repeated, f.gaps, f.actions, f.lost, f.doubled)
}

// audit stops the service and compares everything.
func (w *world) audit() figures {
	w.t.Helper()
	w.program.stop()
	w.sandbox.ClearFaults() // the books are read without them
	opened, err := w.db.open(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	defer opened.Close()
	l := &ledger{world: w, rows: opened, happenings: map[string]map[string]int{}}
	l.figures.people, l.figures.kills = len(w.applicants), w.kills
	l.compareEvents()
	l.compareEffects()
	l.compareObjects()
	l.compareVerdicts()
	l.followTheTrail()
	w.t.Log(l.figures)
	w.report(l.figures)
	return l.figures
}

// report adds figures to the file that PROOF_FIGURES names: "make test" prints it, since
// go test prints nothing of a package that passes.
func (w *world) report(f figures) {
	path := os.Getenv("PROOF_FIGURES")
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

// compareEvents demands that every event is stored once, and was when it was
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
			l.t.Errorf("event %s (%s) is %s", e.ID, e.Name, e.State)
		}
	}
	l.figures.events, l.figures.acknowledged, l.figures.repeated = len(l.events), len(l.wire.acknowledged), l.wire.repeated
	for id, at := range l.wire.acknowledged {
		// What was stored only later was lost, and found by reconciling.
		if e, known := stored[id]; !known || e.ReceivedAt.After(at) {
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
		if l.happenings[payload.Data.ID] == nil {
			l.happenings[payload.Data.ID] = map[string]int{}
		}
		l.happenings[payload.Data.ID][e.Attributes.Name]++
	}
}

// compareEffects demands that what was decided took effect once at the sandbox.
func (l *ledger) compareEffects() {
	for _, a := range all(l.world, l.rows.Actions) {
		l.figures.actions++
		if a.State != domain.ActionDone && a.State != domain.ActionAlreadyDone {
			l.t.Errorf("action %s, %s of %s, is %s: %s", a.ID, a.Spec.Kind, a.Spec.Target, a.State, a.Outcome)
		}
	}
	once := func(object, event string) {
		switch n := l.happenings[object][event]; {
		case n == 0:
			l.lost("%s never happened to %s", event, object)
		case n > 1:
			l.doubled("%s happened to %s %d times", event, object, n)
		}
	}
	for _, a := range l.applicants {
		once(a.kase, "case.status-updated")
		if a.passes {
			once(a.inquiry, "inquiry.approved")
			once(a.kase, "case.resolved")
		} else {
			once(a.inquiry, "inquiry.marked-for-review")
		}
	}
	accepted := map[string]int{} // calls that took effect, by path
	for _, c := range l.sandbox.Calls("sandbox") {
		if c.Operation == "Inquiries.GenerateOneTimeLink" && (c.Status < 300 || c.Fault == sandbox.FaultStatusAfter) && !c.Replayed { // of the others the events tell
			accepted[c.Path]++
		}
	}
	for path, n := range accepted {
		if n > 1 {
			l.doubled("%s took effect %d times:%s", path, n, l.callsOf(path))
		}
	}
}

// callsOf lists the calls of a path: when, with which key, and what became of them.
func (l *ledger) callsOf(path string) string {
	var list strings.Builder
	for _, c := range l.sandbox.Calls("sandbox") {
		if c.Path == path {
			fmt.Fprintf(&list, "\n  %+v", c)
		}
	}
	return list.String()
}

// compareObjects demands that every object is as the sandbox has it.
func (l *ledger) compareObjects() {
	reader := advance.Persona{Client: l.client, Environment: domain.Sandbox}
	for _, ours := range all(l.world, l.rows.Objects) {
		theirs, err := reader.Object(l.t.Context(), ours.Ref)
		if err != nil {
			l.t.Errorf("object %s is kept and cannot be read: %v", ours.Ref, err)
			continue
		}
		if ours.Status != theirs.Status || ours.ReferenceID != theirs.ReferenceID {
			l.t.Errorf("%s is %q of %q at the service and %q of %q at the sandbox", ours.Ref, ours.Status, ours.ReferenceID, theirs.Status, theirs.ReferenceID)
		}
		if different := differ(ours.Attributes, theirs.Attributes); len(different) > 0 {
			l.t.Errorf("%s has other %s at the service than at the sandbox", ours.Ref, strings.Join(different, ", "))
		}
	}
}

// fileAddress is where a file of the sandbox is: at the host that was asked, with
// another token in every answer.
var fileAddress = regexp.MustCompile(`"http://[^/"]+(/[^"?]+)\?access_token=[^"&]*`)

// differ returns the attributes that are not the same in both.
func differ(a, b map[string]json.RawMessage) []string {
	var names []string
	for name := range b {
		if !bytes.Equal(plain(a[name]), plain(b[name])) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// plain is a value without blanks, and without what differs in the address of a file.
func plain(value json.RawMessage) []byte {
	var compact bytes.Buffer
	if json.Compact(&compact, value) != nil {
		return nil
	}
	return fileAddress.ReplaceAll(compact.Bytes(), []byte("$1"))
}

// compareVerdicts demands that the host was told each verdict once, and the last one
// is the one that stands.
func (l *ledger) compareVerdicts() {
	told := map[string][]domain.Verdict{} // newest first
	for _, n := range all(l.world, l.rows.Notifications) {
		if n.Verdict != "" {
			told[n.Subject] = append(told[n.Subject], n.Verdict)
		}
	}
	for _, a := range l.applicants {
		want := map[bool]domain.Verdict{true: domain.VerdictApproved, false: domain.VerdictReview}[a.passes]
		verdicts := told[a.reference]
		if len(verdicts) == 0 || verdicts[0] != want {
			l.lost("%s was told to be %v, and is %s", a.reference, verdicts, want)
		}
		for i := range verdicts[1:] {
			if verdicts[i] == verdicts[i+1] {
				l.doubled("%s was told to be %v", a.reference, verdicts)
			}
		}
	}
}

// followTheTrail demands that the audit trail is whole.
func (l *ledger) followTheTrail() {
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

// all reads a whole list.
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
