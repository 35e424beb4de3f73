package idem_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/idemhq/idem"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
	"github.com/idemhq/idem/service"
)

const (
	token  = "token-of-the-tests"
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
)

// world is a real service and a local Persona.
type world struct {
	URL     string          // of the service
	Persona *persona.Client // what people do
	close   []func()
}

// start starts a world. Notifications go to hook, unless it is "".
func start(hook string) (w *world, err error) {
	w = &world{}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	local, err := sandbox.New(sandbox.Options{RateLimit: 100_000})
	if err != nil {
		return w, err
	}
	api := httptest.NewServer(local)
	w.close = append(w.close, local.Close, api.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return w, err
	}
	w.URL = "http://" + listener.Addr().String()
	if w.Persona, err = persona.NewClient(persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(api.URL+"/api/v1")); err != nil {
		return w, err
	}
	webhook, err := w.Persona.Webhooks.Create(context.Background(), persona.WebhookCreateParams{
		Name: persona.Set("idem"), URL: persona.Set(w.URL + "/webhooks/persona/sandbox"), EnabledEvents: persona.Set([]string{"*"}),
	})
	if err != nil {
		return w, err
	}
	if _, err = w.Persona.Webhooks.Enable(context.Background(), webhook.ID); err != nil {
		return w, err
	}
	data, err := os.MkdirTemp("", "idem")
	if err != nil {
		return w, err
	}
	w.close = append(w.close, func() { os.RemoveAll(data) })
	if _, err := sqlitetest.In(data); err != nil {
		return w, err
	}
	env := service.EnvironmentConfig{
		APIKey: sandbox.SandboxKey, BaseURL: api.URL + "/api/v1", WebhookSecrets: []service.Secret{service.Secret(webhook.Attributes.Secret)},
		Flows: map[string]service.FlowConfig{"kyc": {InquiryTemplate: sandbox.InquiryTemplateID}},
	}
	if hook != "" {
		env.Notifications = []service.NotificationEndpoint{{Name: "host", URL: hook, Secrets: []service.Secret{secret}}}
	}
	s, err := service.New(context.Background(), service.Config{
		Listen: listener.Addr().String(), DataDir: data, APIToken: token, LogLevel: "info", LogFormat: "text", AllowPrivateAddresses: true,
		Environments: map[service.Environment]service.EnvironmentConfig{service.Sandbox: env},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		return w, err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Run(ctx)
	}()
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: time.Minute}
	go server.Serve(listener)
	w.close = append(w.close, func() {
		stop()
		server.Close()
		<-ended
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if res, err := http.Get(w.URL + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return w, nil
			}
		}
		if time.Now().After(deadline) {
			return w, errors.New("the service is not ready")
		}
	}
}

// Close stops the service, then Persona.
func (w *world) Close() {
	for len(w.close) > 0 {
		last := len(w.close) - 1
		w.close[last]()
		w.close = w.close[:last]
	}
}

// Pass does what a person does who passes the checks of an inquiry.
func (w *world) Pass(ctx context.Context, id string) error {
	_, err := w.Persona.Inquiries.PerformSimulateActions(ctx, id, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{
		{Type: "start_inquiry"},
		{Type: "create_passed_verification", Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: sandbox.GovernmentIDTemplateID})},
		{Type: "create_passed_verification", Data: persona.Set(persona.SimulateActionData{VerificationTemplateID: sandbox.SelfieTemplateID})},
		{Type: "complete_inquiry"},
	}})
	return err
}

func started(t *testing.T, hook string) (*world, *idem.Client) {
	t.Helper()
	w, err := start(hook)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w, client(t, w.URL)
}

func client(t *testing.T, url string, options ...idem.Option) *idem.Client {
	t.Helper()
	options = append([]idem.Option{idem.WithEnvironment(idem.Sandbox), idem.WithBackoff(time.Millisecond, 10*time.Millisecond)}, options...)
	c, err := idem.New(url, token, options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verified verifies somebody, who passes at once.
func (w *world) verified(t *testing.T, c *idem.Client, reference string) {
	t.Helper()
	v, err := c.Verify(t.Context(), idem.VerifyParams{Reference: reference, Flow: "kyc"})
	if err == nil && v.Inquiry == nil {
		err = fmt.Errorf("there is no inquiry: %+v", v)
	}
	if err == nil {
		err = w.Pass(t.Context(), v.Inquiry.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to be that %s", what)
		}
	}
}
