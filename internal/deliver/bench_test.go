package deliver_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
)

// BenchmarkDeliver delivers a backlog of notifications of as many subjects to an endpoint
// that accepts at once. of-posts is the ratio to a program that only posts such messages, one
// after another over as many connections.
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
			began := time.Now()
			_, stop := start(b, db)
			<-all
			b.StopTimer()
			rate := float64(notifications) / time.Since(began).Seconds()
			b.ReportMetric(rate, "deliveries/s")
			stop()
			b.ReportMetric(rate/posts(b), "of-posts")
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
	onEach(b, func(t testing.TB, open func() database) {
		b := t.(*testing.B)
		for range b.N {
			report(b, latencies(b, open(), nil))
		}
	})
}

// BenchmarkLatencyBesideAReceiverThatHangs measures the same while another endpoint never
// answers, and compares it with the latency beside an endpoint that answers at once and with
// that of two measurements without another endpoint. They take turns, three rounds of a
// thousand notifications each, because the slowest of a thousand differ from run to run:
// ×noise, the ratio of two equal measurements, shows how much.
func BenchmarkLatencyBesideAReceiverThatHangs(b *testing.B) {
	onEach(b, func(t testing.TB, open func() database) {
		b := t.(*testing.B)
		hang := make(chan struct{})
		hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}))
		defer hung.Close()
		defer close(hang)
		fast := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		defer fast.Close()
		another := func(url string) *domain.Endpoint {
			return &domain.Endpoint{
				Environment: domain.Sandbox, Name: domain.NewID("another"), URL: url, Position: -1, Secrets: []domain.SigningSecret{{Secret: deliver.NewSecret()}}, CreatedAt: time.Now(),
			}
		}
		latencies(b, open(), nil) // the first measurement of a process is slower
		var alone, again, besideHung, besideFast []time.Duration
		for range 3 * b.N {
			alone = append(alone, latencies(b, open(), nil)...)
			besideHung = append(besideHung, latencies(b, open(), another(hung.URL))...)
			besideFast = append(besideFast, latencies(b, open(), another(fast.URL))...)
			again = append(again, latencies(b, open(), nil)...)
		}
		for _, waits := range [][]time.Duration{alone, again, besideHung, besideFast} {
			slices.Sort(waits)
		}
		report(b, besideHung)
		p99 := func(waits []time.Duration) float64 { return percentile(waits, 99).Seconds() }
		b.ReportMetric(p99(besideHung)/p99(alone), "×alone")
		b.ReportMetric(p99(besideHung)/p99(besideFast), "×fast")
		b.ReportMetric(p99(again)/p99(alone), "×noise")
	})
}

func report(b *testing.B, waits []time.Duration) {
	b.ReportMetric(float64(percentile(waits, 50).Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(percentile(waits, 99).Microseconds())/1000, "p99-ms")
}

func percentile(sorted []time.Duration, n int) time.Duration { return sorted[len(sorted)*n/100] }

// latencies returns how long notifications take to a receiver, sorted. other is another
// endpoint, or nil.
func latencies(b *testing.B, db database, other *domain.Endpoint) []time.Duration {
	const notifications = 1000
	var mu sync.Mutex
	var came []time.Time
	r := newReceiver(b, nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		came = append(came, time.Now())
		mu.Unlock()
		r.ServeHTTP(w, req)
	}))
	defer server.Close()
	e := r.endpoint(domain.NewID("crm"))
	e.URL, e.Position = server.URL, -1
	create(b, db, e)
	if other != nil {
		create(b, db, *other)
		defer func() { _ = db.DeleteEndpoint(b.Context(), other.Environment, other.Name, nil) }()
	}
	_, stop := start(b, db)
	change(b, db, domain.NewID("first"), "user-0")
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
	if err := db.DeleteEndpoint(b.Context(), e.Environment, e.Name, nil); err != nil {
		b.Fatal(err)
	}
	var waits []time.Duration
	mu.Lock()
	defer mu.Unlock()
	for i, n := range got[1:] {
		waits = append(waits, came[i+1].Sub(stored[n.Reference]))
	}
	slices.Sort(waits)
	return waits
}

// posts returns how many messages a second a program posts that does nothing else.
func posts(b *testing.B) float64 {
	const messages, connections = 10_000, 32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	body := strings.Repeat("x", 400)
	began := time.Now()
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for range messages / connections {
				res, err := client.Post(server.URL, "application/json", strings.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				res.Body.Close()
			}
		})
	}
	all.Wait()
	return messages / time.Since(began).Seconds()
}
