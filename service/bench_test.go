package service

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
)

// BenchmarkIntake compares the service's intake with a minimal program that verifies
// signatures and commits the same bodies in groups to the same kind of database. It
// measures webhooks per second over 64 connections, alternating between the two. ×minimal
// is the median of the ratios. The service also reads the envelope, detects duplicates,
// compresses the body, and inserts a job for each event. Its jobs do not run.
func BenchmarkIntake(b *testing.B) {
	for _, on := range benchDatabases() {
		b.Run(on.name, func(b *testing.B) {
			address := on.database(b)
			ours, theirs := httptest.NewServer(benchService(b, address).Handler()), httptest.NewServer(on.minimal(b))
			defer ours.Close()
			defer theirs.Close()
			var ratios []float64
			var p99 time.Duration
			for b.Loop() {
				took := map[*httptest.Server]time.Duration{}
				for _, server := range []*httptest.Server{theirs, ours} {
					requests := benchRequests(b, 4000)
					started := time.Now()
					answers := fire(b, server.URL+"/webhooks/persona/sandbox", requests, 64, 0)
					took[server] = time.Since(started)
					if server == ours {
						p99 = percentile(answers, 99)
					}
				}
				ratios = append(ratios, float64(took[theirs])/float64(took[ours]))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "×minimal")
			b.ReportMetric(float64(p99.Milliseconds()), "p99-ms")
		})
	}
}

// BenchmarkIntakeAtHalfItsRate sends webhooks at half the maximum rate and reports the 99th
// percentile of the response time.
func BenchmarkIntakeAtHalfItsRate(b *testing.B) {
	for _, on := range benchDatabases() {
		b.Run(on.name, func(b *testing.B) {
			server := httptest.NewServer(benchService(b, on.database(b)).Handler())
			defer server.Close()
			path := server.URL + "/webhooks/persona/sandbox"
			started := time.Now()
			fire(b, path, benchRequests(b, 4000), 64, 0)
			each := 2 * time.Since(started) / 4000
			var answers []time.Duration
			for b.Loop() {
				answers = append(answers, fire(b, path, benchRequests(b, 4000), 64, each)...)
			}
			b.ReportMetric(float64(percentile(answers, 99).Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(time.Second/each), "webhooks/s")
		})
	}
}

type benchDatabase struct {
	name     string
	database func(testing.TB) Secret
	minimal  func(testing.TB) http.Handler
}

func benchDatabases() []benchDatabase {
	return []benchDatabase{
		{"SQLite", func(testing.TB) Secret { return "" }, minimalOnSQLite},
		{"PostgreSQL", func(b testing.TB) Secret { return Secret(server.Database(b)) }, minimalOnPostgres},
	}
}

const benchSecret = "wbhsec_of_the_benchmark"

// benchService returns a service that stores webhooks but runs no jobs.
func benchService(b testing.TB, database Secret, proxies ...string) *Service {
	b.Helper()
	s, err := New(b.Context(), Config{
		Listen: "127.0.0.1:0", DataDir: b.TempDir(), DatabaseURL: database, LogLevel: "error", LogFormat: "json", TrustedProxies: proxies,
		Environments: map[Environment]EnvironmentConfig{Sandbox: {APIKey: sandbox.SandboxKey, BaseURL: "http://127.0.0.1:1/api/v1", WebhookSecrets: []Secret{benchSecret}}},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		s.intake.Run(ctx)
		close(done)
	}()
	b.Cleanup(func() {
		cancel()
		<-done
		s.Close()
	})
	return s
}

// benchRequest is a signed webhook of six kilobytes.
type benchRequest struct {
	body      []byte
	signature string
}

func benchRequests(b testing.TB, n int) []benchRequest {
	b.Helper()
	benchSerial++
	requests := make([]benchRequest, n)
	for i := range requests {
		id := fmt.Sprintf("%d_%d", benchSerial, i)
		body := fmt.Appendf(nil, `{"data":{"type":"event","id":"evt_%s","attributes":{"name":"inquiry.created","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_%s","attributes":{"status":"created","fields":{`, id, id)
		for f := 0; len(body) < 5800; f++ {
			body = fmt.Appendf(body, `"field-%d":{"type":"string","value":"value %d of %s"},`, f, f, id)
		}
		body = append(body, `"last":{"type":"string","value":null}}},"relationships":{"account":{"data":null},"verifications":{"data":[]}}}}}}}`...)
		requests[i] = benchRequest{body, webhook.Sign(body, time.Now(), benchSecret)}
	}
	return requests
}

// benchSerial makes ids unique across benchmarks.
var benchSerial int

// fire sends requests over several connections and returns the response times. If each is
// set, it starts one request per each.
func fire(b testing.TB, url string, requests []benchRequest, connections int, each time.Duration) []time.Duration {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	answers := make([]time.Duration, len(requests))
	next := make(chan int)
	var sending sync.WaitGroup
	for range connections {
		sending.Go(func() {
			for i := range next {
				request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(requests[i].body))
				if err != nil {
					b.Error(err)
					return
				}
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set(webhook.SignatureHeader, requests[i].signature)
				started := time.Now()
				response, err := client.Do(request)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				answers[i] = time.Since(started)
				if response.StatusCode != http.StatusOK {
					b.Errorf("answered %d", response.StatusCode)
				}
			}
		})
	}
	started := time.Now()
	for i := range requests {
		if wait := time.Until(started.Add(time.Duration(i) * each)); each > 0 && wait > 0 {
			time.Sleep(wait)
		}
		next <- i
	}
	close(next)
	sending.Wait()
	return answers
}

func percentile(all []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

// minimal is the program that intake is compared with. commit stores all bodies or none.
type minimal struct {
	commit func([][]byte) error
	queue  chan minimalRequest
}

type minimalRequest struct {
	body []byte
	done chan error
}

func newMinimal(b testing.TB, commit func([][]byte) error) http.Handler {
	m := &minimal{commit, make(chan minimalRequest, 512)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		m.run(ctx)
		close(done)
	}()
	b.Cleanup(func() {
		cancel()
		<-done
	})
	return m
}

func (m *minimal) run(ctx context.Context) {
	for {
		var batch []minimalRequest
		select {
		case <-ctx.Done():
			return
		case first := <-m.queue:
			batch = append(batch, first)
		}
		for more := true; more && len(batch) < 128; {
			select {
			case next := <-m.queue:
				batch = append(batch, next)
			default:
				more = false
			}
		}
		bodies := make([][]byte, len(batch))
		for i, r := range batch {
			bodies[i] = r.body
		}
		err := m.commit(bodies)
		for _, r := range batch {
			r.done <- err
		}
	}
}

func (m *minimal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = webhook.VerifyHeader(body, r.Header, []string{benchSecret})
	}
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	request := minimalRequest{body, make(chan error, 1)}
	m.queue <- request
	if <-request.done != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func minimalOnSQLite(b testing.TB) http.Handler {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "minimal.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { db.Close() })
	if _, err := db.Exec("CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	return newMinimal(b, func(bodies [][]byte) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		defer tx.Rollback()
		insert, err := tx.Prepare("INSERT INTO events (body) VALUES (?)")
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, body := range bodies {
			if _, err := insert.Exec(body); err != nil {
				return err
			}
		}
		return tx.Commit()
	})
}

func minimalOnPostgres(b testing.TB) http.Handler {
	pool, err := pgxpool.New(b.Context(), server.Database(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	if _, err := pool.Exec(b.Context(), "CREATE TABLE events (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body BYTEA NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	return newMinimal(b, func(bodies [][]byte) error {
		_, err := pool.Exec(context.Background(), "INSERT INTO events (body) SELECT * FROM unnest($1::bytea[])", bodies)
		return err
	})
}
