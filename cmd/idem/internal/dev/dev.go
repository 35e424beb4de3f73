package dev

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/stack"
	"github.com/idemhq/idem/cmd/idem/internal/statuspage"
	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/serve"
)

// Where the two listen, unless something else does already.
const (
	serviceAddress = "127.0.0.1:8080"
	sandboxAddress = "127.0.0.1:8090"
)

// Token is what the service's API asks for. It guards what was made up at a sandbox,
// on this machine, and nothing else.
const Token = "dev"

// Flow is the name of the service's flow.
const Flow = stack.Flow

// Addresses are where the parts can be reached.
type Addresses struct {
	Service string // http://127.0.0.1:port; the status page is at its root
	Sandbox string
}

// Options say where everything is.
type Options struct {
	Data    string // the folder of the service's database; the sandbox keeps nothing
	Service string // host:port; "" for 127.0.0.1:8080, or a free port if that is taken
	Sandbox string // host:port; "" for 127.0.0.1:8090, or a free port if that is taken
	Logger  *slog.Logger

	Told func(notify.Notification) // called for every notification, as a host application is told; nil means not at all
}

// Run starts everything, calls ready once the service takes requests, and runs until the
// context ends or a part fails.
func Run(ctx context.Context, o Options, ready func(Addresses)) error {
	unlock, err := lock(o.Data)
	if err != nil {
		return err
	}
	defer unlock()
	secret := deliver.NewSecret()
	hook, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		return fmt.Errorf("prepare the receiver of notifications: %w", err)
	}
	var notifications string
	if o.Told != nil {
		notifications = receiverPath
	}
	running, err := stack.Start(ctx, stack.Options{
		ServiceAddress: cmp.Or(o.Service, serviceAddress), ServiceExact: o.Service != "",
		SandboxAddress: cmp.Or(o.Sandbox, sandboxAddress), SandboxExact: o.Sandbox != "",
		DataDir: o.Data, APIToken: Token, Logger: o.Logger,
		NotificationsPath: notifications, NotificationsSecret: secret,
		Handler: func(s *stack.Stack) http.Handler { return withPage(s, receiver{hook, o.Told}, o.Logger) },
	})
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil // it was stopped while it started
		}
		return err
	}
	ready(Addresses{Service: running.ServiceURL, Sandbox: running.SandboxURL})
	select {
	case <-ctx.Done():
	case <-running.Ended():
	}
	return running.Close()
}

// withPage puts the status page and the receiver of notifications before the service.
func withPage(s *stack.Stack, notifications http.Handler, logger *slog.Logger) http.Handler {
	service := remote.Client{URL: s.ServiceURL, Token: Token, Environment: string(domain.Sandbox)}
	page := statuspage.New(service, applicants{s.Client}, []statuspage.Address{
		{Name: "Service", URL: s.ServiceURL}, {Name: "Sandbox", URL: s.SandboxURL + "/_sandbox/", Page: true}, {Name: "Persona's API", URL: s.API()},
	}, logger)
	mux := http.NewServeMux()
	mux.Handle("/{$}", page)
	mux.Handle("/status/", page)
	mux.Handle("POST "+receiverPath, notifications)
	api := s.Service.Handler() // not in the mux, which would redirect what the service answers with 404
	return onlyHere(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" || r.URL.Path == receiverPath || strings.HasPrefix(r.URL.Path, "/status/") {
			mux.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	}))
}

// onlyHere refuses requests that were not addressed to this machine by a name that
// only it has: a page of another site whose name is made to lead here could otherwise
// read what the status page shows.
func onlyHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !serve.LoopbackHost(r) {
			http.Error(w, "use localhost or 127.0.0.1 to reach this server", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
