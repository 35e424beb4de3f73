package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// watched are the metrics of a backlog that a test changes between scrapes.
type watched struct {
	*Metrics
	backlog store.Backlog
	err     error
	asked   int
}

func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{Metrics: New()}
	read := func(ctx context.Context, _ domain.Environment) (store.Backlog, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a scrape waits for the database without an end")
		}
		w.asked++
		return w.backlog, w.err
	}
	if err := w.WatchBacklog([]domain.Environment{domain.Sandbox}, read, slog.New(slog.DiscardHandler), func() time.Time { return noon }); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watched) scrape() string {
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	return rec.Body.String()
}

func wantLines(t *testing.T, scraped string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains(scraped, line+"\n") {
			t.Errorf("a scrape lacks %q", line)
		}
	}
}

func TestEveryStateIsExportedForAnEmptyBacklog(t *testing.T) {
	wantLines(t, watch(t).scrape(),
		`idem_store_up{environment="sandbox"} 1`,
		`idem_inbox_events{environment="sandbox",state="waiting"} 0`,
		`idem_inbox_events{environment="sandbox",state="poison"} 0`,
		`idem_inbox_oldest_waiting_seconds{environment="sandbox"} 0`,
		`idem_inbox_retries{environment="sandbox",reason="other"} 0`,
		`idem_actions{environment="sandbox",state="waiting"} 0`,
		`idem_actions{environment="sandbox",state="dead"} 0`)
}

func TestACountThatBecameZeroIsExportedAsZero(t *testing.T) {
	w := watch(t)
	w.backlog = store.Backlog{Waiting: 7, Poison: 2, Retried: 3, Reasons: map[string]int{"not allowed": 2, "other": 1}, OldestWaiting: noon.Add(-90 * time.Second), ActionsWaiting: 4, ActionsDead: 1}
	wantLines(t, w.scrape(),
		`idem_inbox_events{environment="sandbox",state="waiting"} 7`,
		`idem_inbox_events{environment="sandbox",state="poison"} 2`,
		`idem_inbox_oldest_waiting_seconds{environment="sandbox"} 90`,
		`idem_inbox_retries{environment="sandbox",reason="not allowed"} 2`,
		`idem_inbox_retries{environment="sandbox",reason="other"} 1`,
		`idem_actions{environment="sandbox",state="waiting"} 4`,
		`idem_actions{environment="sandbox",state="dead"} 1`)
	w.backlog = store.Backlog{}
	scraped := w.scrape()
	wantLines(t, scraped,
		`idem_inbox_events{environment="sandbox",state="poison"} 0`,
		`idem_inbox_oldest_waiting_seconds{environment="sandbox"} 0`,
		`idem_actions{environment="sandbox",state="dead"} 0`)
	if strings.Contains(scraped, "not allowed") {
		t.Error("a reason that no event has any more is still exported")
	}
	if w.asked != 2 {
		t.Errorf("the database was asked %d times for two scrapes", w.asked)
	}
}

func TestAnUnresponsiveStoreIsDownAndExportsNoOldCounts(t *testing.T) {
	w := watch(t)
	w.backlog = store.Backlog{Waiting: 7}
	w.scrape()
	w.err = errors.New("away")
	scraped := w.scrape()
	wantLines(t, scraped, `idem_store_up{environment="sandbox"} 0`)
	if strings.Contains(scraped, "idem_inbox_events{") {
		t.Error("an old count is exported as if it were true")
	}
}

func TestAnEventFromTheFutureHasNotWaited(t *testing.T) {
	w := watch(t)
	w.backlog = store.Backlog{Waiting: 1, OldestWaiting: noon.Add(5 * time.Minute)}
	wantLines(t, w.scrape(), `idem_inbox_oldest_waiting_seconds{environment="sandbox"} 0`)
}

func TestPolicyErrorsAreCounted(t *testing.T) {
	w := watch(t)
	w.PolicyErrors.WithLabelValues("sandbox", "approve what passed", string(domain.NotEvaluated)).Inc()
	wantLines(t, w.scrape(), `idem_policy_errors_total{environment="sandbox",result="not_evaluated",rule="approve what passed"} 1`)
}
