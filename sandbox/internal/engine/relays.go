package engine

import (
	"encoding/json"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// relayEnvironment returns the environment of an anonymous call: that of its relay, or the
// one that the body names. The call gets an API key that may do everything.
func (e *Engine) relayEnvironment(r *request) (*Environment, *storage.Resource) {
	name := catalog.EnvironmentProduction
	if r.op.Name() == "Relays.GenerateClaim" {
		if e.environments[catalog.EnvironmentSandbox].Get(r.ids[0]) != nil {
			name = catalog.EnvironmentSandbox
		}
	} else {
		var body struct{ Sandbox bool }
		if json.Unmarshal(r.body, &body) == nil && body.Sandbox {
			name = catalog.EnvironmentSandbox
		}
	}
	return e.environments[name], &storage.Resource{Typ: "api-key", Attributes: map[string]any{"api-version": catalog.DefaultVersion, "api-key-inflection": "kebab"}}
}
