package reconcile_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/reconcile"
)

func TestAPageThatIsTooLargeIsReadInSmallerPages(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 40)
	w.heavy = map[string]bool{"evt_030": true}
	if run := w.reconcile(t, reconcile.Options{}); run.Seen != 40 || run.FinishedAt.IsZero() {
		t.Errorf("it found %+v", run)
	}
	if got := len(w.stored(t)); got != 40 {
		t.Errorf("%d events are stored", got)
	}
	at := slices.Index(w.asked, 1)
	if at < 0 {
		t.Fatalf("no page of one event was requested: %v", w.asked)
	}
	if last := w.asked[len(w.asked)-1]; last <= 2 {
		t.Errorf("pages do not grow again: %v", w.asked)
	}
	if !slices.Contains(w.asked, 50) {
		t.Errorf("the size is not halved: %v", w.asked)
	}
}

// future adds an event at the top of the list that is dated a year ahead.
func (l *list) future() {
	l.events = append(l.events, domain.Event{
		ID: "evt_future", Name: "inquiry.started", CreatedAt: noon.AddDate(1, 0, 0), Object: domain.Ref{Type: "inquiry", ID: "inq_future"}, Body: []byte(`{}`),
	})
}

func TestAnEventFromTheFutureIsStoredAndReported(t *testing.T) {
	w := newWorld(t)
	w.reconcile(t, reconcile.Options{})
	w.now = noon.Add(time.Hour)
	w.future()
	w.reconcile(t, reconcile.Options{})
	if via := w.stored(t)["evt_future"]; via != domain.ViaReconcile {
		t.Errorf("it was received by %q", via)
	}
	if log := w.log.String(); !strings.Contains(log, "dated in the future") || !strings.Contains(log, "evt_future") {
		t.Errorf("the log does not mention it: %s", log)
	}
}

func TestAnEventFromTheFutureDoesNotEndAReconciliationEarly(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 5)
	w.future()
	w.reconcile(t, reconcile.Options{})
	if mark, _, err := w.db.Watermark(t.Context(), domain.Sandbox); err != nil || mark.At.After(noon) || mark.EventID != "evt_future" {
		t.Errorf("the watermark is %+v, error %v", mark, err)
	}
	w.now = noon.Add(2 * time.Hour)
	w.events = w.events[:5]
	w.happen(noon.Add(90*time.Minute), 9)
	w.future() // it stays at the top
	w.reconcile(t, reconcile.Options{})
	if got := len(w.stored(t)); got != 15 {
		t.Errorf("%d of 15 events are stored", got)
	}
}

// An event from the future counts from its receipt. The list begins with the newest event, so
// on a machine whose clock is behind, each event would count as older than the one before it:
// a case that was approved and then declined would end as approved.
func TestAClockThatIsBehindDoesNotReverseTheOrderOfEvents(t *testing.T) {
	w := newWorld(t)
	w.reconcile(t, reconcile.Options{})
	w.clock = noon.Add(time.Hour)
	w.happen(w.clock, 7) // on three pages
	w.reconcile(t, reconcile.Options{})
	for _, e := range w.events {
		stored, err := w.db.Event(t.Context(), domain.Sandbox, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if stored.CreatedAt.After(stored.ReceivedAt.Add(time.Minute)) {
			t.Errorf("%s was created at %s and received at %s", e.ID, stored.CreatedAt, stored.ReceivedAt)
		}
	}
	if log := w.log.String(); !strings.Contains(log, "clock is behind Persona's") {
		t.Errorf("the log does not mention it: %s", log)
	}
}

func TestAWatermarkInTheFutureIsIgnored(t *testing.T) {
	w := newWorld(t)
	old := domain.Reconciliation{ID: "rec_old", Environment: domain.Sandbox, StartedAt: noon}
	old, ok, err := w.db.BeginReconciliation(t.Context(), old, "node_old", noon, noon.Add(time.Minute))
	if err != nil || !ok {
		t.Fatalf("begun: %v, error %v", ok, err)
	}
	old.From, old.FinishedAt = domain.Mark{EventID: "evt_future", At: noon.AddDate(1, 0, 0)}, noon
	if err := w.db.SaveReconciliation(t.Context(), old, "node_old", noon); err != nil {
		t.Fatal(err)
	}
	w.now = noon.Add(time.Hour)
	w.happen(w.now.Add(-30*time.Minute), 7)
	if run := w.reconcile(t, reconcile.Options{}); run.Missed != 7 {
		t.Errorf("it found %+v", run)
	}
}

func TestAnEventWithAnOldDateDoesNotEndAReconciliationEarly(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 5)
	w.reconcile(t, reconcile.Options{})
	w.now = noon.Add(2 * time.Hour)
	w.happen(noon.Add(time.Hour), 9)
	w.events[12].CreatedAt = noon.AddDate(-30, 0, 0) // of the first page
	w.reconcile(t, reconcile.Options{})
	if got := len(w.stored(t)); got != 14 {
		t.Errorf("%d of 14 events are stored", got)
	}
}

func TestAnEventWithoutATimeDoesNotMoveTheWatermark(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 5)
	w.events[4].CreatedAt = time.Time{}
	w.reconcile(t, reconcile.Options{})
	mark, _, err := w.db.Watermark(t.Context(), domain.Sandbox)
	if err != nil || !mark.At.Equal(w.events[3].CreatedAt) {
		t.Errorf("the watermark is %+v, error %v", mark, err)
	}
}

// A process whose clock is ahead assumes that a running reconciliation was abandoned. The
// startTime process stops, and nothing is lost.
func TestAStolenReconciliationLosesNothing(t *testing.T) {
	w := newWorld(t)
	w.happen(noon, 5)
	w.reconcile(t, reconcile.Options{})
	w.now = noon.Add(time.Hour)
	w.happen(noon.Add(time.Hour), 20)
	maxAhead := w.another(io.Discard)
	w.slow = func() {
		if w.read < 5 { // two pages of the first reconciliation and two of this one
			return
		}
		w.slow = nil
		w.now = w.now.Add(5 * time.Minute)
		if run, err := maxAhead.Reconcile(t.Context(), domain.Sandbox, reconcile.Options{}); err != nil || run.FinishedAt.IsZero() {
			t.Errorf("the node whose clock is ahead found %+v, error %v", run, err)
		}
		w.now = w.now.Add(-5 * time.Minute)
	}
	if _, err := w.reconciler.Reconcile(t.Context(), domain.Sandbox, reconcile.Options{}); !errors.Is(err, reconcile.ErrHeld) {
		t.Errorf("the other ended with %v", err)
	}
	if got := len(w.stored(t)); got != 25 {
		t.Errorf("%d of 25 events are stored", got)
	}
	if mark, _, err := w.db.Watermark(t.Context(), domain.Sandbox); err != nil || mark.EventID != "evt_025" {
		t.Errorf("the watermark is %+v, error %v", mark, err)
	}
	if log := w.log.String(); !strings.Contains(log, "took over the reconciliation") {
		t.Errorf("the log does not say so: %s", log)
	}
}

func TestPersonasClockDecidesWhatIsHistory(t *testing.T) {
	for name, skew := range map[string]time.Duration{"the same clock": time.Second, "five minutes ahead": 5 * time.Minute, "five minutes behind": -5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.now, w.clock = noon.Add(skew), noon
			w.reconciler = w.another(w.log)
			w.happen(noon.Add(-2*time.Minute), 1)
			w.happen(noon.Add(2*time.Minute), 1)
			w.reconcile(t, reconcile.Options{})
			stored := w.stored(t)
			if stored["evt_001"] != domain.ViaHistory || stored["evt_002"] != domain.ViaReconcile {
				t.Errorf("before the start %s, after it %s", stored["evt_001"], stored["evt_002"])
			}
			if said := strings.Contains(w.log.String(), "clock differs"); said != (skew.Abs() > time.Minute) {
				t.Errorf("the log says that the clock differs: %v", said)
			}
		})
	}
}
