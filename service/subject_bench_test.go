package service

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/auth"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store/sqlstore"
	"github.com/idemhq/idem/sandbox"
)

// BenchmarkSubject asks for subjects by their references, over HTTP with one connection, in
// a database of a million subjects. IDEM_BENCH_SUBJECTS sets another number. The configured
// token needs no database; the stored one is read with every request.
func BenchmarkSubject(b *testing.B) {
	many := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("IDEM_BENCH_SUBJECTS")); err == nil {
		many = n
	}
	for _, on := range []struct {
		name     string
		database func() Secret
	}{
		{"SQLite", func() Secret { return "" }},
		{"PostgreSQL", func() Secret { return Secret(server.Database(b)) }},
	} {
		b.Run(on.name, func(b *testing.B) {
			s, err := New(b.Context(), Config{
				Listen: "127.0.0.1:0", DataDir: b.TempDir(), DatabaseURL: on.database(), APIToken: apiToken, LogLevel: "error", LogFormat: "text",
				Environments: map[Environment]EnvironmentConfig{
					Sandbox: {APIKey: sandbox.SandboxKey, BaseURL: "http://127.0.0.1:1/api/v1", WebhookSecrets: []Secret{"wbhsec_a"}},
				},
			}, slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			secret := auth.NewSecret()
			token := domain.Token{ID: "tok_1", Name: "host", Hash: auth.Hash(secret), Scopes: []domain.Scope{domain.ScopeRead}, CreatedAt: time.Now()}
			if err := s.db.CreateToken(b.Context(), token, nil); err != nil {
				b.Fatal(err)
			}
			fillSubjects(b, s.db, many)
			listener := httptest.NewServer(s.Handler())
			defer listener.Close()
			for name, secret := range map[string]string{"configured token": apiToken, "stored token": secret.Reveal()} {
				b.Run(name, func(b *testing.B) { askForSubjects(b, listener, secret, many) })
			}
		})
	}
}

// fillSubjects stores subjects with a statement of the database's own.
func fillSubjects(b *testing.B, db database, n int) {
	b.Helper()
	err := db.(sqlstore.Database).Tx(b.Context(), func(tx sqlstore.Tx) error {
		_, err := tx.Exec(context.WithoutCancel(b.Context()), fmt.Sprintf(`WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)
			INSERT INTO subjects (environment, reference_id, verdict, object_type, object_id, status, since, version, notification, rules)
			SELECT 'sandbox', 'user-' || n, 'approved', 'inquiry', 'inq_' || n, 'approved', n, 1, 0, '1' FROM numbers`, n))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

func askForSubjects(b *testing.B, listener *httptest.Server, token string, many int) {
	var took []time.Duration
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, fmt.Sprintf("%s/v1/sandbox/subjects/user-%d", listener.URL, 1+rand.IntN(many)), nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		started := time.Now()
		res, err := listener.Client().Do(req)
		if err != nil {
			b.Fatal(err)
		}
		_, err = io.Copy(io.Discard, res.Body)
		took = append(took, time.Since(started))
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatalf("answered %d, error %v", res.StatusCode, err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
}
