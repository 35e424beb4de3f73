package api_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/verify"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// verifying is an API that verifies people at a sandbox.
type verifying struct {
	*world
	sandbox *sandbox.Server
}

func newVerifying(t *testing.T) verifying {
	v := verifying{&world{T: t, db: newDatabase(t), now: start()}, sandbox.NewServer(t, sandbox.Options{RateLimit: 10_000})}
	v.as(v.sandbox.Client(persona.WithMaxRetries(0)))
	return v
}

// as makes the API use a client of Persona's.
func (v verifying) as(client *persona.Client) {
	flow := verify.Flow{Name: "kyc", Template: sandbox.InquiryTemplateID}.WithDefaults()
	settings := map[domain.Environment]verify.Settings{domain.Sandbox: {Client: client, Flows: []verify.Flow{flow}, Verdicts: fold.VerdictRules{}}}
	v.mux = http.NewServeMux()
	api.Register(v.mux, api.Deps{
		Store: v.db, Environments: []domain.Environment{domain.Sandbox}, Token: "token", Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return v.now },
		Verifier: verify.New(v.db, settings, slog.New(slog.DiscardHandler), func() time.Time { return v.now }),
	})
}

// other is the same API with another client of Persona's.
func (v verifying) other(options ...persona.Option) verifying {
	copied := *v.world
	o := verifying{&copied, v.sandbox}
	o.as(v.sandbox.Client(append([]persona.Option{persona.WithMaxRetries(0)}, options...)...))
	return o
}

// without is the same API with a key that lacks a permission at Persona.
func (v verifying) without(permission string) verifying {
	v.Helper()
	key, err := v.sandbox.Client().APIKeys.Create(v.Context(), persona.APIKeyCreateParams{Name: "limited", APIKeyInflection: persona.Set("kebab")})
	if err != nil {
		v.Fatal(err)
	}
	all := []string{"account.read", "account.write", "inquiry.read", "inquiry.write"}
	var some []string
	for _, p := range all {
		if p != permission {
			some = append(some, p)
		}
	}
	if _, err := v.sandbox.Client().APIKeys.Update(v.Context(), key.ID, persona.APIKeyUpdateParams{Permissions: persona.Set(some)}); err != nil {
		v.Fatal(err)
	}
	return v.other(persona.WithAPIKey(key.Attributes.Value))
}

// expired is the same API with a key that has expired at Persona.
func (v verifying) expired() verifying {
	v.Helper()
	key, err := v.sandbox.Client().APIKeys.Create(v.Context(), persona.APIKeyCreateParams{Name: "old", APIKeyInflection: persona.Set("kebab")})
	if err == nil {
		_, err = v.sandbox.Client().APIKeys.Expire(v.Context(), key.ID, persona.APIKeyExpireParams{ExpiresInSeconds: 1})
	}
	if err != nil {
		v.Fatal(err)
	}
	v.sandbox.Advance(time.Minute)
	return v.other(persona.WithAPIKey(key.Attributes.Value))
}

// panicking is the same API with a client that panics.
func (v verifying) panicking() verifying {
	return v.other(persona.WithMiddleware(func(persona.Doer) persona.Doer {
		return func(*http.Request) (*http.Response, error) { panic("a surprise") }
	}))
}

// late is the answer to a request whose body does not arrive. With -short it is nil, because
// it takes five seconds.
func late(w *world) *httptest.ResponseRecorder {
	w.Helper()
	if testing.Short() {
		return nil
	}
	return overTCP(w, "POST /v1/sandbox/replay HTTP/1.1\r\nHost: idem\r\nAuthorization: Bearer token\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{")
}

// overTCP sends the bytes of a request over a connection, and leaves the connection open.
func overTCP(w *world, request string) *httptest.ResponseRecorder {
	w.Helper()
	server := httptest.NewServer(w.mux)
	defer server.Close()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		w.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, request); err != nil {
		w.Fatal(err)
	}
	_ = connection.SetReadDeadline(time.Now().Add(time.Minute))
	res, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	got := httptest.NewRecorder()
	for name, values := range res.Header {
		got.Header()[name] = values
	}
	got.WriteHeader(res.StatusCode)
	if _, err := io.Copy(got, res.Body); err != nil {
		w.Fatal(err)
	}
	return got
}

func TestAKeyThatPersonaRefusesIsNamed(t *testing.T) {
	v := newVerifying(t)
	for name, refused := range map[string]verifying{"a key without a permission": v.without("inquiry.write"), "an expired key": v.expired()} {
		got := refused.call("token", "POST", "/v1/sandbox/verifications", `{"reference":"user-1","flow":"kyc"}`)
		if got.Code != 502 || !strings.Contains(got.Body.String(), "/problems/persona-refuses-key") || !strings.Contains(got.Body.String(), "idem doctor") {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	if got := v.call("token", "POST", "/v1/sandbox/verifications", `{"reference":"user-1","flow":"kyc"}`); got.Code != 200 {
		t.Errorf("with a good key: %d %s", got.Code, got.Body)
	}
}

// The time limit of the body must not end the work on a request: Persona can be slow.
func TestARequestMayTakeLongerThanItsBody(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	const links = "/VERIFICATION/links"
	for name, call := range map[string]struct{ path, body string }{
		"without a body":                       {links, ""},
		"with a body that is not needed":       {links, "{}"},
		"with a body that the operation reads": {"", `{"reference":"user-1","flow":"kyc"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVerifying(t)
			var made api.Verified
			v.want(200, &made, "POST", "/v1/sandbox/verifications", `{"reference":"user-1","flow":"kyc"}`)
			slow := v.other(persona.WithMiddleware(func(next persona.Doer) persona.Doer {
				return func(r *http.Request) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, "/generate-one-time-link") {
						select {
						case <-time.After(6 * time.Second): // longer than a body may take
						case <-r.Context().Done():
						}
					}
					return next(r)
				}
			}))
			got := overTCP(slow.world, fmt.Sprintf("POST /v1/sandbox/verifications%s HTTP/1.1\r\nHost: idem\r\nAuthorization: Bearer token\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", strings.Replace(call.path, "VERIFICATION", made.ID, 1), len(call.body), call.body))
			if got.Code != 200 || !strings.Contains(got.Body.String(), `"link":`) {
				t.Errorf("answered %d %s", got.Code, got.Body)
			}
		})
	}
}

// With an idempotency key, a body must also arrive in time.
func TestABodyWithAKeyMustArriveInTime(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes five seconds")
	}
	t.Parallel()
	got := overTCP(newWorld(t), "POST /v1/sandbox/replay HTTP/1.1\r\nHost: idem\r\nAuthorization: Bearer token\r\nIdempotency-Key: one\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{")
	if got.Code != 408 || !strings.Contains(got.Body.String(), "/problems/request-timeout") {
		t.Errorf("answered %d %s", got.Code, got.Body)
	}
}

// A body that cannot be read is a mistake of the client, not of the service.
func TestABodyThatCannotBeReadIsMalformed(t *testing.T) {
	w := newWorld(t)
	got := overTCP(w, "POST /v1/sandbox/replay HTTP/1.1\r\nHost: idem\r\nAuthorization: Bearer token\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")
	if got.Code != 400 || !strings.Contains(got.Body.String(), "/problems/malformed-request") {
		t.Errorf("answered %d %s", got.Code, got.Body)
	}
}

// A handler that panics is answered and logged, without the values of the request.
func TestAPanicIsAnsweredAsAnInternalError(t *testing.T) {
	db := newDatabase(t)
	var log bytes.Buffer
	w := &world{T: t, db: db, mux: http.NewServeMux(), now: start()}
	api.Register(w.mux, api.Deps{
		Store: db, Environments: []domain.Environment{domain.Sandbox}, Token: "token", Logger: slog.New(slog.NewTextHandler(&log, nil)), Now: start,
		Explain: func(domain.Environment, domain.Decision) (string, []policy.Trial, error) {
			panic(errors.New("a surprise"))
		},
	})
	w.save(store.Advance{Decisions: []domain.Decision{{
		Environment: domain.Sandbox, ID: "dec_1", Object: domain.Ref{Type: "inquiry", ID: "inq_1"}, Result: domain.Decided, Facts: json.RawMessage(`{}`), DecidedAt: start(),
	}}})
	got := w.call("token", "GET", "/v1/sandbox/decisions/dec_1/explanation", "")
	var p api.Problem
	if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || got.Code != 500 || p.Type != "/problems/internal-error" || strings.Contains(got.Body.String(), "surprise") {
		t.Errorf("answered %d %s, error %v", got.Code, got.Body, err)
	}
	if id := got.Header().Get("X-Request-Id"); id == "" || !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "a surprise") {
		t.Errorf("the log of request %q: %s", id, log.String())
	}
	if got := w.call("token", "GET", "/v1/sandbox/decisions/dec_1", ""); got.Code != 200 {
		t.Errorf("the next request: %d %s", got.Code, got.Body)
	}
}
