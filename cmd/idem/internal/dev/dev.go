package dev

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/statuspage"
	"github.com/idemhq/idem/internal/serve"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
	"github.com/idemhq/idem/service"
)

// Where the two listen, unless something else does already.
const (
	serviceAddress = "127.0.0.1:8080"
	sandboxAddress = "127.0.0.1:8090"
)

// Token is what the service's API asks for. It guards what was made up at a sandbox,
// on this machine, and nothing else.
const Token = "dev"

// Addresses are where the parts can be reached.
type Addresses struct {
	Service string // http://127.0.0.1:port; the status page is at its root
	Sandbox string
}

// Run starts everything, calls ready once it takes requests, and runs until the
// context ends or a part fails. The service keeps its rows in the folder data; the
// sandbox keeps nothing.
func Run(ctx context.Context, data string, logger *slog.Logger, ready func(Addresses)) (err error) {
	unlock, err := lock(ctx, data)
	if err != nil {
		return err
	}
	defer unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	sb, err := sandbox.New(sandbox.Options{})
	if err != nil {
		return fmt.Errorf("make the sandbox: %w", err)
	}
	defer sb.Close()
	sandboxListener, err := listen(sandboxAddress)
	if err != nil {
		return err
	}
	// The sandbox outlives the service, which may still be calling it.
	serving, stopSandbox := context.WithCancel(context.WithoutCancel(ctx))
	sandboxEnded := make(chan error, 1)
	go func() {
		defer cancel()
		sandboxEnded <- serve.HTTP(serving, sandboxListener, sb)
	}()
	defer func() {
		stopSandbox()
		err = errors.Join(err, <-sandboxEnded)
	}()

	// The service's address is taken before there is a service: its webhook needs the
	// address, and it needs the webhook's secret.
	listener, err := listen(serviceAddress)
	if err != nil {
		return err
	}
	at := Addresses{Service: "http://" + listener.Addr().String(), Sandbox: "http://" + sandboxListener.Addr().String()}
	handler, run, err := assemble(ctx, at, listener.Addr().String(), data, logger)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	// The handler stops before the service does: what it answered with 200 is stored.
	running, stopService := context.WithCancel(context.WithoutCancel(ctx))
	defer stopService()
	ended := make(chan error, 1)
	go func() {
		defer cancel()
		ended <- run(running)
	}()
	told := make(chan struct{})
	go func() {
		defer close(told)
		if untilReady(ctx, at.Service) {
			ready(at)
		}
	}()
	served := serve.HTTP(ctx, listener, handler)
	cancel()
	<-told
	stopService()
	return errors.Join(served, <-ended)
}

// assemble makes the service, with the status page before it, and what runs it.
func assemble(ctx context.Context, at Addresses, address, data string, logger *slog.Logger) (http.Handler, func(context.Context) error, error) {
	api := at.Sandbox + "/api/v1"
	client, err := persona.NewClient(persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(api), persona.WithEnvironment(persona.Sandbox))
	if err != nil {
		return nil, nil, fmt.Errorf("make a client of the sandbox: %w", err)
	}
	secret, err := subscribe(ctx, client, at.Service+"/webhooks/persona/sandbox")
	if err != nil {
		return nil, nil, fmt.Errorf("register the service's webhook at the sandbox: %w", err)
	}
	s, err := service.New(ctx, service.Config{
		Listen: address, DataDir: data, APIToken: Token, LogLevel: "info", LogFormat: "text",
		Environments: map[service.Environment]service.EnvironmentConfig{
			service.Sandbox: {APIKey: sandbox.SandboxKey, BaseURL: api, WebhookSecrets: []service.Secret{service.Secret(secret)}},
		},
	}, logger)
	if err != nil {
		return nil, nil, err
	}
	page := statuspage.New(s.Store(), s, applicants{client}, []statuspage.Address{
		{Name: "Service", URL: at.Service}, {Name: "Sandbox", URL: at.Sandbox + "/_sandbox/", Page: true}, {Name: "Persona's API", URL: api},
	}, logger)
	mux := http.NewServeMux()
	mux.Handle("/", s.Handler())
	mux.Handle("/{$}", page)
	mux.Handle("/status/", page)
	return onlyHere(mux), s.Run, nil
}

// onlyHere refuses requests that were not addressed to this machine by a name that
// only it has: a page of another site whose name is made to lead here could otherwise
// read what the status page shows.
func onlyHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this is reached as localhost or 127.0.0.1 only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// subscribe registers and enables a webhook for every event, and returns its secret.
func subscribe(ctx context.Context, client *persona.Client, url string) (secret string, err error) {
	hook, err := client.Webhooks.Create(ctx, persona.WebhookCreateParams{
		Name: persona.Set("idem dev"), URL: persona.Set(url), EnabledEvents: persona.Set([]string{"*"}),
	})
	if err != nil {
		return "", err
	}
	_, err = client.Webhooks.Enable(ctx, hook.ID)
	return hook.Attributes.Secret, err
}

// listen takes an address, or a free port of the same host when it is taken.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		host, _, _ := net.SplitHostPort(address)
		listener, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	return listener, err
}

// untilReady waits until the service takes events, or the context ends.
func untilReady(ctx context.Context, url string) bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for ctx.Err() == nil {
		if is(ctx, client, url+"/readyz") {
			return true
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	return false
}

func is(ctx context.Context, client *http.Client, url string) bool {
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
