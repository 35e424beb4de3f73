package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
	"github.com/idemhq/idem/service"
)

func TestAPersonIsAdmittedOnceApproved(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	local := sandbox.NewServer(t)
	env := map[string]string{
		"IDEM_LISTEN": "127.0.0.1:0", "IDEM_DATA_DIR": t.TempDir(), "IDEM_SANDBOX_API_KEY": local.SandboxKey,
		"IDEM_SANDBOX_WEBHOOK_SECRETS": "wbhsec_x", "IDEM_SANDBOX_BASE_URL": local.BaseURL(), "IDEM_RECONCILE_INTERVAL": "1s",
	}
	cfg, err := service.LoadConfig("", func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	idem, err := service.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	users := &users{}
	idem.OnVerdict(users.update)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- idem.Run(ctx) }()
	mux := http.NewServeMux()
	mux.Handle("/", idem.Handler())
	mux.Handle("GET /account/{id}", accountPage(users))
	page := httptest.NewServer(mux)
	defer page.Close()
	deadline := time.Now().Add(time.Minute)
	read := func(path string) (int, string) {
		res, err := http.Get(page.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	for status, text := read("/readyz"); status != http.StatusOK; status, text = read("/readyz") {
		if time.Now().After(deadline) {
			t.Fatalf("the service is never ready: %s", text)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if status, text := read("/account/user-1"); status != http.StatusForbidden || !strings.Contains(text, "verify your identity") {
		t.Errorf("%d %s", status, text)
	}

	inquiry, err := local.Client().Inquiries.Create(t.Context(), persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set("user-1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = local.Client().Inquiries.PerformSimulateActions(t.Context(), inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
		{Type: "start_inquiry"},
		{Type: "create_passed_verification", Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: sandbox.GovernmentIDTemplateID})},
		{Type: "complete_inquiry"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for status, text := read("/account/user-1"); status != http.StatusOK; status, text = read("/account/user-1") {
		if time.Now().After(deadline) {
			t.Fatalf("the person is never admitted: %d %s", status, text)
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
