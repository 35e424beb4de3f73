package sandbox

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"
)

const maxKeyGrace = 30 * 24 * time.Hour // OpenAPI 2025-12-08

func keyOperations() map[string]operation {
	return map[string]operation{
		"APIKeys.List": func(c *call) (*answer, error) {
			return c.list("api-key", func(r *resource) bool { return oneOf(c.filter("name"), r.text("name")) })
		},
		"APIKeys.Get": func(c *call) (*answer, error) { return c.answerFound("api-key") },
		"APIKeys.Create": func(c *call) (*answer, error) {
			key := c.create("api-key", "api", map[string]any{
				"note": nil, "api-version": c.form.version, "api-key-inflection": "kebab", "permissions": []any{}, "ip-address-allowlist": []any{"*"},
				"api-attributes-blocklist": []any{}, "file-access-token-expires-in": float64(fileTokenLife), secretValue: c.env.newKeyValue(),
			}, nil)
			if err := c.setKey(key); err != nil {
				return nil, err
			}
			return &answer{status: 201, one: key, extra: map[string]any{"value": key.text(secretValue)}}, nil
		},
		"APIKeys.Update": func(c *call) (*answer, error) {
			key, err := c.find("api-key")
			if err != nil {
				return nil, err
			}
			return &answer{one: key}, c.setKey(key)
		},
		"APIKeys.Clone": func(c *call) (*answer, error) {
			original := c.get(c.ids[0])
			if original == nil || original.family() != "api-key" {
				return nil, notFound("")
			}
			attributes := original.clone().attributes
			attributes[secretValue] = c.env.newKeyValue()
			attributes["last-used-at"] = nil
			delete(attributes, "created-at")
			key := c.create("api-key", "api", attributes, nil)
			return &answer{one: key, extra: map[string]any{"value": key.text(secretValue)}}, nil
		},
		"APIKeys.Expire": func(c *call) (*answer, error) {
			key, err := c.find("api-key")
			if err != nil {
				return nil, err
			}
			after := c.seconds("meta.expires-in-seconds")
			if after < 0 || after > maxKeyGrace {
				return nil, badRequest("meta.expires_in_seconds must be between 0 and 30 days")
			}
			key.attributes["expires-at"] = stamp(c.now.Add(after))
			return &answer{one: key}, nil
		},
	}
}

// setKey takes over what a request writes into an API key.
func (c *call) setKey(key *resource) error {
	for _, name := range []string{
		"name", "note", "api-version", "api-key-inflection", "api-attributes-blocklist", "ip-address-allowlist", "permissions", "file-access-token-expires-in",
	} {
		if value, given := at(c.body, "data.attributes."+name); given {
			key.attributes[name] = value
		}
	}
	if key.text("name") == "" {
		return badRequest("data.attributes.name must be filled")
	}
	if !slices.Contains(versions(), key.text("api-version")) {
		return badRequest("data.attributes.api_version is not a version")
	}
	if !slices.Contains([]string{"kebab", "snake", "camel"}, key.text("api-key-inflection")) {
		return badRequest("data.attributes.api_key_inflection must be camel, kebab or snake")
	}
	if !within(key.attributes["file-access-token-expires-in"], 1, maxFileTokenLife) {
		return badRequest("data.attributes.file_access_token_expires_in must be between 1 and 259200")
	}
	return nil
}

// newKeyValue returns a key for the environment, in the form that real ones have.
func (e *environment) newKeyValue() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return fmt.Sprintf("persona_%s_%x-%x-%x-%x-%x", e.name, b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
