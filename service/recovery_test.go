package service

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
)

func TestTheServiceDoesNotStartWithAnIncompleteConfiguration(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte("version: v1\nrules:\n  - name: broken\n    on: {object: inquiry, to: [completed]}\n    when: nonsense(\n    then: [approve_inquiry]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*EnvironmentConfig)
		want   []string
	}{
		"without a key":               {func(e *EnvironmentConfig) { e.APIKey = "" }, []string{"api_key", "IDEM_SANDBOX_API_KEY"}},
		"with the key of production":  {func(e *EnvironmentConfig) { e.APIKey = sandbox.ProductionKey }, []string{"api_key", "other environment"}},
		"without a secret":            {func(e *EnvironmentConfig) { e.WebhookSecrets = nil }, []string{"webhook_secrets", "IDEM_SANDBOX_WEBHOOK_SECRETS"}},
		"with a policy that is gone":  {func(e *EnvironmentConfig) { e.Policy = rules + ".gone" }, []string{"policy", "rules.yaml.gone"}},
		"with a policy that is wrong": {func(e *EnvironmentConfig) { e.Policy = rules }, []string{"rules.yaml", "5:"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := EnvironmentConfig{APIKey: sandbox.SandboxKey, WebhookSecrets: []Secret{"wbhsec_made_up"}}
			test.change(&e)
			_, err := New(t.Context(), Config{
				Listen: "127.0.0.1:0", DataDir: t.TempDir(), LogLevel: "info", LogFormat: "json", Environments: map[Environment]EnvironmentConfig{Sandbox: e},
			}, slog.New(slog.DiscardHandler))
			if err == nil {
				t.Fatal("New succeeded")
			}
			for _, word := range test.want {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
			if strings.Contains(err.Error(), "wbhsec_made_up") || strings.Contains(err.Error(), sandbox.ProductionKey) {
				t.Error("the error contains a secret")
			}
		})
	}
}

// postInvented sends a signed, invented event with a body of a given size.
func (w *world) postInvented(i int, padding int) int {
	body := fmt.Appendf(nil, `{"data":{"type":"event","id":"evt_made_up_%d","attributes":{"name":"inquiry.created","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_made_up","attributes":{"status":"created","note":"`, i)
	for n := 0; n < padding; n++ { // random text hardly compresses
		body = fmt.Appendf(body, "%08x", uint32(i*padding+n)*2654435761)
	}
	body = append(body, `"},"relationships":{"account":{"data":null},"verifications":{"data":[]}}}}}}}`...)
	return w.post("/webhooks/persona/sandbox", "application/json", webhook.Sign(body, time.Now(), w.secret), body)
}

func TestNoWebhookIsAnswered200WhileTheDatabaseCannotWrite(t *testing.T) {
	ofSQLite := func(pragma string, value int) func(*world) {
		return func(w *world) {
			if _, err := w.service.db.(*sqlite.DB).Writer().Exec(fmt.Sprintf("PRAGMA %s = %d", pragma, value)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	// A pragma belongs to a connection, which the pool replaces after an interrupted query.
	isBelow := func(pragma string, below int) func(*world) bool {
		return func(w *world) bool {
			var got int
			if err := w.service.db.(*sqlite.DB).Writer().QueryRow("PRAGMA " + pragma).Scan(&got); err != nil {
				w.t.Fatal(err)
			}
			return got < below
		}
	}
	ofPostgres := func(readOnly string) func(*world) { // as after a failover to a standby
		return func(w *world) {
			connection, err := pgx.Connect(w.t.Context(), string(w.database))
			if err != nil {
				w.t.Fatal(err)
			}
			defer connection.Close(w.t.Context())
			for _, statement := range []string{
				"SET default_transaction_read_only = off",
				fmt.Sprintf("ALTER DATABASE %s SET default_transaction_read_only = %s", connection.Config().Database, readOnly),
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
			} {
				if _, err := connection.Exec(w.t.Context(), statement); err != nil {
					w.t.Fatal(err)
				}
			}
		}
	}
	for name, test := range map[string]struct {
		database   func(*testing.T) Secret
		stop, mend func(*world)
		persists   func(*world) bool
	}{
		"a full disk under SQLite": {
			database: func(*testing.T) Secret { return "" },
			stop:     ofSQLite("max_page_count", 200), mend: ofSQLite("max_page_count", 1_000_000),
			persists: isBelow("max_page_count", 1_000_000),
		},
		"a read-only SQLite": {
			database: func(*testing.T) Secret { return "" },
			stop:     ofSQLite("query_only", 1), mend: ofSQLite("query_only", 0),
			persists: func(w *world) bool { return !isBelow("query_only", 1)(w) },
		},
		"a read-only PostgreSQL": {
			database: func(t *testing.T) Secret { return Secret(server.Database(t)) },
			stop:     ofPostgres("on"), mend: ofPostgres("off"),
			persists: func(*world) bool { return true },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.database(t))
			w.reconcile()
			acknowledged := map[string]bool{}
			next := 0
			send := func(wanted int) bool { // sends the next event until it is stored
				t.Helper()
				got := w.postInvented(next, 2000)
				if got == http.StatusOK {
					acknowledged[fmt.Sprintf("evt_made_up_%d", next)] = true
					next++
				} else if got != http.StatusServiceUnavailable {
					t.Fatalf("answered %d", got)
				}
				return got == wanted
			}
			for range 10 {
				if !send(http.StatusOK) {
					t.Fatal("an event was rejected before the fault")
				}
			}
			test.stop(w)
			for i := 0; !send(http.StatusServiceUnavailable); i++ {
				if i == 500 {
					t.Fatal("no event was rejected during the fault")
				}
				if !test.persists(w) {
					test.stop(w)
				}
			}
			for send(http.StatusOK) {
				if test.persists(w) {
					t.Fatal("a rejected event was accepted on the next attempt, while the fault persisted")
				}
				test.stop(w)
			}
			test.mend(w)
			w.eventually("webhooks are taken again", func() bool { return send(http.StatusOK) })
			w.eventually("every event is folded", func() bool {
				backlog, err := w.service.db.Backlog(t.Context(), domain.Sandbox)
				return err == nil && backlog.Waiting == 0
			})
			for id := range acknowledged {
				if _, err := w.service.db.Event(t.Context(), domain.Sandbox, id); err != nil {
					t.Errorf("%s was acknowledged: %v", id, err)
				}
			}
		})
	}
}

func testHealthMetricsAndDescriptionAreServed(t *testing.T, database Secret) {
	w := newWorld(t, database)
	w.postInvented(1, 1)
	for path, want := range map[string]string{
		"/healthz":      "ok",
		"/readyz":       "ready",
		"/metrics":      `idem_webhooks_received_total{environment="sandbox",outcome="accepted"} 1`,
		"/openapi.json": "/v1/{environment}/subjects/{reference}",
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", w.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+apiToken)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d, error %v, without %q", path, res.StatusCode, err, want)
		}
	}
}

func testTheAuditTrailHasPages(t *testing.T, database Secret) {
	w := newWorld(t, database)
	inquiry, kase := w.applicant("user-7")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the case is Approved", func() bool { return w.caseStatus(kase) == "Approved" })
	seen := int64(0)
	for range 100 {
		page := get[api.AuditTrail](w, fmt.Sprintf("/v1/sandbox/audit?limit=2&after=%d", seen))
		if !page.Intact {
			t.Fatalf("broken at %d", page.BrokenAt)
		}
		for _, e := range page.Entries {
			if seen++; e.Sequence != seen {
				t.Fatalf("entry %d follows %d", e.Sequence, seen-1)
			}
		}
		if page.Next == 0 {
			break
		}
	}
	if seen < 5 {
		t.Errorf("the trail has %d entries", seen)
	}
}

func TestASecondServiceOnASQLiteFolderIsRejected(t *testing.T) {
	cfg := Config{
		Listen: "127.0.0.1:0", DataDir: t.TempDir(), LogLevel: "info", LogFormat: "text",
		Environments: map[Environment]EnvironmentConfig{
			Sandbox: {APIKey: sandbox.SandboxKey, BaseURL: "http://127.0.0.1:1/api/v1", WebhookSecrets: []Secret{"wbhsec_a"}},
		},
	}
	open := func() *Service {
		s, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	run := func() (end func() error) {
		s := open()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		for !s.ready.Load() {
			select {
			case err := <-ended:
				t.Fatalf("the service ended with %v", err)
			case <-time.After(time.Millisecond):
			}
		}
		return func() error { cancel(); return <-ended }
	}
	end := run()
	if err := open().Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another process uses the data folder") {
		t.Errorf("a second service ended with %v", err)
	}
	for range 2 { // the second starts after the first has ended
		if err := end(); err != nil {
			t.Errorf("a service ended with %v", err)
		}
		end = run()
	}
	if err := end(); err != nil {
		t.Errorf("the last service ended with %v", err)
	}
}
