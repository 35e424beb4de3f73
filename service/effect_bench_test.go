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

// BenchmarkTimeToEffect completes inquiries at the sandbox at a fixed rate, so that a
// hundred events per second reach the service. It reports the time from an inquiry's
// completion to its approval, by the times of the sandbox's events. That includes the
// webhook, the database, the decision and the call.
func BenchmarkTimeToEffect(b *testing.B) {
	for _, on := range benchDatabases() {
		b.Run(on.name, func(b *testing.B) {
			w := newWorld(b, on.database(b))
			took := w.timesToEffect(b, w.settled)
			for b.Loop() { // the fixed load above is the benchmark
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
			b.ReportMetric(float64(percentile(took, 99).Milliseconds()), "p99-ms")
		})
	}
}

// timesToEffect completes inquiries at a fixed rate and returns the time to each approval.
// settled waits until earlier work is finished.
func (w *world) timesToEffect(b *testing.B, settled func()) []time.Duration {
	b.Helper()
	before := w.effects("inquiry.approved", "")
	const people, perSecond = 300, 25 // four events each: two of the inquiry, two of its case
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
		// The sandbox's event times are at least a millisecond apart, even if events are
		// created faster.
		time.Sleep(time.Until(newest.Attributes.CreatedAt.Time))
		break
	}
	started := time.Now()
	for i, inquiry := range inquiries {
		time.Sleep(time.Until(started.Add(time.Duration(i) * time.Second / perSecond)))
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

// BenchmarkHotInquiry measures the same while one inquiry has a hundred thousand events
// that need a read and whose reads take 25 seconds. ×quiet is the ratio of the 99th
// percentiles with and without that inquiry.
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
			quiet := percentile(w.timesToEffect(b, w.settled), 99)
			slow.Store(hot)
			for batch := range slices.Chunk(hotEvents(hot, 100_000), 1000) {
				if _, err := w.service.db.AppendEvents(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			busy := percentile(w.timesToEffect(b, func() {}), 99)
			for b.Loop() { // the fixed loads above are the benchmark
			}
			slow.Store("none")
			b.ReportMetric(float64(quiet.Milliseconds()), "quiet-p99-ms")
			b.ReportMetric(float64(busy.Milliseconds()), "p99-ms")
			b.ReportMetric(float64(busy)/float64(quiet), "×quiet")
		})
	}
}

// hotEvents returns events of one inquiry without the data that decisions need, so that
// each needs a read.
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
