package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/reconcile"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/persona"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// list is Persona's list of events, with at most three per page.
type list struct {
	events []domain.Event // oldest first
	fail   int            // number of pages that can be read before one fails; negative means never
	forget bool           // rejects every cursor
	read   int
	slow   func() // called while a page is read; may be nil
	clock  time.Time
	heavy  map[string]bool // events that fit into an answer only on their own
	asked  []int           // the requested page sizes
}

var errAway = errors.New("persona is away")

func (l *list) Clock(context.Context) (time.Time, error) { return l.clock, nil }

func (l *list) Page(_ context.Context, cursor string, size int) ([]domain.Event, string, error) {
	l.asked = append(l.asked, size)
	if l.fail == 0 {
		return nil, "", errAway
	}
	l.fail--
	l.read++
	if l.slow != nil {
		l.slow()
	}
	newest := slices.Clone(l.events)
	slices.Reverse(newest)
	if cursor != "" {
		at := slices.IndexFunc(newest, func(e domain.Event) bool { return e.ID == cursor })
		if at < 0 || l.forget {
			return nil, "", reconcile.ErrCursor
		}
		newest = newest[at+1:]
	}
	size = min(size, 3)
	next := ""
	if len(newest) > size {
		newest, next = newest[:size], newest[size-1].ID
	}
	if size > 1 && slices.ContainsFunc(newest, func(e domain.Event) bool { return l.heavy[e.ID] }) {
		return nil, "", persona.ErrTooLarge
	}
	return newest, next, nil
}

// happen adds n events, one minute apart, the last at a given time.
func (l *list) happen(upTo time.Time, n int) {
	for i := range n {
		id := fmt.Sprintf("evt_%03d", len(l.events)+1)
		l.events = append(l.events, domain.Event{
			ID: id, Name: "inquiry.started", CreatedAt: upTo.Add(-time.Duration(n-1-i) * time.Minute),
			Object: domain.Ref{Type: "inquiry", ID: "inq_" + id}, Body: []byte(`{}`),
		})
	}
}

// world is a reconciler with a list and a real database.
type world struct {
	*list
	db         *sqlite.DB
	now        time.Time
	reconciler *reconcile.Reconciler
	log        *strings.Builder
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlitetest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{list: &list{fail: -1}, db: db, now: noon, log: &strings.Builder{}}
	w.reconciler = w.another(w.log)
	return w
}

// another returns the reconciler of another process.
func (w *world) another(log io.Writer) *reconcile.Reconciler {
	return reconcile.New(w.db, map[domain.Environment]reconcile.Deps{domain.Sandbox: {Lister: w.list}},
		telemetry.New(), slog.New(slog.NewTextHandler(log, nil)), func() time.Time { return w.now })
}

func (w *world) reconcile(t *testing.T, o reconcile.Options) domain.Reconciliation {
	t.Helper()
	run, err := w.reconciler.Reconcile(t.Context(), domain.Sandbox, o)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// arrive stores events as if their webhooks had arrived.
func (w *world) arrive(t *testing.T, ids ...string) {
	t.Helper()
	for _, e := range w.events {
		if slices.Contains(ids, e.ID) {
			e.Environment, e.Via, e.State = domain.Sandbox, domain.ViaWebhook, domain.EventWaiting
			if _, err := w.db.AppendEvents(t.Context(), []domain.Event{e}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// stored returns the ids of the stored events and how each was received.
func (w *world) stored(t *testing.T) map[string]domain.Via {
	t.Helper()
	page, err := w.db.Events(t.Context(), domain.Sandbox, store.Filter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	via := map[string]domain.Via{}
	for _, e := range page.Rows {
		via[e.ID] = e.Via
	}
	return via
}

func TestTheFirstReconciliationStoresHistory(t *testing.T) {
	w := newWorld(t)
	w.happen(noon.Add(-time.Hour), 10)
	run := w.reconcile(t, reconcile.Options{})
	if run.Seen != 10 || run.History != 10 || run.Missed != 0 || run.From.EventID != "evt_010" || run.Lost {
		t.Errorf("it found %+v", run)
	}
	for id, via := range w.stored(t) {
		if via != domain.ViaHistory {
			t.Errorf("%s was received by %s", id, via)
		}
	}
	if mark, since, err := w.db.Watermark(t.Context(), domain.Sandbox); err != nil || mark.EventID != "evt_010" || !since.Equal(noon) {
		t.Errorf("the watermark is %+v since %s, error %v", mark, since, err)
	}
}

func TestALongReconciliationLogsItsProgress(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 13) // five pages in twelve minutes
	w.slow = func() { w.now = w.now.Add(3 * time.Second) }
	w.reconcile(t, reconcile.Options{Since: noon.Add(-12 * time.Minute)})
	loggedAt := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	if len(loggedAt) != 3 || !strings.Contains(loggedAt[0], "percent=41 seen=6") || !strings.Contains(loggedAt[1], "percent=91 seen=12") || !strings.Contains(loggedAt[2], "msg=reconciled") {
		t.Errorf("the log says %q", loggedAt)
	}
}

func TestHistoryIsStoredOnlyAsFarBackAsRequested(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 30)
	w.reconcile(t, reconcile.Options{Since: noon.Add(-5*time.Minute - time.Second)})
	if got := len(w.stored(t)); got < 6 || got > 9 { // up to the end of the page
		t.Errorf("%d events are stored", got)
	}
}

func TestEventsWhoseWebhookNeverArrivedAreFound(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 5)
	w.reconcile(t, reconcile.Options{})
	w.now = noon.Add(time.Hour)
	w.happen(w.now.Add(-10*time.Minute), 6)
	w.happen(w.now.Add(-time.Second), 1) // its webhook may still arrive
	w.arrive(t, "evt_006", "evt_007", "evt_009", "evt_011")
	run := w.reconcile(t, reconcile.Options{})
	if run.Missed != 2 || !run.OldestMissed.Equal(w.events[7].CreatedAt) {
		t.Errorf("it found %+v", run)
	}
	stored := w.stored(t)
	if len(stored) != 12 || stored["evt_008"] != domain.ViaReconcile || stored["evt_010"] != domain.ViaReconcile || stored["evt_009"] != domain.ViaWebhook {
		t.Errorf("stored: %v", stored)
	}
	if !strings.Contains(w.log.String(), "missed=2") {
		t.Errorf("the log does not mention it: %s", w.log)
	}
	again := w.reconcile(t, reconcile.Options{})
	if again.Missed != 0 {
		t.Errorf("a recovered event was counted again: %+v", again)
	}
}

func TestAnEventThatAppearsLateInTheListIsFound(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 5)
	w.reconcile(t, reconcile.Options{})
	late := domain.Event{ID: "evt_late", Name: "inquiry.started", CreatedAt: noon.Add(-90 * time.Second), Object: domain.Ref{Type: "inquiry", ID: "inq_late"}, Body: []byte(`{}`)}
	w.events = slices.Insert(w.events, 3, late)
	w.now = noon.Add(10 * time.Minute)
	w.reconcile(t, reconcile.Options{})
	if _, ok := w.stored(t)["evt_late"]; !ok {
		t.Error("an event behind the watermark, seen late, is lost")
	}
}

func TestAReconciliationResumesWhereItStopped(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 20)
	w.fail = 3
	if _, err := w.reconciler.Reconcile(t.Context(), domain.Sandbox, reconcile.Options{}); !errors.Is(err, errAway) {
		t.Fatalf("it ended with %v", err)
	}
	if mark, _, err := w.db.Watermark(t.Context(), domain.Sandbox); err != nil || mark.EventID != "" {
		t.Fatalf("the watermark %+v has a gap behind it, error %v", mark, err)
	}
	w.happen(noon.Add(time.Minute), 1) // newer than where the reconciliation resumed
	w.fail, w.read = -1, 0
	w.now = noon.Add(3 * time.Minute)
	w.reconciler = w.another(w.log) // a new process
	run := w.reconcile(t, reconcile.Options{})
	if run.Seen != 20 || w.read != 4 || run.From.EventID != "evt_020" {
		t.Errorf("it read %d pages and found %+v", w.read, run)
	}
	if got := len(w.stored(t)); got != 20 {
		t.Errorf("%d events are stored", got)
	}
	w.reconcile(t, reconcile.Options{})
	if got := len(w.stored(t)); got != 21 {
		t.Errorf("%d events are stored in the end", got)
	}
}

func TestARejectedCursorRestartsTheReconciliation(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 10)
	w.fail = 2
	if _, err := w.reconciler.Reconcile(t.Context(), domain.Sandbox, reconcile.Options{}); !errors.Is(err, errAway) {
		t.Fatalf("it ended with %v", err)
	}
	w.fail = -1
	w.happen(noon.Add(time.Minute), 2)
	w.events = slices.DeleteFunc(w.events, func(e domain.Event) bool { return e.ID == "evt_005" }) // the cursor
	run := w.reconcile(t, reconcile.Options{})
	if run.From.EventID != w.events[len(w.events)-1].ID {
		t.Errorf("the watermark would be %s, with events behind it that were not looked at", run.From.EventID)
	}
	if got := len(w.stored(t)); got != 12 {
		t.Errorf("%d events are stored", got)
	}
}

func TestCursorsThatAreAlwaysRejectedEndTheReconciliation(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 20)
	w.forget = true
	if _, err := w.reconciler.Reconcile(t.Context(), domain.Sandbox, reconcile.Options{}); !errors.Is(err, reconcile.ErrCursor) {
		t.Errorf("it ended with %v", err)
	}
	w.forget = false
	if run := w.reconcile(t, reconcile.Options{}); run.FinishedAt.IsZero() || len(w.stored(t)) != 20 {
		t.Errorf("%d events are stored by %+v", len(w.stored(t)), run)
	}
}

func TestAResumedReconciliationGoesAsFarBackAsRequested(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 60)
	w.reconcile(t, reconcile.Options{Since: noon}) // sets the watermark
	w.fail = 1
	if _, err := w.reconciler.Reconcile(t.Context(), domain.Sandbox, reconcile.Options{}); !errors.Is(err, errAway) {
		t.Fatalf("it ended with %v", err)
	}
	w.fail = -1
	since := noon.Add(-50 * time.Minute)
	if run := w.reconcile(t, reconcile.Options{Since: since}); run.Until.After(since) || run.OldestSeen.After(since) {
		t.Errorf("it went back to %v, want %v: %+v", run.OldestSeen, since, run)
	}
}

func TestOnlyOneProcessReconcilesAtATime(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 10)
	w.fail = 1
	if _, err := w.reconciler.Reconcile(t.Context(), domain.Sandbox, reconcile.Options{}); !errors.Is(err, errAway) {
		t.Fatalf("it ended with %v", err)
	}
	w.fail = -1
	other := w.another(io.Discard)
	if _, err := other.Reconcile(t.Context(), domain.Sandbox, reconcile.Options{}); !errors.Is(err, reconcile.ErrHeld) {
		t.Errorf("the other process got %v", err)
	}
	w.now = w.now.Add(5 * time.Minute) // the first process does not renew its lease
	run, err := other.Reconcile(t.Context(), domain.Sandbox, reconcile.Options{})
	if err != nil || run.Seen != 10 {
		t.Errorf("the other process found %+v, error %v", run, err)
	}
}

func TestALossThatCannotBeRecoveredIsReported(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 5)
	w.reconcile(t, reconcile.Options{})
	w.now = noon.Add(120 * 24 * time.Hour)
	w.events = nil // three months have passed
	w.happen(w.now.Add(-time.Hour), 2)
	run := w.reconcile(t, reconcile.Options{})
	if !run.Lost || !strings.Contains(w.log.String(), "events may be lost") {
		t.Errorf("it found %+v, and says\n%s", run, w.log)
	}
}

func TestAnEmptyListDoesNotMoveTheWatermark(t *testing.T) {
	w := newWorld(t)
	run := w.reconcile(t, reconcile.Options{})
	if run.Seen != 0 || run.FinishedAt.IsZero() || run.Lost {
		t.Errorf("it found %+v", run)
	}
	w.now = noon.Add(time.Hour)
	w.happen(noon.Add(30*time.Minute), 1)
	if run := w.reconcile(t, reconcile.Options{}); run.Missed != 1 {
		t.Errorf("it found %+v", run)
	}
}

func TestRunPeriodicallyEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 2)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		w.reconciler.RunPeriodically(ctx, time.Hour)
		close(ended)
	}()
	deadline := time.Now().Add(10 * time.Second)
	for len(w.stored(t)) < 2 {
		if time.Now().After(deadline) {
			t.Fatal("it never reconciled")
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-ended
}
