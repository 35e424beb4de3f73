package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"

	"github.com/idemhq/idem/cmd/idem/internal/stack"
	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
)

// world is a sandbox, a service and a host application.
type world struct {
	*stack.Stack
	host *host
	data string // the service's folder
}

const token = "the-demo-reads-with-this"

// newWorld starts both with nothing in them.
func newWorld(ctx context.Context, logger *slog.Logger) (*world, error) {
	data, err := os.MkdirTemp("", "idem-demo-")
	if err != nil {
		return nil, err
	}
	secret := deliver.NewSecret()
	host, err := newHost(secret.Reveal())
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(data))
	}
	started, err := stack.Start(ctx, stack.Options{
		Sandbox: sandbox.Options{RateLimit: 100_000}, DataDir: data, APIToken: token, Logger: logger,
		NotificationsPath: hostPath, NotificationsSecret: secret,
		Handler: func(s *stack.Stack) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/", s.Service.Handler())
			mux.Handle("POST "+hostPath, host)
			return mux
		},
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(data))
	}
	return &world{started, host, data}, nil
}

func (w *world) close() error {
	return errors.Join(w.Close(), os.RemoveAll(w.data))
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
	status, b, err := fetch(ctx, "GET", w.ServiceURL+path, http.Header{"Authorization": {"Bearer " + token}}, nil)
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
	page, err := ask[listed[api.Action]](ctx, w, "/v1/sandbox/actions?details=true&object="+object)
	slices.Reverse(page.Data)
	return page.Data, err
}

// control uses the sandbox's own API.
func (w *world) control(ctx context.Context, method, path string, body any, out any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	status, answer, err := fetch(ctx, method, w.SandboxURL+"/_sandbox/"+path, nil, b)
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
	status, _, err := fetch(ctx, "POST", w.ServiceURL+"/webhooks/persona/sandbox", header, body)
	return status, err
}
