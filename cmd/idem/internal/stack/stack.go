// Package stack starts a sandbox, a service and the webhook between them, wired together
// over loopback HTTP as a customer's would be. `idem dev` and `idem demo` run on it.
package stack

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/idemhq/idem/internal/serve"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
	"github.com/idemhq/idem/service"
)

// Options say what to start. Without an address a part listens on a free port of
// 127.0.0.1. An address that is taken is replaced by a free port of its host, unless it
// must be exact.
type Options struct {
	Sandbox        sandbox.Options
	SandboxAddress string // host:port
	SandboxExact   bool
	ServiceAddress string // host:port
	ServiceExact   bool
	DataDir        string         // of the service
	APIToken       service.Secret // of the service
	Logger         *slog.Logger

	// NotificationsPath is where Handler receives notifications, signed with
	// NotificationsSecret. "" means nowhere.
	NotificationsPath   string
	NotificationsSecret service.Secret

	// Handler returns what the service's address serves. Nil means the service alone.
	Handler func(*Stack) http.Handler
}

// Stack is a sandbox and a service that run.
type Stack struct {
	SandboxURL string // http://127.0.0.1:port
	ServiceURL string
	Client     *persona.Client // of the sandbox environment
	WebhookID  string          // of the service's webhook at the sandbox
	Secret     string          // of that webhook
	Service    *service.Service

	sandbox *sandbox.Sandbox
	parts   []part // in the order they were started
	failing sync.Once
	ended   chan struct{}
}

// part is something that runs in the background.
type part struct {
	stop  context.CancelFunc
	ended chan error
}

// Start starts everything and returns when the service is ready. Whoever started it
// closes it; the context bounds the start only.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	s := &Stack{ended: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.startSandbox(ctx, o); err != nil {
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	if err := s.startService(ctx, o); err != nil {
		return nil, fmt.Errorf("start the service: %w", err)
	}
	return s, s.untilReady(ctx)
}

func (s *Stack) startSandbox(ctx context.Context, o Options) (err error) {
	if s.sandbox, err = sandbox.New(o.Sandbox); err != nil {
		return err
	}
	listener, err := listen(o.SandboxAddress, o.SandboxExact)
	if err != nil {
		return err
	}
	s.SandboxURL = "http://" + listener.Addr().String()
	s.run(ctx, func(ctx context.Context) error { return serve.HTTP(ctx, listener, s.sandbox) })
	s.Client, err = persona.NewClient(persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(s.API()), persona.WithEnvironment(persona.Sandbox))
	return err
}

// startService takes the service's address before there is a service: its webhook needs
// the address, and the service needs the webhook's secret.
func (s *Stack) startService(ctx context.Context, o Options) error {
	listener, err := listen(o.ServiceAddress, o.ServiceExact)
	if err != nil {
		return err
	}
	s.ServiceURL = "http://" + listener.Addr().String()
	if err := s.makeService(ctx, o, listener.Addr().String()); err != nil {
		return errors.Join(err, listener.Close())
	}
	handler := s.Service.Handler()
	if o.Handler != nil {
		handler = o.Handler(s)
	}
	// The handler stops before the service does: what it answered with 200 is stored.
	s.run(ctx, s.Service.Run)
	s.run(ctx, func(ctx context.Context) error { return serve.HTTP(ctx, listener, handler) })
	return nil
}

func (s *Stack) makeService(ctx context.Context, o Options, address string) error {
	if err := s.subscribe(ctx); err != nil {
		return fmt.Errorf("register its webhook at the sandbox: %w", err)
	}
	var endpoints []service.NotificationEndpoint
	if o.NotificationsPath != "" {
		endpoints = append(endpoints, service.NotificationEndpoint{Name: "host", URL: s.ServiceURL + o.NotificationsPath, Secrets: []service.Secret{o.NotificationsSecret}})
	}
	var err error
	s.Service, err = service.New(ctx, service.Config{
		Listen: address, DataDir: o.DataDir, APIToken: o.APIToken, LogLevel: "info", LogFormat: "text", AllowPrivateAddresses: true, SecretsKey: secretsKey(),
		Environments: map[service.Environment]service.EnvironmentConfig{
			service.Sandbox: {APIKey: sandbox.SandboxKey, BaseURL: s.API(), WebhookSecrets: []service.Secret{service.Secret(s.Secret)}, Notifications: endpoints, Flows: flows()},
		},
	}, o.Logger)
	return err
}

// secretsKey encrypts links to the local sandbox, so that the service stores and shows them.
// It is the same on every machine: the links open nothing of anybody's.
func secretsKey() []service.Secret {
	key := sha256.Sum256([]byte("idem dev"))
	return []service.Secret{service.Secret(base64.StdEncoding.EncodeToString(key[:]))}
}

// Flow is the name of the service's flow. It has the sandbox's own template, and no
// cool-down: whoever tries it out does not want to wait.
const Flow = "kyc"

func flows() map[string]service.FlowConfig {
	return map[string]service.FlowConfig{Flow: {InquiryTemplate: sandbox.InquiryTemplateID}}
}

// subscribe registers and enables a webhook for every event.
func (s *Stack) subscribe(ctx context.Context) error {
	hook, err := s.Client.Webhooks.Create(ctx, persona.WebhookCreateParams{
		Name: persona.Set("idem"), URL: persona.Set(s.ServiceURL + "/webhooks/persona/sandbox"), EnabledEvents: persona.Set([]string{"*"}),
	})
	if err != nil {
		return err
	}
	s.WebhookID, s.Secret = hook.ID, hook.Attributes.Secret
	_, err = s.Client.Webhooks.Enable(ctx, hook.ID)
	return err
}

// API is the base URL of Persona's API at the sandbox.
func (s *Stack) API() string { return s.SandboxURL + "/api/v1" }

// Ended is closed when a part has ended. [Stack.Close] says why.
func (s *Stack) Ended() <-chan struct{} { return s.ended }

// Close stops the handler, the service and the sandbox, in this order, and returns what
// they failed with. The sandbox is last because the service may still be calling it.
func (s *Stack) Close() error {
	var errs []error
	for _, p := range slices.Backward(s.parts) {
		p.stop()
		errs = append(errs, <-p.ended)
	}
	s.parts = nil
	if s.sandbox != nil {
		s.sandbox.Close()
	}
	return errors.Join(errs...)
}

// run runs a part in the background until it is stopped.
func (s *Stack) run(ctx context.Context, f func(context.Context) error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := part{stop: stop, ended: make(chan error, 1)}
	s.parts = append(s.parts, p)
	go func() {
		p.ended <- f(ctx)
		s.failing.Do(func() { close(s.ended) })
	}()
}

// untilReady waits until the service takes events.
func (s *Stack) untilReady(ctx context.Context) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for !isReady(ctx, client, s.ServiceURL+"/readyz") {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the service: %w", ctx.Err())
		case <-s.ended:
			return errors.New("the service or the sandbox stopped while starting")
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

func isReady(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// listen takes an address. One that is taken and need not be exact is replaced by a free
// port of the same host.
func listen(address string, exact bool) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) && !exact {
		host, _, _ := net.SplitHostPort(address)
		listener, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	return listener, err
}
