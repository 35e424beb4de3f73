package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
	"github.com/idemhq/idem/internal/store/sqlstore"
)

// start is when everything in these tests begins.
func start() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func newDatabase(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlitetest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// appendEvents stores waiting events, a second apart.
func appendEvents(t *testing.T, db *sqlite.DB, n int) {
	t.Helper()
	events := make([]domain.Event, n)
	for i := range events {
		at := start().Add(time.Duration(i) * time.Second)
		events[i] = domain.Event{
			Environment: domain.Sandbox, ID: fmt.Sprintf("evt_%03d", i), Name: "inquiry.created", CreatedAt: at, Object: domain.Ref{Type: "inquiry", ID: fmt.Sprint("inq_", i)},
			Body: []byte("{}"), Via: domain.ViaWebhook, ReceivedAt: at, State: domain.EventWaiting,
		}
	}
	if _, err := db.AppendEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// getBacklog requests a backlog, with the token, from the API of a database.
func getBacklog(t *testing.T, db *sqlite.DB, environment string) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	api.Register(mux, api.Deps{Store: db, Environments: []domain.Environment{domain.Sandbox}, Token: "token", Logger: slog.New(slog.DiscardHandler), Now: start})
	r := httptest.NewRequest(http.MethodGet, "/v1/"+environment+"/backlog", nil)
	r.Header.Set("Authorization", "Bearer token")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

func TestTheBacklogCountsUnfinishedWorkAndListsTheOldestEvents(t *testing.T) {
	db := newDatabase(t)
	appendEvents(t, db, 30)
	err := db.Tx(t.Context(), func(tx sqlstore.Tx) error {
		for _, change := range []string{
			"state = 'applied' WHERE id = 'evt_000'",
			"state = 'poison' WHERE id = 'evt_001'",
			"tries = 3, reason = 'not allowed: the key lacks inquiry.read' WHERE id IN ('evt_002', 'evt_029')",
		} {
			if _, err := tx.Exec(t.Context(), "UPDATE events SET "+change); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w := getBacklog(t, db, "sandbox")
	var b api.Backlog
	if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s, error %v", w.Code, w.Body, err)
	}
	if b.EventsWaiting != 28 || b.EventsRetried != 2 || b.EventsPoison != 1 || b.ActionsWaiting != 0 || b.ActionsDead != 0 {
		t.Errorf("the counts are %+v", b)
	}
	if b.Reasons["not allowed"] != 2 || len(b.Reasons) != 1 {
		t.Errorf("the reasons are %v", b.Reasons)
	}
	if want := start().Add(2 * time.Second); b.OldestWaiting == nil || !b.OldestWaiting.Equal(want) {
		t.Errorf("the oldest is from %v, want %v", b.OldestWaiting, want)
	}
	if n := len(b.Oldest); n != 25 || b.Oldest[0].ID != "evt_002" || b.Oldest[0].Tries != 3 || b.Oldest[n-1].ID != "evt_026" {
		t.Errorf("the %d oldest events are %+v", n, b.Oldest)
	}
}

func TestABacklogOfNothingHasNoNullLists(t *testing.T) {
	w := getBacklog(t, newDatabase(t), "sandbox")
	for _, want := range []string{`"events_waiting":0`, `"oldest_waiting":null`, `"oldest":[]`, `"reasons":{}`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s lacks %s", w.Body, want)
		}
	}
}

func TestTheBacklogOfAnUnknownEnvironmentIsNotFound(t *testing.T) {
	if w := getBacklog(t, newDatabase(t), "production"); w.Code != http.StatusNotFound {
		t.Errorf("answered %d", w.Code)
	}
}

func TestABacklogThatCannotBeReadSaysSo(t *testing.T) {
	db := newDatabase(t)
	db.Close()
	if w := getBacklog(t, db, "sandbox"); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "sql") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}
