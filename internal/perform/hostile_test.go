package perform_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/perform"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// PostgreSQL rejects a string that is not UTF-8 or contains a NUL. The action could never
// be saved and would be performed forever.
func TestPersonasErrorsCanAlwaysBeStored(t *testing.T) {
	for name, answer := range map[string]struct{ body, requestID string }{
		"a long text is cut inside of a rune": {body: `{"errors":[{"title":"T","details":"` + strings.Repeat("é", 4<<10) + `"}]}`},
		"a title with a NUL":                  {body: `{"errors":[{"title":"a\u0000b"}]}`},
		"a request id that is not UTF-8":      {body: `{"errors":[{"title":"T"}]}`, requestID: "req_\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
			refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Request-Id", answer.requestID)
				w.WriteHeader(http.StatusUnprocessableEntity)
				_, _ = w.Write([]byte(answer.body))
			}))
			defer refusing.Close()
			client, err := persona.NewClient(persona.WithAPIKey("persona_sandbox_x"), persona.WithBaseURL(refusing.URL), persona.WithMaxRetries(0), persona.WithHTTPClient(refusing.Client()))
			if err != nil {
				t.Fatal(err)
			}
			reader := advance.Persona{Client: s.client, Environment: domain.Sandbox}
			performer := perform.New(s.outbox, map[domain.Environment]perform.Deps{domain.Sandbox: {Client: client, Reader: reader}}, telemetry.New(),
				slog.New(slog.DiscardHandler), func() time.Time { return s.now })
			if err := performer.Perform(t.Context(), domain.Sandbox, "axn_1"); err != nil {
				t.Fatal(err)
			}
			if s.action.State == domain.ActionWaiting && s.action.Attempts == 0 {
				t.Fatal("no call was made")
			}
			for what, text := range map[string]string{"said": s.action.Said, "outcome": s.action.Outcome, "request id": s.action.RequestID, "audit": s.entries[0].Detail} {
				if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
					t.Errorf("the %s cannot be stored: %q", what, text[max(0, len(text)-40):])
				}
			}
		})
	}
}
