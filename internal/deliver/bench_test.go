package deliver_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
)

// BenchmarkDeliver delivers a backlog of notifications of as many subjects to an endpoint
// that accepts at once.
func BenchmarkDeliver(b *testing.B) {
	const notifications = 10_000
	onEach(b, func(t testing.TB, open func() database) {
		b := t.(*testing.B)
		for range b.N {
			b.StopTimer()
			db := open()
			var accepted atomic.Int32
			all := make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				if accepted.Add(1) == notifications {
					close(all)
				}
			}))
			for first := 0; first < notifications; first += 500 {
				var subjects []string
				for i := range 500 {
					subjects = append(subjects, fmt.Sprintf("user-%d", first+i))
				}
				change(b, db, fmt.Sprintf("status-%d", b.N), subjects...)
			}
			name := domain.NewID("crm")
			create(b, db, domain.Endpoint{Environment: domain.Sandbox, Name: name, URL: server.URL, Secrets: []domain.SigningSecret{{Secret: deliver.NewSecret()}}, CreatedAt: time.Now()})
			b.StartTimer()
			_, stop := start(b, db)
			<-all
			b.StopTimer()
			b.ReportMetric(float64(notifications)/b.Elapsed().Seconds(), "deliveries/s")
			stop()
			server.Close()
			if err := db.DeleteEndpoint(b.Context(), domain.Sandbox, name, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLatency stores a hundred notifications a second, and measures how long each
// takes to the wire.
func BenchmarkLatency(b *testing.B) {
	const notifications = 1000
	onEach(b, func(t testing.TB, open func() database) {
		b := t.(*testing.B)
		for range b.N {
			db := open()
			var mu sync.Mutex
			var came []time.Time
			r := newReceiver(b, nil)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				mu.Lock()
				came = append(came, time.Now())
				mu.Unlock()
				r.ServeHTTP(w, req)
			}))
			e := r.endpoint(domain.NewID("crm"))
			e.URL, e.Position = server.URL, -1
			create(b, db, e)
			_, stop := start(b, db)
			change(b, db, "first", "user-0")
			r.await(1)
			stored := map[string]time.Time{}
			tick := time.NewTicker(10 * time.Millisecond)
			for i := range notifications {
				<-tick.C
				subject := fmt.Sprintf("user-%d", i)
				change(b, db, domain.NewID("status"), subject)
				stored[subject] = time.Now()
			}
			tick.Stop()
			got := r.await(notifications + 1)
			stop()
			server.Close()
			var waits []time.Duration
			mu.Lock()
			for i, n := range got[1:] {
				waits = append(waits, came[i+1].Sub(stored[n.Reference]))
			}
			mu.Unlock()
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
		}
	})
}
