package service

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

func TestStuckListsWorkThatNeedsAttention(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		backlog store.Backlog
		want    string
	}{
		"nothing":                             {},
		"new events":                          {store.Backlog{Waiting: 5, OldestWaiting: now.Add(-time.Second)}, ""},
		"waiting actions":                     {store.Backlog{ActionsWaiting: 3}, ""},
		"an event that has waited for long":   {store.Backlog{Waiting: 5, OldestWaiting: now.Add(-3 * time.Minute)}, "5 waiting events, the oldest for 3m0s"},
		"an event from a clock that is ahead": {store.Backlog{Waiting: 1, OldestWaiting: now.Add(5 * time.Minute)}, ""},
		"events that failed":                  {store.Backlog{Waiting: 3, Retried: 3, Reasons: map[string]int{"not allowed": 2, "other": 1}, OldestWaiting: now}, "3 events that failed and will be retried (not allowed 2, other 1)"},
		"poison events and dead actions":      {store.Backlog{Poison: 1, ActionsDead: 2}, "1 poison event; 2 dead actions"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := stuck(test.backlog, now); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestEndpointsThatReceiveNothingAreListed(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	got := silent([]domain.Endpoint{
		{Name: "good", Failures: 2},
		{Name: "gone", Disabled: "it answered 410"},
		{Name: "down", Failures: 7, PausedUntil: now.Add(time.Second)},
		{Name: "back", PausedUntil: now.Add(-time.Second)},
	}, now)
	if want := "endpoint gone is disabled; endpoint down is paused after 7 failures"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func testReadyzListsStuckWork(t *testing.T, database Secret) {
	w := newWorld(t, database)
	ready := func() string {
		res, err := http.Get(w.url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("answered %d, error %v", res.StatusCode, err)
		}
		return string(b)
	}
	if got := ready(); got != "ready\n" {
		t.Errorf("got %q", got)
	}
	poison := domain.Event{Environment: domain.Sandbox, ID: "evt_poison", Name: "inquiry.started", Body: []byte("{}"), Via: domain.ViaWebhook, ReceivedAt: time.Now(), State: domain.EventPoison}
	if _, err := w.service.db.AppendEvents(t.Context(), []domain.Event{poison}); err != nil {
		t.Fatal(err)
	}
	if got := ready(); got != "ready\nsandbox: 1 poison event\n" {
		t.Errorf("got %q", got)
	}
	gone := domain.Endpoint{Environment: domain.Sandbox, Name: "crm", URL: "https://host.example", Disabled: "it answered 410"}
	if err := w.service.db.CreateEndpoint(t.Context(), gone, nil); err != nil {
		t.Fatal(err)
	}
	if got := ready(); got != "ready\nsandbox: 1 poison event\nsandbox: endpoint crm is disabled\n" {
		t.Errorf("got %q", got)
	}
	if metrics, want := w.metrics(), `idem_endpoint_enabled{endpoint="crm",environment="sandbox"} 0`; !strings.Contains(metrics, want) {
		t.Errorf("the metrics lack %s", want)
	}
	if metrics, want := w.metrics(), `idem_inbox_events{environment="sandbox",state="poison"} 1`; !strings.Contains(metrics, want) {
		t.Errorf("the metrics lack %s", want)
	}
}

// testTheAPICountsTheBacklog stores a poison event and reads the backlog.
func testTheAPICountsTheBacklog(t *testing.T, database Secret) {
	w := newWorld(t, database)
	poison := domain.Event{Environment: domain.Sandbox, ID: "evt_poison", Name: "inquiry.started", Body: []byte("{}"), Via: domain.ViaWebhook, ReceivedAt: time.Now(), State: domain.EventPoison}
	if _, err := w.service.db.AppendEvents(t.Context(), []domain.Event{poison}); err != nil {
		t.Fatal(err)
	}
	if b := get[api.Backlog](w, "/v1/sandbox/backlog"); b.EventsPoison != 1 || b.EventsWaiting != 0 || len(b.Oldest) != 0 {
		t.Errorf("the backlog is %+v", b)
	}
}

// metrics scrapes the service's metrics.
func (w *world) metrics() string {
	w.t.Helper()
	res, err := http.Get(w.url + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}
