package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
	"github.com/idemhq/idem/service"
)

// world is a sandbox and a service, each behind an address of its own.
type world struct {
	sandbox string // http://127.0.0.1:port
	service string
	client  *persona.Client // of the sandbox environment
	hook    string          // the webhook's id
	secret  string
	running *service.Service
	close   func()
}

const token = "the-demo-reads-with-this"

// newWorld starts both with nothing in them, and subscribes the service to the
// sandbox's events.
func newWorld(ctx context.Context, logger *slog.Logger) (_ *world, err error) {
	var closers []func()
	closeAll := func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	defer func() {
		if err != nil {
			closeAll()
		}
	}()
	sb, err := sandbox.New(sandbox.Options{RateLimit: 100_000})
	if err != nil {
		return nil, err
	}
	closers = append(closers, sb.Close)
	w := &world{close: closeAll}
	var stop func()
	if w.sandbox, stop, err = serve(sb); err != nil {
		return nil, err
	}
	closers = append(closers, stop)
	w.client, err = persona.NewClient(persona.WithAPIKey(sandbox.SandboxKey), persona.WithBaseURL(w.sandbox+"/api/v1"), persona.WithEnvironment(persona.Sandbox))
	if err != nil {
		return nil, err
	}
	// The service's address must be known before its webhook is made, and the
	// webhook's secret before the service: the handler is filled in last.
	var handler swapped
	if w.service, stop, err = serve(&handler); err != nil {
		return nil, err
	}
	closers = append(closers, stop)
	hook, err := w.client.Webhooks.Create(ctx, persona.WebhookCreateParams{
		Name: persona.Set("demo"), URL: persona.Set(w.service + "/webhooks/persona/sandbox"), EnabledEvents: persona.Set([]string{"*"}),
	})
	if err != nil {
		return nil, err
	}
	if _, err := w.client.Webhooks.Enable(ctx, hook.ID); err != nil {
		return nil, err
	}
	w.hook, w.secret = hook.ID, hook.Attributes.Secret
	data, err := os.MkdirTemp("", "idem-demo-")
	if err != nil {
		return nil, err
	}
	closers = append(closers, func() { os.RemoveAll(data) })
	w.running, err = service.New(ctx, service.Config{
		Listen: strings.TrimPrefix(w.service, "http://"), DataDir: data, APIToken: token, LogLevel: "info", LogFormat: "text",
		Environments: map[service.Environment]service.EnvironmentConfig{
			service.Sandbox: {APIKey: sandbox.SandboxKey, BaseURL: w.sandbox + "/api/v1", WebhookSecrets: []service.Secret{service.Secret(w.secret)}},
		},
	}, logger)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := w.running.Run(ctx); err != nil {
			logger.Error("the service ended", "error", err)
		}
	}()
	closers = append(closers, func() { cancel(); <-ended })
	handler.set(w.running.Handler())
	return w, w.until(ctx, "the service is ready", func() (bool, error) {
		status, _, err := fetch(ctx, "GET", w.service+"/readyz", nil, nil)
		return status == http.StatusOK, err
	})
}

// serve serves a handler on a free port of this machine.
func serve(h http.Handler) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) // ends with stop
	return "http://" + listener.Addr().String(), func() { server.Close() }, nil
}

// swapped is a handler that is known later than its address.
type swapped struct{ handler atomic.Pointer[http.Handler] }

func (s *swapped) set(h http.Handler) { s.handler.Store(&h) }

func (s *swapped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h := s.handler.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	http.Error(w, "the service is starting", http.StatusServiceUnavailable)
}

// until waits until something holds, for ten seconds at the most.
func (w *world) until(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		ok, err := holds()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			if err == nil {
				err = ctx.Err()
			}
			return fmt.Errorf("it did not come to be that %s: %w", what, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// fetch makes a request and returns the answer's status and body.
func fetch(ctx context.Context, method, url string, header http.Header, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if header != nil {
		req.Header = header
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, b, err
}

// ask reads from the service's API.
func ask[T any](ctx context.Context, w *world, path string) (T, error) {
	var out T
	status, b, err := fetch(ctx, "GET", w.service+path, http.Header{"Authorization": {"Bearer " + token}}, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET %s: %d", path, status)
	}
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	return out, err
}

type listed[T any] struct{ Data []T }

// actions are the actions on an object, oldest first.
func (w *world) actions(ctx context.Context, object string) ([]api.Action, error) {
	page, err := ask[listed[api.Action]](ctx, w, "/v1/sandbox/actions?object="+object)
	slices.Reverse(page.Data)
	return page.Data, err
}

// control uses the sandbox's own API.
func (w *world) control(ctx context.Context, method, path string, body any, out any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	status, answer, err := fetch(ctx, method, w.sandbox+"/_sandbox/"+path, nil, b)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s /_sandbox/%s: %d %s", method, path, status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// deliver posts an event to the service as Persona would.
func (w *world) deliver(ctx context.Context, body []byte, signature string) (int, error) {
	header := http.Header{"Content-Type": {"application/json"}}
	if signature != "" {
		header.Set(webhook.SignatureHeader, signature)
	}
	status, _, err := fetch(ctx, "POST", w.service+"/webhooks/persona/sandbox", header, body)
	return status, err
}
