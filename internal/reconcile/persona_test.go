package reconcile_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/pgtest"
	"github.com/idemhq/idem/internal/reconcile"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/persona"
)

var server *pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m, &server)) }

// entry returns an event of the list as JSON.
func entry(id, name, object string) string {
	return fmt.Sprintf(`{"type":"event","id":"%s","attributes":{"name":"%s","created-at":"2026-03-01T11:00:00.000Z","payload":{"data":{"type":"inquiry","id":"%s","attributes":{"status":"created"}}}}}`, id, name, object)
}

// personaWith returns a client of a server with a list of events, newest first. Like
// Persona it omits attributes that fields[event] does not name.
func personaWith(t *testing.T, entries []string) *persona.Client {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		from, _ := strconv.Atoi(query.Get("page[after]"))
		size, err := strconv.Atoi(query.Get("page[size]"))
		if err != nil {
			t.Errorf("the page's size is %q", query.Get("page[size]"))
		}
		to := min(from+size, len(entries))
		page := slices.Clone(entries[from:to])
		if query.Has("fields[event]") {
			for i, e := range page {
				head, _, _ := strings.Cut(e, `,"payload"`)
				page[i] = head + "}}"
			}
		}
		next := "null"
		if to < len(entries) {
			next = fmt.Sprintf(`"/api/v1/events?page%%5Bafter%%5D=%d"`, to)
		}
		fmt.Fprintf(w, `{"data":[%s],"links":{"prev":null,"next":%s}}`, strings.Join(page, ","), next)
	}))
	t.Cleanup(api.Close)
	client, err := persona.NewClient(persona.WithAPIKey("persona_sandbox_made_up"), persona.WithBaseURL(api.URL), persona.WithMaxResponse(2000), persona.WithMaxRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

type noLimiter struct{}

func (noLimiter) Remaining() (int, int) { return 0, 0 }

// reconcileWith reconciles a database with a list, as if the service had run before.
func reconcileWith(t *testing.T, db store.Store, entries []string, log io.Writer) domain.Reconciliation {
	t.Helper()
	lister := reconcile.Persona{Client: personaWith(t, entries), RateLimiter: noLimiter{}}
	r := reconcile.New(db, map[domain.Environment]reconcile.Deps{domain.Sandbox: {Lister: lister, Since: noon.Add(-24 * time.Hour)}},
		telemetry.New(), slog.New(slog.NewTextHandler(log, nil)), func() time.Time { return noon })
	run, err := r.Reconcile(t.Context(), domain.Sandbox, reconcile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func onBothDatabases(t *testing.T, test func(*testing.T, store.Store)) {
	t.Run("on SQLite", func(t *testing.T) { test(t, newWorld(t).db) })
	t.Run("on PostgreSQL", func(t *testing.T) {
		db, err := postgres.Open(t.Context(), server.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		test(t, db)
	})
}

func TestEventsThatCannotBeProcessedBecomePoisonAndBlockNoOther(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, db store.Store) {
		odd := map[string]string{
			"a NUL byte in the id":        entry(`evt_\u0000`, "inquiry.started", "inq_1"),
			"invalid UTF-8 in the id":     entry("evt_\xff", "inquiry.started", "inq_1"),
			"an empty id":                 entry("", "inquiry.started", "inq_1"),
			"an id of 900 bytes":          entry(strings.Repeat("x", 900), "inquiry.started", "inq_1"),
			"a NUL byte in the name":      entry("evt_name", `inquiry\u0000`, "inq_1"),
			"invalid UTF-8 in the name":   entry("evt_bytes", "inquiry\xff", "inq_1"),
			"a NUL byte in the object":    entry("evt_object", "inquiry.started", `inq_\u0000`),
			"invalid UTF-8 in the object": entry("evt_object_bytes", "inquiry.started", "inq_\xff"),
			"an object id that is a list": `{"type":"event","id":"evt_list","attributes":{"name":"inquiry.started","created-at":"2026-03-01T11:00:00.000Z","payload":{"data":{"type":"inquiry","id":[1]}}}}`,
			"two ids":                     `{"type":"event","id":"evt_a","id":"evt_b","attributes":{"name":"inquiry.started"}}`,
			"nothing":                     `null`,
			"a number":                    `7`,
		}
		entries := []string{entry("evt_first", "inquiry.started", "inq_1")}
		for _, e := range odd {
			entries = append(entries, e)
		}
		entries = append(entries, entry("evt_last", "inquiry.started", "inq_2"))

		var log strings.Builder
		reconcileWith(t, db, entries, &log)
		var poison, waiting []string
		for e, err := range store.All(t.Context(), db.Events, domain.Sandbox, store.Filter{}) {
			switch {
			case err != nil:
				t.Fatal(err)
			case e.State == domain.EventPoison:
				poison = append(poison, e.ID)
				if !strings.HasPrefix(e.Reason, "unreadable: ") {
					t.Errorf("%s gives the reason %q", e.ID, e.Reason)
				}
			default:
				waiting = append(waiting, e.ID+" "+string(e.State))
			}
		}
		slices.Sort(waiting)
		if len(poison) != len(odd) || !slices.Contains(poison, "evt_object") {
			t.Errorf("%d of %d are poison: %v", len(poison), len(odd), poison)
		}
		if !slices.Equal(waiting, []string{"evt_first waiting", "evt_last waiting"}) {
			t.Errorf("the others are %v", waiting)
		}
		if got := strings.Count(log.String(), "marked as poison"); got != len(odd) {
			t.Errorf("the log mentions %d of %d: %s", got, len(odd), log.String())
		}
		log.Reset()
		if again := reconcileWith(t, db, entries, &log); again.Missed != 0 || strings.Contains(log.String(), "marked as poison") {
			t.Errorf("a poison event was counted again: %+v %s", again, log.String())
		}
	})
}

func TestTheEventsIDIsThatOfItsEnvelope(t *testing.T) {
	db := newWorld(t).db
	reconcileWith(t, db, []string{`{"type":"event","id":"evt_right","ID":"evt_wrong","attributes":{"name":"inquiry.started","created-at":"2026-03-01T11:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_1"}}}}`}, io.Discard)
	if _, err := db.Event(t.Context(), domain.Sandbox, "evt_right"); err != nil {
		t.Error(err)
	}
}

func TestAnEventThatIsTooLargeBecomesPoison(t *testing.T) {
	db := newWorld(t).db
	entries := []string{entry("evt_3", "inquiry.started", "inq_3"), entry("evt_2", "inquiry.started", "inq_2"), entry("evt_1", "inquiry.started", "inq_1")}
	entries[1] = strings.Replace(entries[1], `"status"`, `"note":"`+strings.Repeat("x", 3000)+`","status"`, 1)
	var log strings.Builder
	run := reconcileWith(t, db, entries, &log)
	if run.Seen != 3 || run.FinishedAt.IsZero() {
		t.Errorf("it found %+v", run)
	}
	states := map[string]domain.EventState{}
	for e, err := range store.All(t.Context(), db.Events, domain.Sandbox, store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		states[e.ID] = e.State
	}
	if len(states) != 3 || states["evt_1"] != domain.EventWaiting || states["evt_2"] != domain.EventPoison || states["evt_3"] != domain.EventWaiting {
		t.Errorf("the events are %v", states)
	}
	if !strings.Contains(log.String(), `event=evt_2`) || !strings.Contains(log.String(), "too large") {
		t.Errorf("the log does not mention it: %s", log.String())
	}
}

func TestTheClockIsPersonas(t *testing.T) {
	lister := reconcile.Persona{Client: personaWith(t, nil), RateLimiter: noLimiter{}}
	at, err := lister.Clock(t.Context())
	if err != nil || at.IsZero() || time.Since(at).Abs() > time.Hour {
		t.Errorf("it says %s, error %v", at, err)
	}
}
