package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/idemhq/idem/persona/webhook"
)

func TestHandlerAnswers(t *testing.T) {
	private := errors.New("database is away")
	tests := []struct {
		name    string
		handler webhook.Handler
		change  func(*http.Request)
		body    io.Reader // the approved event when nil
		want    int
	}{
		{name: "200 when the function returns nil", want: 200},
		{name: "500 when the function fails, so that Persona tries again", handler: webhook.Handler{Secrets: []string{secret}}, change: func(r *http.Request) { *r = *r.WithContext(context.WithValue(r.Context(), failKey{}, private)) }, want: 500},
		{name: "401 without a signature", change: func(r *http.Request) { r.Header.Del(webhook.SignatureHeader) }, want: 401},
		{name: "401 for two signatures", change: func(r *http.Request) {
			r.Header.Add(webhook.SignatureHeader, r.Header.Get(webhook.SignatureHeader))
		}, want: 401},
		{name: "401 for another secret", handler: webhook.Handler{Secrets: []string{oldSecret}}, want: 401},
		{name: "401 for a changed body", body: strings.NewReader(strings.Replace(approved, "approved", "declined", 1)), want: 401},
		{name: "500 without a secret to check with", handler: webhook.Handler{Secrets: []string{""}}, want: 500},
		{name: "405 for a GET", change: func(r *http.Request) { r.Method = http.MethodGet }, want: 405},
		{name: "415 for a form", change: func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, want: 415},
		{name: "415 without a content type", change: func(r *http.Request) { r.Header.Del("Content-Type") }, want: 415},
		{name: "413 for more than a mebibyte", body: strings.NewReader(strings.Repeat(" ", webhook.MaxBody+1)), want: 413},
		{name: "400 for a body that breaks off", body: io.MultiReader(strings.NewReader(approved), iotest.ErrReader(io.ErrUnexpectedEOF)), want: 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			h := tt.handler
			if h.Secrets == nil {
				h.Secrets = []string{secret}
			}
			h.Options = []webhook.VerifyOption{webhook.WithTime(signedAt)}
			h.Logger = slog.New(slog.NewTextHandler(&log, nil))
			called := false
			h.On("inquiry.approved", func(ctx context.Context, e *webhook.Event) error {
				called = true
				err, _ := ctx.Value(failKey{}).(error)
				return err
			})
			payload := tt.body
			if payload == nil {
				payload = strings.NewReader(approved)
			}
			r := httptest.NewRequest(http.MethodPost, "/webhooks", payload)
			r.Header.Set("Content-Type", "application/json; charset=utf-8")
			r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(approved), signedAt, secret))
			if tt.change != nil {
				tt.change(r)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)

			if w.Code != tt.want {
				t.Errorf("status %d, want %d", w.Code, tt.want)
			}
			if allow := w.Header().Get("Allow"); (allow == "POST") != (tt.want == 405) {
				t.Errorf("Allow: %q with status %d", allow, w.Code)
			}
			if strings.Contains(w.Body.String(), "database") {
				t.Errorf("the answer tells what failed inside: %s", w.Body)
			}
			if (log.Len() > 0) != (tt.want != 200) {
				t.Errorf("log with status %d: %q", w.Code, log.String())
			}
			noLeak(t, errors.New(log.String()), secret, oldSecret, "acme-user-1", "Ada")
			if reached := tt.want == 200 || strings.Contains(log.String(), private.Error()); called != reached {
				t.Errorf("function called: %v with status %d", called, w.Code)
			}
		})
	}
}

type failKey struct{}

func TestHandlerRejectsASignedBodyThatIsNotAnEvent(t *testing.T) {
	h := &webhook.Handler{Secrets: []string{secret}}
	h.Otherwise(func(context.Context, *webhook.Event) error { t.Error("called"); return nil })
	for _, body := range []string{`{"hello":1}`, `{`, strings.Repeat("[", 100_000)} {
		if got := deliver(h, body); got != http.StatusBadRequest {
			t.Errorf("status %d for %.20q, want 400", got, body)
		}
	}
}

func TestHandlerRoutesByName(t *testing.T) {
	h := &webhook.Handler{Secrets: []string{secret}}
	var got []string
	note := func(route string) webhook.Func {
		return func(_ context.Context, e *webhook.Event) error {
			got = append(got, route+" "+string(e.Name)+" "+e.ID)
			return nil
		}
	}
	h.On("inquiry.approved", note("replaced"))
	h.On("inquiry.approved", note("approved"))
	h.On("sar.filed", note("sar"))
	if status := deliver(h, named("case.created")); status != 200 {
		t.Errorf("status %d for an event without a function, want 200", status)
	}
	h.Otherwise(note("otherwise"))
	for _, name := range []string{"inquiry.approved", "sar.filed", "case.created", "not-invented.yet"} {
		if status := deliver(h, named(name)); status != 200 {
			t.Errorf("status %d for %s, want 200", status, name)
		}
	}
	want := "approved inquiry.approved evt_1, sar sar.filed evt_1, otherwise case.created evt_1, otherwise not-invented.yet evt_1"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("called: %s\nwant:   %s", s, want)
	}
}

func named(name string) string { return event(`"name":"` + name + `"`) }

// deliver posts a body as Persona does and returns the status.
func deliver(h http.Handler, body string) int {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), time.Now(), secret))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}
