package resources

import (
	"time"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const maxKeyGrace = 30 * 24 * time.Hour // OpenAPI 2025-12-08

func keyOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"APIKeys.List":   list("api-key", "name"),
		"APIKeys.Get":    engine.Get("api-key"),
		"APIKeys.Create": createKey,
		"APIKeys.Update": edit("api-key", setKey),
		"APIKeys.Clone": func(c *engine.Call) (*engine.Answer, error) {
			attributes, err := cloned(c, "api-key")
			if err != nil {
				return nil, err
			}
			attributes[storage.SecretValue], attributes["last-used-at"] = NewKeyValue(c.Env), nil
			return &engine.Answer{One: c.Create("api-key", "api", attributes, nil), Extra: map[string]any{"value": attributes[storage.SecretValue]}}, nil
		},
		"APIKeys.Expire": edit("api-key", func(c *engine.Call, key *storage.Resource) error {
			after := seconds(c, "meta.expires-in-seconds")
			if after < 0 || after > maxKeyGrace {
				return engine.BadRequest("meta.expires_in_seconds must be between 0 and 30 days")
			}
			key.Attributes["expires-at"] = simclock.Stamp(c.Now.Add(after))
			return nil
		}),
	}
}

func createKey(c *engine.Call) (*engine.Answer, error) {
	key := c.Create("api-key", "api", map[string]any{
		"note": nil, "api-version": c.Version(), "api-key-inflection": "kebab", "permissions": []any{}, "ip-address-allowlist": []any{"*"},
		"api-attributes-blocklist": []any{}, "file-access-token-expires-in": float64(catalog.FileTokenLife), storage.SecretValue: NewKeyValue(c.Env),
	}, nil)
	if err := setKey(c, key); err != nil {
		return nil, err
	}
	return &engine.Answer{Status: 201, One: key, Extra: map[string]any{"value": key.Text(storage.SecretValue)}}, nil
}

// setKey sets the attributes of a request.
func setKey(c *engine.Call, key *storage.Resource) error {
	copyGiven(c, key, "name", "note", "api-version", "api-key-inflection", "api-attributes-blocklist", "ip-address-allowlist", "permissions", "file-access-token-expires-in")
	if key.Text("name") == "" {
		return engine.BadRequest("data.attributes.name must be filled")
	}
	return checkFormat(key)
}

// NewKeyValue returns the value of a new API key of an environment, in Persona's form.
func NewKeyValue(e *engine.Environment) string { return "persona_" + e.Name + "_" + newUUID() }
