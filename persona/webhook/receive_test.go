package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/idemhq/idem/persona/webhook"
)

func TestReceiveReturnsTheEventOrTheStatus(t *testing.T) {
	for name, test := range map[string]struct {
		secrets []string
		change  func(*http.Request)
		body    string // the body; the approved event if empty
		status  int
		want    error // wrapped by the error
	}{
		"a signed event":              {status: 200},
		"signed with the old secret":  {secrets: []string{oldSecret, secret}, status: 200},
		"no signature":                {change: func(r *http.Request) { r.Header.Del(webhook.SignatureHeader) }, status: 401, want: webhook.ErrMissing},
		"a changed body":              {body: strings.Replace(approved, "approved", "declined", 1), status: 401, want: webhook.ErrMismatch},
		"no secret":                   {secrets: []string{}, status: 500, want: webhook.ErrNoSecret},
		"a GET":                       {change: func(r *http.Request) { r.Method = http.MethodGet }, status: 405},
		"a form":                      {change: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, status: 415},
		"a body of more than MaxBody": {body: strings.Repeat(" ", webhook.MaxBody+1), status: 413},
	} {
		t.Run(name, func(t *testing.T) {
			body := approved
			if test.body != "" {
				body = test.body
			}
			secrets := test.secrets
			if secrets == nil {
				secrets = []string{secret}
			}
			r := httptest.NewRequest(http.MethodPost, "/webhooks", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(approved), signedAt, secret))
			if test.change != nil {
				test.change(r)
			}
			e, err := webhook.Receive(r, secrets, webhook.WithTime(signedAt))
			if got := webhook.StatusOf(err); got != test.status {
				t.Errorf("answers with %d, want %d: %v", got, test.status, err)
			}
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if (e != nil) != (test.status == 200) || e != nil && (e.Name != "inquiry.approved" || string(e.Raw) != approved) {
				t.Errorf("event %v", e)
			}
		})
	}
}

func TestASignedBodyThatIsNotAnEventIsABadRequest(t *testing.T) {
	const body = `{"data":[]}`
	r := httptest.NewRequest(http.MethodPost, "/webhooks", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), signedAt, secret))
	_, err := webhook.Receive(r, []string{secret}, webhook.WithTime(signedAt))
	var bad *webhook.BodyError
	if !errors.As(err, &bad) || webhook.StatusOf(err) != 400 {
		t.Errorf("answers with %d: %v", webhook.StatusOf(err), err)
	}
}

func TestTheStatusOfAnyOtherErrorIs500(t *testing.T) {
	refused := fmt.Errorf("receive: %w", &webhook.RequestError{Status: 415, Err: errors.New("x")})
	if got := webhook.StatusOf(refused); got != 415 {
		t.Errorf("a wrapped refusal has the status %d", got)
	}
	if got := webhook.StatusOf(errors.New("the database is away")); got != 500 {
		t.Errorf("another error has the status %d", got)
	}
}

// A function's error that wraps the rejection of another request must not end the delivery.
func TestAnyErrorOfAFunctionIsA500(t *testing.T) {
	h := webhook.Handler{Secrets: []string{secret}, Options: []webhook.VerifyOption{webhook.WithTime(signedAt)}}
	h.Otherwise(func(context.Context, *webhook.Event) error {
		return &webhook.RequestError{Status: 200, Err: errors.New("x")}
	})
	r := httptest.NewRequest(http.MethodPost, "/webhooks", strings.NewReader(approved))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(approved), signedAt, secret))
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 500 {
		t.Errorf("status %d, want 500", w.Code)
	}
}
