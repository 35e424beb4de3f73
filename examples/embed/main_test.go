package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/idemhq/idem/service"
)

func TestAnUnknownPersonIsNotAdmitted(t *testing.T) {
	env := map[string]string{
		"IDEM_LISTEN": "127.0.0.1:0", "IDEM_DATA_DIR": t.TempDir(), "IDEM_SANDBOX_API_KEY": "persona_sandbox_x",
		"IDEM_SANDBOX_WEBHOOK_SECRETS": "wbhsec_x", "IDEM_SANDBOX_BASE_URL": "http://127.0.0.1:1/api/v1",
	}
	cfg, err := service.LoadConfig("", func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	idem, err := service.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- idem.Run(ctx) }()
	mux := http.NewServeMux()
	mux.Handle("GET /account/{id}", accountPage(idem))
	page := httptest.NewServer(mux)
	defer page.Close()
	res, err := http.Get(page.URL + "/account/user-1")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusForbidden || !strings.Contains(string(text), "verify your identity") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
