package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const (
	// keyHeader is the header with which a client repeats a request safely.
	keyHeader = "Idempotency-Key"

	keyLife = 24 * time.Hour // how long keys and answers are kept

	// A request with a key is finished even if the client leaves, within handleTime. After
	// staleAfter another request may take over, since the process is gone.
	handleTime = time.Minute
	staleAfter = 2 * time.Minute
)

// Metadata of operations: how a repeated request is answered.
const (
	metaSecret = "answer has a secret"
	metaAgain  = "handled again"
)

// answersSecret marks an operation whose answer has a secret, which must not be stored.
func answersSecret(o *huma.Operation) { mark(o, metaSecret) }

// handledAgain marks an operation that is safe to repeat, and whose answer is of use once.
func handledAgain(o *huma.Operation) { mark(o, metaAgain) }

func mark(o *huma.Operation, what string) {
	if o.Metadata == nil {
		o.Metadata = map[string]any{}
	}
	o.Metadata[what] = true
}

// repeatable answers a POST whose key was used before as it was answered then. Only answers
// without an error are stored: after an error the same key can be used again.
func (s *server) repeatable(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	keys := r.Header.Values(keyHeader)
	if ctx.Method() != http.MethodPost || len(keys) == 0 {
		next(ctx)
		return
	}
	key := keys[0]
	if len(keys) > 1 {
		writeProblem(ctx, problem(invalidRequest, "a request has one idempotency key", ProblemField{"header." + keyHeader, "given more than once"}))
		return
	}
	if !domain.PlausibleID(key) { // an empty key would not protect anything
		writeProblem(ctx, problem(invalidRequest, "the idempotency key must have at most 200 printable characters of ASCII without spaces", ProblemField{"header." + keyHeader, "not a key"}))
		return
	}
	body, err := io.ReadAll(r.Body) // it was received
	if err != nil {
		writeProblem(ctx, unreadable(err))
		return
	}
	request := store.Request{Token: tokenOf(ctx.Context()).ID, Key: key, Hash: hashOf(r, body), Holder: requestID(ctx.Context())}
	now := s.Now()
	again := ctx.Operation().Metadata[metaAgain] == true
	stored, begun, err := s.Store.BeginRequest(ctx.Context(), request, now, now.Add(-staleAfter), now.Add(-keyLife))
	switch {
	case err != nil:
		writeProblem(ctx, s.unavailable(ctx.Context(), err))
	case again && stored.Hash == request.Hash:
		r.Body = io.NopCloser(bytes.NewReader(body))
		next(humago.NewContext(ctx.Operation(), r.WithContext(ctx.Context()), w))
	case !begun:
		repeat(ctx, request, stored)
	default:
		s.handleOnce(ctx, r, w, body, request, next)
	}
}

// hashOf identifies what is requested.
func hashOf(r *http.Request, body []byte) string {
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// repeat answers a request whose key is known.
func repeat(ctx huma.Context, request, stored store.Request) {
	switch {
	case stored.Hash != request.Hash:
		writeProblem(ctx, problem(keyReused, "the key belongs to another request: use a new one"))
	case stored.Status == 0:
		ctx.SetHeader("Retry-After", "1")
		writeProblem(ctx, problem(requestInProgress, "the first request with this key is not answered yet: repeat this one after a second"))
	case ctx.Operation().Metadata[metaSecret] == true:
		writeProblem(ctx, problem(secretShown, "the request with this key succeeded, and its secret was shown then: if you did not receive it, replace what was created"))
	default:
		ctx.SetHeader("Idempotent-Replayed", "true")
		ctx.SetHeader("Content-Type", "application/json")
		ctx.SetStatus(stored.Status)
		_, _ = io.WriteString(ctx.BodyWriter(), stored.Answer) // the client may have disconnected
	}
}

// handleOnce handles a request and stores its answer.
func (s *server) handleOnce(ctx huma.Context, r *http.Request, w http.ResponseWriter, body []byte, request store.Request, next func(huma.Context)) {
	handling, cancel := context.WithTimeout(context.WithoutCancel(ctx.Context()), handleTime)
	defer cancel()
	r = r.WithContext(context.WithValue(handling, idempotencyKey, request))
	r.Body = io.NopCloser(bytes.NewReader(body))
	held := hold(ctx, r, w, next)
	var err error
	if held.status >= http.StatusBadRequest {
		err = s.Store.ForgetRequest(handling, request)
	} else {
		request.Status, request.Answer = max(held.status, http.StatusOK), held.body.String()
		if ctx.Operation().Metadata[metaSecret] == true {
			request.Answer = ""
		}
		err = s.Store.FinishRequest(handling, request)
	}
	if err != nil {
		s.Logger.ErrorContext(handling, "saving the answer to an idempotency key failed; the request can be repeated in two minutes", "request", request.Holder, "error", err)
	}
	held.send()
}

// requestOf returns the request with an idempotency key that is handled, if it has one.
func requestOf(ctx context.Context) (store.Request, bool) {
	r, ok := ctx.Value(idempotencyKey).(store.Request)
	return r, ok
}
