package intake_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/intake"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/persona/webhook"
)

// instant is an Appender that stores nothing.
type instant struct{}

func (instant) AppendEvents(_ context.Context, events []domain.Event) ([]bool, error) {
	return make([]bool, len(events)), nil
}

// BenchmarkServe measures the cost of a webhook of six kilobytes without network and
// database.
func BenchmarkServe(b *testing.B) {
	in := intake.New(instant{}, map[domain.Environment]intake.Source{domain.Sandbox: {Secrets: []string{secret}}}, nil, telemetry.New(),
		slog.New(slog.DiscardHandler), func() time.Time { return signedAt })
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { in.Run(ctx); close(ended) }()
	body := strings.Replace(event("evt_1"), `"status"`, `"note":"`+strings.Repeat("x", 5800)+`","status"`, 1)
	signature := webhook.Sign([]byte(body), signedAt, secret)
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequest("POST", "/webhooks/persona/sandbox", strings.NewReader(body))
		req.SetPathValue("environment", "sandbox")
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(webhook.SignatureHeader, signature)
		answer := httptest.NewRecorder()
		if in.ServeHTTP(answer, req); answer.Code != 200 {
			b.Fatalf("answered %d", answer.Code)
		}
	}
	cancel()
	<-ended
}
