package replay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/replay"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newStore returns a database with an applied event of inq_1, an object case_1 without
// events, and an action that is done.
func newStore(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlitetest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	inquiry := domain.Ref{Type: "inquiry", ID: "inq_1"}
	_, err = db.AppendEvents(t.Context(), []domain.Event{{
		Environment: domain.Sandbox, ID: "evt_1", Name: "inquiry.started", CreatedAt: noon, Object: inquiry, Body: []byte("{}"),
		Via: domain.ViaWebhook, ReceivedAt: noon, State: domain.EventWaiting,
	}})
	if err == nil {
		_, err = db.Save(t.Context(), domain.Sandbox, []store.Advance{{
			Events:  []store.EventMark{{ID: "evt_1", ReceivedAt: noon, State: domain.EventApplied}},
			Objects: []domain.Object{{Environment: domain.Sandbox, Ref: domain.Ref{Type: "case", ID: "case_1"}, Status: "Open", AsOf: noon}},
			Actions: []domain.Action{{ID: "axn_done", Environment: domain.Sandbox, DecisionID: "dec_1", DerivedKey: "key", State: domain.ActionDone, CreatedAt: noon}},
		}}, store.Verdicts{Now: noon})
	}
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestEvents(t *testing.T) {
	for name, test := range map[string]struct {
		what replay.Selection
		want int
		err  string // part of the error; empty if none
	}{
		"an event":                          {what: replay.Selection{Event: "evt_1"}, want: 1},
		"an object":                         {what: replay.Selection{Object: "inq_1"}, want: 1},
		"an object without events":          {what: replay.Selection{Object: "case_1"}},
		"a known object in no such state":   {what: replay.Selection{Object: "inq_1", State: domain.EventPoison}},
		"a state that no event is in":       {what: replay.Selection{State: domain.EventPoison}},
		"an unknown event":                  {what: replay.Selection{Event: "evt_no"}, err: `there is no event "evt_no" in the sandbox environment`},
		"an invalid event id":               {what: replay.Selection{Event: "evt_\xff"}, err: "there is no event"},
		"an unknown object":                 {what: replay.Selection{Object: "inq_no"}, err: `there is no object "inq_no" in the sandbox environment`},
		"an invalid object id":              {what: replay.Selection{Object: "inq_\x00"}, err: "there is no object"},
		"nothing":                           {err: "say what to replay"},
		"a time that ends before it begins": {what: replay.Selection{From: noon, To: noon}, err: "must be before"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := replay.Events(t.Context(), newStore(t), domain.Sandbox, test.what, "a person", noon)
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%d events wait again, error %v", got, err)
			}
			if unknown := strings.HasPrefix(test.err, "there is no"); errors.Is(err, store.ErrNotFound) != unknown {
				t.Errorf("the error %v is not found: %v", err, !unknown)
			}
		})
	}
}

// For a moment a clock was an hour behind.
func TestAnEventThatIsDatedTooEarlyDoesNotEndAReplay(t *testing.T) {
	db := newStore(t)
	const events = 150 // on two pages
	var batch []domain.Event
	for i := range events {
		e := domain.Event{
			Environment: domain.Sandbox, ID: fmt.Sprintf("evt_more_%d", i), Name: "inquiry.started", CreatedAt: noon, Object: domain.Ref{Type: "inquiry", ID: "inq_2"}, Body: []byte("{}"),
			Via: domain.ViaWebhook, ReceivedAt: noon.Add(time.Minute), State: domain.EventPoison,
		}
		if i == events-100 { // the last one of the first page
			e.ReceivedAt = noon.Add(-time.Hour)
		}
		batch = append(batch, e)
	}
	if _, err := db.AppendEvents(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if n, err := replay.Events(t.Context(), db, domain.Sandbox, replay.Selection{From: noon.Add(time.Second)}, "a person", noon); err != nil || n != events-1 {
		t.Errorf("%d of %d events wait again, error %v", n, events-1, err)
	}
}

func TestAnObjectOfTheOtherEnvironmentIsUnknown(t *testing.T) {
	if _, err := replay.Events(t.Context(), newStore(t), domain.Production, replay.Selection{Object: "inq_1"}, "a person", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the error is %v", err)
	}
}

func TestErrorsSayWhyAnActionCannotBeReplayed(t *testing.T) {
	for id, want := range map[string]string{
		"axn_no":       `there is no action "axn_no" in the sandbox environment`,
		"axn_\xff":     "there is no action",
		"axn_done":     "the action axn_done is done: only dead actions are replayed",
		"axn_\x00done": "there is no action",
	} {
		err := replay.Action(t.Context(), newStore(t), domain.Sandbox, id, "a person", noon)
		if !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", id, err)
		}
	}
}
