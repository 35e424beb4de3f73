package engine

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Relays answer one question about a person, such as "over 18?", to someone who paid
// for the answer with a privacy pass, and who cannot be told from others who paid
// (Persona docs: Relay overview). passes.go has the passes.

const (
	privacyBase = "/api/privacy/v1" // where relays are (OpenAPI 2025-12-08)

	RelayTime = time.Second // until a relay has its result

	RelaySecret = "_secret"
	RelayClaim  = "_claim-type"
	RelayResult = "_result" // passed or failed
	RelayPEM    = "_encryption-key-pem"
)

// relayEnvironment is where an anonymous call belongs: to the environment of its relay,
// or to the one that it names. It is called with an API key that may do everything.
func (s *Engine) relayEnvironment(op *persona.Operation, ids []string, body []byte) (*Environment, *storage.Resource) {
	name := "production"
	if op.Name() == "Relays.GenerateClaim" {
		if s.Environments["sandbox"].Get(ids[0]) != nil {
			name = "sandbox"
		}
	} else {
		var told struct{ Sandbox bool }
		if json.Unmarshal(body, &told) == nil && told.Sandbox {
			name = "sandbox"
		}
	}
	return s.Environments[name], &storage.Resource{Typ: "api-key", Attributes: map[string]any{"api-version": catalog.DefaultVersion, "api-key-inflection": "kebab"}}
}

// anonymous reports whether an operation takes no API key.
func anonymous(op *persona.Operation) bool { return op != nil && op.Service == "Relays" }

// withoutBase returns the path of an operation below its base. Relays have a
// base of their own, and nothing else is there.
func withoutBase(r *http.Request) (path string, private bool) {
	if path, private = strings.CutPrefix(r.URL.Path, privacyBase); private {
		return path, true
	}
	return strings.TrimPrefix(r.URL.Path, "/api/v1"), false
}
