package resources

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// newSecret makes one of a webhook's secrets, which does not end.
func newSecret() map[string]any {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return map[string]any{"value": fmt.Sprintf("wbhsec_%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), "expires-at": nil}
}

func webhookOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Webhooks.List": func(c *engine.Call) (*engine.Answer, error) { return c.List("webhook", nil) },
		"Webhooks.Get": func(c *engine.Call) (*engine.Answer, error) {
			found, err := c.AnswerFound("webhook")
			if err == nil {
				found.Extra = engine.SecretsOf(found.One, c.Now)
			}
			return found, err
		},
		"Webhooks.Create": createWebhook,
		"Webhooks.Update": func(c *engine.Call) (*engine.Answer, error) {
			hook, err := c.Find("webhook")
			if err != nil {
				return nil, err
			}
			if name, given := engine.At(c.Body, "data.attributes.name"); given && c.Render.Version >= "2026-09-29" && engine.TextOf(name) == "" {
				return nil, engine.BadRequest("data.attributes.name must be filled")
			}
			return &engine.Answer{One: hook}, setWebhook(c, hook)
		},
		"Webhooks.Enable":  webhookStatus("enabled"),
		"Webhooks.Disable": webhookStatus("disabled"),
		"Webhooks.Archive": webhookStatus("archived"),
		"Webhooks.Clone": func(c *engine.Call) (*engine.Answer, error) {
			original := c.Get(c.IDs[0])
			if original == nil || original.Family() != "webhook" {
				return nil, engine.NotFound("")
			}
			attributes := original.Clone().Attributes
			attributes["name"] = strings.TrimSpace(original.Text("name") + " Copy")
			attributes["status"] = "disabled"
			attributes[engine.WebhookSecret] = []any{newSecret()}
			delete(attributes, "created-at")
			hook := c.Create("webhook", "wbh", attributes, nil)
			return &engine.Answer{One: hook, Extra: engine.SecretsOf(hook, c.Now)}, nil
		},
		"Webhooks.RotateSecret": rotateSecret,
	}
}

func createWebhook(c *engine.Call) (*engine.Answer, error) {
	for _, name := range []string{"url", "enabled-events"} {
		if v, _ := engine.At(c.Body, "data.attributes."+name); v == nil {
			return nil, engine.BadRequest("data.attributes." + engine.SnakePath(name) + " is missing")
		}
	}
	if c.Render.Version >= "2026-09-29" && c.Text("data.attributes.name") == "" {
		return nil, engine.BadRequest("data.attributes.name is missing")
	}
	hook := c.Create("webhook", "wbh", map[string]any{
		"status": "disabled", "name": nil, "description": nil, "api-version": c.Render.Version, "api-key-inflection": "kebab",
		"api-attributes-blocklist": []any{}, "file-access-token-expires-in": float64(catalog.FileTokenLife), "payload-filter": nil,
		"included-allowlist": map[string]any{"state": "include_none"}, "relationship-allowlist": map[string]any{"state": "include_all"},
		engine.WebhookSecret: []any{newSecret()},
	}, nil)
	if err := setWebhook(c, hook); err != nil {
		return nil, err
	}
	return &engine.Answer{Status: 201, One: hook, Extra: engine.SecretsOf(hook, c.Now)}, nil
}

// setWebhook takes over what a request writes into a webhook.
func setWebhook(c *engine.Call, hook *storage.Resource) error {
	if address, given := engine.At(c.Body, "data.attributes.url"); given {
		parsed, err := url.Parse(engine.TextOf(address))
		if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
			return engine.Unprocessable("url must be an http or https address", "/data/attributes/url")
		}
	}
	for _, name := range []string{
		"name", "description", "url", "enabled-events", "api-version", "api-key-inflection", "api-attributes-blocklist",
		"file-access-token-expires-in", "payload-filter", "included-allowlist", "relationship-allowlist",
	} {
		if value, given := engine.At(c.Body, "data.attributes."+name); given {
			hook.Attributes[name] = value
		}
	}
	if headers, given := engine.At(c.Body, "data.attributes.custom-http-headers"); given {
		hook.Attributes[engine.CustomHeaders] = headers
	}
	if !slices.Contains(catalog.Versions(), hook.Text("api-version")) {
		return engine.BadRequest("data.attributes.api_version is not a version")
	}
	if !slices.Contains([]string{"kebab", "snake", "camel"}, hook.Text("api-key-inflection")) {
		return engine.BadRequest("data.attributes.api_key_inflection must be camel, kebab or snake")
	}
	return setLists(hook)
}

// webhookStatus moves a webhook to a status. Again is no error, but an archived one
// stays archived. What is on its way from a webhook that is not enabled any more is
// given up for good (Persona docs: Webhooks).
func webhookStatus(to string) engine.Operation {
	return func(c *engine.Call) (*engine.Answer, error) {
		hook, err := c.Find("webhook")
		if err != nil {
			return nil, err
		}
		if hook.Text("status") == "archived" && to != "archived" {
			return nil, engine.Conflict("the webhook is archived")
		}
		hook.Attributes["status"] = to
		if to != "enabled" {
			c.Then = append(c.Then, func() { c.Env.CancelDeliveries(hook.ID) })
		}
		return &engine.Answer{One: hook}, nil
	}
}

// rotateSecret gives a webhook a new secret. The one before stays valid for a while;
// older ones end at once.
func rotateSecret(c *engine.Call) (*engine.Answer, error) {
	hook, err := c.Find("webhook")
	if err != nil {
		return nil, err
	}
	grace := engine.RotationGrace
	if n, given := c.Number("meta.expires-in-seconds"); given {
		if n < 0 {
			return nil, engine.BadRequest("meta.expires_in_seconds must not be below 0")
		}
		grace = seconds(c, "meta.expires-in-seconds")
	}
	was := engine.SigningSecrets(hook, c.Now)[0]
	hook.Attributes[engine.WebhookSecret] = []any{newSecret(), map[string]any{"value": was, "expires-at": simclock.Stamp(c.Now.Add(grace))}}
	return &engine.Answer{One: hook, Extra: engine.SecretsOf(hook, c.Now)}, nil
}
