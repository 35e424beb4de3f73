package service

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// BenchmarkWayToTheEffect lets people complete inquiries at the sandbox, so many a second
// that a hundred events a second reach the service, and reports how long it is from an
// inquiry's completion to its approval, by the times of the sandbox's events: through the
// webhook, the database, the decision and the call. The benchmark runs a fixed load.
func BenchmarkWayToTheEffect(b *testing.B) {
	for _, on := range benchDatabases() {
		b.Run(on.name, func(b *testing.B) {
			w := newWorld(b, on.database(b))
			took := w.wayToTheEffect(b, w.settled)
			for b.Loop() { // the load above is the benchmark
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
			b.ReportMetric(float64(percentile(took, 99).Milliseconds()), "p99-ms")
		})
	}
}

// wayToTheEffect lets people complete inquiries at a fixed rate, and returns how long it
// was for each until the approval. settled waits for what was before that.
func (w *world) wayToTheEffect(b *testing.B, settled func()) []time.Duration {
	b.Helper()
	before := w.effects("inquiry.approved", "")
	const people, eachSecond = 300, 25 // four events each: completed, approved, and the case's two
	var inquiries []string
	for range people {
		inquiry, _ := w.applicant("")
		w.simulate(inquiry, "start_inquiry", "create_passed_verification")
		inquiries = append(inquiries, inquiry)
	}
	w.eventually("all of that arrived", func() bool {
		return !slices.ContainsFunc(w.sandbox.Deliveries("sandbox"), func(d sandbox.Delivery) bool { return d.State == "pending" })
	})
	settled()
	for newest, err := range w.client.Events.List(b.Context(), persona.EventListParams{}) {
		if err != nil {
			b.Fatal(err)
		}
		// The sandbox's events are a millisecond apart, also where they come faster.
		time.Sleep(time.Until(newest.Attributes.CreatedAt.Time))
		break
	}
	started := time.Now()
	for i, inquiry := range inquiries {
		time.Sleep(time.Until(started.Add(time.Duration(i) * time.Second / eachSecond)))
		w.simulate(inquiry, "complete_inquiry")
	}
	w.eventually("everybody is approved", func() bool { return w.effects("inquiry.approved", "") == before+people })
	at := map[string]map[string]time.Time{"inquiry.completed": {}, "inquiry.approved": {}}
	for name, times := range at {
		for event, err := range w.client.Events.List(b.Context(), persona.EventListParams{Name: name}) {
			if err != nil {
				b.Fatal(err)
			}
			times[event.Attributes.Payload.Identifier().ID] = event.Attributes.CreatedAt.Time
		}
	}
	var took []time.Duration
	for _, inquiry := range inquiries {
		completed, approved := at["inquiry.completed"][inquiry], at["inquiry.approved"][inquiry]
		took = append(took, approved.Sub(completed))
	}
	return took
}

// BenchmarkHotInquiry measures the same beside one inquiry with a hundred thousand events
// that need a read, whose reads take 25 seconds, compared to the same service before:
// ×quiet is the ratio of the 99th percentiles.
func BenchmarkHotInquiry(b *testing.B) {
	for _, on := range benchDatabases() {
		b.Run(on.name, func(b *testing.B) {
			var slow atomic.Value
			slow.Store("none")
			w := newWorldThrough(b, on.database(b), func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/inquiries/"+slow.Load().(string)) {
						select {
						case <-time.After(25 * time.Second):
						case <-r.Context().Done():
						}
					}
					next.ServeHTTP(rw, r)
				})
			})
			hot, _ := w.applicant("user-hot")
			w.settled()
			quiet := percentile(w.wayToTheEffect(b, w.settled), 99)
			slow.Store(hot)
			for batch := range slices.Chunk(hotEvents(hot, 100_000), 1000) {
				if _, err := w.service.db.AppendEvents(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			busy := percentile(w.wayToTheEffect(b, func() {}), 99)
			for b.Loop() { // the loads above are the benchmark
			}
			slow.Store("none")
			b.ReportMetric(float64(quiet.Milliseconds()), "quiet-p99-ms")
			b.ReportMetric(float64(busy.Milliseconds()), "p99-ms")
			b.ReportMetric(float64(busy)/float64(quiet), "×quiet")
		})
	}
}

// hotEvents are of one inquiry, and lack what has to be read from Persona.
func hotEvents(inquiry string, n int) []domain.Event {
	events := make([]domain.Event, n)
	for i := range events {
		id := fmt.Sprintf("evt_hot_%d", i)
		body := fmt.Appendf(nil, `{"data":{"type":"event","id":%q,"attributes":{"name":"inquiry.transitioned","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":%q,"attributes":{"status":"created"}}}}}}`, id, inquiry)
		events[i] = domain.Event{
			Environment: Sandbox, ID: id, Name: "inquiry.transitioned", CreatedAt: time.Now(), ReceivedAt: time.Now(),
			Object: domain.Ref{Type: "inquiry", ID: inquiry}, Body: body, Via: domain.ViaWebhook, State: domain.EventWaiting,
		}
	}
	return events
}
