package telemetry

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSecretsAreMasked(t *testing.T) {
	var b strings.Builder
	NewLogger(&b, "json", slog.LevelInfo).Info("call", "secret", "wbhsec_x", slog.Group("request", "Authorization", "Bearer y"), "event", "evt_1")
	if text := b.String(); strings.Contains(text, "wbhsec_x") || strings.Contains(text, "Bearer") || !strings.Contains(text, "evt_1") {
		t.Errorf("logged %s", text)
	}
}

func TestKeysOfEveryCasingAndInGroupsAreMasked(t *testing.T) {
	for _, attribute := range []slog.Attr{
		slog.String("api-key", "hidden"), slog.String("Persona-Signature", "hidden"), slog.String("oneTimeLink", "hidden"), slog.String("name_first", "hidden"),
		slog.Group("fields", "anything", "hidden"), slog.Group("inquiry", slog.Group("attributes", "note", "hidden")),
	} {
		var b strings.Builder
		NewLogger(&b, "text", slog.LevelInfo).Info("call", attribute)
		if text := b.String(); strings.Contains(text, "hidden") || !strings.Contains(text, "[masked]") {
			t.Errorf("%s: logged %s", attribute.Key, text)
		}
	}
}

func TestMetricsAreServed(t *testing.T) {
	m := New()
	m.Received.WithLabelValues("sandbox", "accepted").Inc()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(w.Body.String(), `idem_webhooks_received_total{environment="sandbox",outcome="accepted"} 1`) {
		t.Errorf("served %s", w.Body)
	}
}
