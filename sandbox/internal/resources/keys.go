package resources

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const maxKeyGrace = 30 * 24 * time.Hour // OpenAPI 2025-12-08

func keyOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"APIKeys.List": func(c *engine.Call) (*engine.Answer, error) {
			return c.List("api-key", func(r *storage.Resource) bool { return engine.OneOf(c.Filter("name"), r.Text("name")) })
		},
		"APIKeys.Get": func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("api-key") },
		"APIKeys.Create": func(c *engine.Call) (*engine.Answer, error) {
			key := c.Create("api-key", "api", map[string]any{
				"note": nil, "api-version": c.Render.Version, "api-key-inflection": "kebab", "permissions": []any{}, "ip-address-allowlist": []any{"*"},
				"api-attributes-blocklist": []any{}, "file-access-token-expires-in": float64(catalog.FileTokenLife), storage.SecretValue: NewKeyValue(c.Env),
			}, nil)
			if err := setKey(c, key); err != nil {
				return nil, err
			}
			return &engine.Answer{Status: 201, One: key, Extra: map[string]any{"value": key.Text(storage.SecretValue)}}, nil
		},
		"APIKeys.Update": func(c *engine.Call) (*engine.Answer, error) {
			key, err := c.Find("api-key")
			if err != nil {
				return nil, err
			}
			return &engine.Answer{One: key}, setKey(c, key)
		},
		"APIKeys.Clone": func(c *engine.Call) (*engine.Answer, error) {
			original := c.Get(c.IDs[0])
			if original == nil || original.Family() != "api-key" {
				return nil, engine.NotFound("")
			}
			attributes := original.Clone().Attributes
			attributes[storage.SecretValue] = NewKeyValue(c.Env)
			attributes["last-used-at"] = nil
			delete(attributes, "created-at")
			key := c.Create("api-key", "api", attributes, nil)
			return &engine.Answer{One: key, Extra: map[string]any{"value": key.Text(storage.SecretValue)}}, nil
		},
		"APIKeys.Expire": func(c *engine.Call) (*engine.Answer, error) {
			key, err := c.Find("api-key")
			if err != nil {
				return nil, err
			}
			after := seconds(c, "meta.expires-in-seconds")
			if after < 0 || after > maxKeyGrace {
				return nil, engine.BadRequest("meta.expires_in_seconds must be between 0 and 30 days")
			}
			key.Attributes["expires-at"] = simclock.Stamp(c.Now.Add(after))
			return &engine.Answer{One: key}, nil
		},
	}
}

// setKey takes over what a request writes into an API key.
func setKey(c *engine.Call, key *storage.Resource) error {
	for _, name := range []string{
		"name", "note", "api-version", "api-key-inflection", "api-attributes-blocklist", "ip-address-allowlist", "permissions", "file-access-token-expires-in",
	} {
		if value, given := engine.At(c.Body, "data.attributes."+name); given {
			key.Attributes[name] = value
		}
	}
	if key.Text("name") == "" {
		return engine.BadRequest("data.attributes.name must be filled")
	}
	if !slices.Contains(catalog.Versions(), key.Text("api-version")) {
		return engine.BadRequest("data.attributes.api_version is not a version")
	}
	if !slices.Contains([]string{"kebab", "snake", "camel"}, key.Text("api-key-inflection")) {
		return engine.BadRequest("data.attributes.api_key_inflection must be camel, kebab or snake")
	}
	if !within(key.Attributes["file-access-token-expires-in"], 1, maxFileTokenLife) {
		return engine.BadRequest("data.attributes.file_access_token_expires_in must be between 1 and 259200")
	}
	return nil
}

// NewKeyValue returns a key for the environment, in the form that real ones have.
func NewKeyValue(e *engine.Environment) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return fmt.Sprintf("persona_%s_%x-%x-%x-%x-%x", e.Name, b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
