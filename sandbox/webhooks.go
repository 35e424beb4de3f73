package sandbox

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	customHeaders = "_custom-http-headers" // write-only
	webhookSecret = "_secrets"             // as secretsOf shows them, newest first

	rotationGrace = 24 * time.Hour // of a rotated secret, unless the request says otherwise
)

// newSecret makes one of a webhook's secrets, which does not end.
func newSecret() map[string]any {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return map[string]any{"value": fmt.Sprintf("wbhsec_%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), "expires-at": nil}
}

func webhookOperations() map[string]operation {
	return map[string]operation{
		"Webhooks.List": func(c *call) (*answer, error) { return c.list("webhook", nil) },
		"Webhooks.Get": func(c *call) (*answer, error) {
			found, err := c.answerFound("webhook")
			if err == nil {
				found.extra = secretsOf(found.one, c.now)
			}
			return found, err
		},
		"Webhooks.Create": createWebhook,
		"Webhooks.Update": func(c *call) (*answer, error) {
			hook, err := c.find("webhook")
			if err != nil {
				return nil, err
			}
			if name, given := at(c.body, "data.attributes.name"); given && c.form.version >= "2026-09-29" && textOf(name) == "" {
				return nil, badRequest("data.attributes.name must be filled")
			}
			return &answer{one: hook}, c.setWebhook(hook)
		},
		"Webhooks.Enable":  webhookStatus("enabled"),
		"Webhooks.Disable": webhookStatus("disabled"),
		"Webhooks.Archive": webhookStatus("archived"),
		"Webhooks.Clone": func(c *call) (*answer, error) {
			original := c.get(c.ids[0])
			if original == nil || original.family() != "webhook" {
				return nil, notFound("")
			}
			attributes := original.clone().attributes
			attributes["name"] = strings.TrimSpace(original.text("name") + " Copy")
			attributes["status"] = "disabled"
			attributes[webhookSecret] = []any{newSecret()}
			delete(attributes, "created-at")
			hook := c.create("webhook", "wbh", attributes, nil)
			return &answer{one: hook, extra: secretsOf(hook, c.now)}, nil
		},
		"Webhooks.RotateSecret": rotateSecret,
	}
}

func createWebhook(c *call) (*answer, error) {
	for _, name := range []string{"url", "enabled-events"} {
		if v, _ := at(c.body, "data.attributes."+name); v == nil {
			return nil, badRequest("data.attributes." + snakePath(name) + " is missing")
		}
	}
	if c.form.version >= "2026-09-29" && c.text("data.attributes.name") == "" {
		return nil, badRequest("data.attributes.name is missing")
	}
	hook := c.create("webhook", "wbh", map[string]any{
		"status": "disabled", "name": nil, "description": nil, "api-version": c.form.version, "api-key-inflection": "kebab",
		"api-attributes-blocklist": []any{}, "file-access-token-expires-in": float64(fileTokenLife), "payload-filter": nil,
		"included-allowlist": map[string]any{"state": "include_none"}, "relationship-allowlist": map[string]any{"state": "include_all"},
		webhookSecret: []any{newSecret()},
	}, nil)
	if err := c.setWebhook(hook); err != nil {
		return nil, err
	}
	return &answer{status: 201, one: hook, extra: secretsOf(hook, c.now)}, nil
}

// setWebhook takes over what a request writes into a webhook.
func (c *call) setWebhook(hook *resource) error {
	if address, given := at(c.body, "data.attributes.url"); given {
		parsed, err := url.Parse(textOf(address))
		if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
			return unprocessable("url must be an http or https address", "/data/attributes/url")
		}
	}
	for _, name := range []string{
		"name", "description", "url", "enabled-events", "api-version", "api-key-inflection", "api-attributes-blocklist",
		"file-access-token-expires-in", "payload-filter", "included-allowlist", "relationship-allowlist",
	} {
		if value, given := at(c.body, "data.attributes."+name); given {
			hook.attributes[name] = value
		}
	}
	if headers, given := at(c.body, "data.attributes.custom-http-headers"); given {
		hook.attributes[customHeaders] = headers
	}
	if !slices.Contains(versions(), hook.text("api-version")) {
		return badRequest("data.attributes.api_version is not a version")
	}
	if !slices.Contains([]string{"kebab", "snake", "camel"}, hook.text("api-key-inflection")) {
		return badRequest("data.attributes.api_key_inflection must be camel, kebab or snake")
	}
	return setLists(hook)
}

// webhookStatus moves a webhook to a status. Again is no error, but an archived one
// stays archived. What is on its way from a webhook that is not enabled any more is
// given up for good (Persona docs: Webhooks).
func webhookStatus(to string) operation {
	return func(c *call) (*answer, error) {
		hook, err := c.find("webhook")
		if err != nil {
			return nil, err
		}
		if hook.text("status") == "archived" && to != "archived" {
			return nil, conflict("the webhook is archived")
		}
		hook.attributes["status"] = to
		if to != "enabled" {
			c.then = append(c.then, func() { c.env.cancelDeliveries(hook.id) })
		}
		return &answer{one: hook}, nil
	}
}

// rotateSecret gives a webhook a new secret. The one before stays valid for a while;
// older ones end at once.
func rotateSecret(c *call) (*answer, error) {
	hook, err := c.find("webhook")
	if err != nil {
		return nil, err
	}
	grace := rotationGrace
	if n, given := c.number("meta.expires-in-seconds"); given {
		if n < 0 {
			return nil, badRequest("meta.expires_in_seconds must not be below 0")
		}
		grace = c.seconds("meta.expires-in-seconds")
	}
	was := signingSecrets(hook, c.now)[0]
	hook.attributes[webhookSecret] = []any{newSecret(), map[string]any{"value": was, "expires-at": stamp(c.now.Add(grace))}}
	return &answer{one: hook, extra: secretsOf(hook, c.now)}, nil
}

// liveSecrets are a webhook's secrets that did not end, the newest first.
func liveSecrets(hook *resource, now time.Time) []any {
	secrets, _ := hook.attributes[webhookSecret].([]any)
	return slices.DeleteFunc(slices.Clone(secrets), func(secret any) bool {
		ends := moment(secret.(map[string]any)["expires-at"])
		return !ends.IsZero() && !now.Before(ends)
	})
}

// signingSecrets are the values of a webhook's secrets that sign, the newest first.
func signingSecrets(hook *resource, now time.Time) []string {
	var values []string
	for _, secret := range liveSecrets(hook, now) {
		values = append(values, textOf(secret.(map[string]any)["value"]))
	}
	return values
}

// secretsOf are the attributes that tell a webhook's secrets.
func secretsOf(hook *resource, now time.Time) map[string]any {
	live := liveSecrets(hook, now)
	return map[string]any{"secret": live[0].(map[string]any)["value"], "secrets": live}
}
