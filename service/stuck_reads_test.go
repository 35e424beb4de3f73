package service

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/persona/webhook"
)

// One inquiry has many events that need a read, and its reads hang. In an earlier version
// they occupied all workers, and other people waited as long as the reads took.
func testHangingReadsOfOneInquiryDelayNoOther(t *testing.T, database Secret) {
	hang := make(chan struct{})
	var once sync.Once
	release := func() { once.Do(func() { close(hang) }) }
	t.Cleanup(release)
	var slow atomic.Value
	slow.Store("")
	var hanging atomic.Int64
	w := newWorldThrough(t, database, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if id := slow.Load().(string); id != "" && strings.HasSuffix(r.URL.Path, "/inquiries/"+id) && r.Method == http.MethodGet {
				hanging.Add(1)
				select {
				case <-hang:
				case <-r.Context().Done():
				}
			}
			next.ServeHTTP(rw, r)
		})
	})
	hot, _ := w.applicant("user-hot")
	w.settled()
	slow.Store(hot)
	const events = 300
	for i := range events {
		id := fmt.Sprintf("evt_hot_%d", i)
		body := fmt.Sprintf(`{"data":{"type":"event","id":%q,"attributes":{"name":"inquiry.transitioned","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":%q,"attributes":{"status":"created"}}}}}}`, id, hot)
		if status := w.post("/webhooks/persona/sandbox", "application/json", webhook.Sign([]byte(body), time.Now(), w.secret), []byte(body)); status != http.StatusOK {
			t.Fatalf("event %d is answered with %d", i, status)
		}
	}
	w.eventually("a read hangs", func() bool { return hanging.Load() > 0 })
	inquiry, kase := w.applicant("user-1")
	w.simulate(inquiry, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the other one is approved while the reads hang", func() bool { return w.caseStatus(kase) == "Approved" })
	if n := hanging.Load(); n > 2 { // one after another, each until its time-out
		t.Errorf("%d reads hang for one inquiry", n)
	}
	release()
	w.eventually("all of its events are worked on", func() bool {
		b, err := w.service.db.Backlog(t.Context(), domain.Sandbox)
		return err == nil && b.Waiting == 0
	})
}

func testANodeStopsWorkingWhenTheDatabaseIsNewer(t *testing.T, database Secret) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	w := newWorld(t, database)
	const newer = "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"
	var err error
	switch db := w.service.db.(type) {
	case *sqlite.DB:
		_, err = db.Writer().ExecContext(t.Context(), newer)
	case *postgres.DB:
		_, err = db.Pool().Exec(t.Context(), newer)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.eventually("the service says so", func() bool {
		res, err := http.Get(w.url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode == http.StatusServiceUnavailable && strings.Contains(string(text), "a newer version of Idem")
	})
	body := `{"data":{"type":"event","id":"evt_1","attributes":{"name":"inquiry.created","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_1","attributes":{}}}}}}`
	if status := w.post("/webhooks/persona/sandbox", "application/json", webhook.Sign([]byte(body), time.Now(), w.secret), []byte(body)); status != http.StatusServiceUnavailable {
		t.Errorf("a webhook is answered with %d", status)
	}
}

// The API key may not read one inquiry. Its event does not wait forever: the decision says
// what is missing, the person is marked for review, and others are approved.
func testAnUnreadableObjectIsReportedAndBlocksNoOther(t *testing.T, database Secret) {
	var refused atomic.Value
	refused.Store("")
	w := newWorldThrough(t, database, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if id := refused.Load().(string); id != "" && strings.HasSuffix(r.URL.Path, "/inquiries/"+id) && r.Method == http.MethodGet {
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(rw, `{"errors":[{"title":"Forbidden"}]}`)
				return
			}
			next.ServeHTTP(rw, r)
		})
	})
	first, firstCase := w.applicant("user-1")
	second, secondCase := w.applicant("user-2")
	refused.Store(first)
	w.simulate(first, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.simulate(second, "start_inquiry", "create_passed_verification", "complete_inquiry")
	w.eventually("the other one is approved", func() bool { return w.caseStatus(secondCase) == "Approved" })
	w.eventually("the decision is there", func() bool {
		return len(get[listed[api.Decision]](w, "/v1/sandbox/decisions?object="+first).Data) == 1
	})
	d := get[listed[api.Decision]](w, "/v1/sandbox/decisions?object="+first).Data[0]
	if d.Result == domain.Decided && d.Rule == "approve what passed" {
		t.Errorf("it was approved: %+v", d)
	}
	if subject := get[api.Subject](w, "/v1/sandbox/subjects/user-1"); subject.Verdict != domain.VerdictReview {
		t.Errorf("the subject is %+v", subject)
	}
	w.eventually("nothing waits", func() bool {
		b, err := w.service.db.Backlog(t.Context(), domain.Sandbox)
		return err == nil && b.Waiting == 0
	})
	if got := w.caseStatus(firstCase); got == "Approved" {
		t.Errorf("its case is %s", got)
	}
}
