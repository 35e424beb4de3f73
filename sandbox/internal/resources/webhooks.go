package resources

import (
	"net/url"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

func webhookOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Webhooks.List": list("webhook"),
		"Webhooks.Get": func(c *engine.Call) (*engine.Answer, error) {
			found, err := c.AnswerFound("webhook")
			if err == nil {
				found.Extra = deliveries.SecretAttributes(found.One, c.Now)
			}
			return found, err
		},
		"Webhooks.Create":       createWebhook,
		"Webhooks.Update":       edit("webhook", updateWebhook),
		"Webhooks.Enable":       edit("webhook", setWebhookStatus("enabled")),
		"Webhooks.Disable":      edit("webhook", setWebhookStatus("disabled")),
		"Webhooks.Archive":      edit("webhook", setWebhookStatus("archived")),
		"Webhooks.Clone":        cloneWebhook,
		"Webhooks.RotateSecret": rotateSecret,
	}
}

func createWebhook(c *engine.Call) (*engine.Answer, error) {
	for _, name := range []string{"url", "enabled-events"} {
		if v, _ := c.Value("data.attributes." + name); v == nil {
			return nil, engine.BadRequest("data.attributes." + engine.SnakePath(name) + " is missing")
		}
	}
	if c.Version() >= "2026-09-29" && c.Text("data.attributes.name") == "" {
		return nil, engine.BadRequest("data.attributes.name is missing")
	}
	hook := c.Create("webhook", "wbh", map[string]any{
		"status": "disabled", "name": nil, "description": nil, "api-version": c.Version(), "api-key-inflection": "kebab",
		"api-attributes-blocklist": []any{}, "file-access-token-expires-in": float64(catalog.FileTokenLife), "payload-filter": nil,
		"included-allowlist": map[string]any{"state": "include_none"}, "relationship-allowlist": map[string]any{"state": "include_all"},
		deliveries.Secrets: []any{newSecret()},
	}, nil)
	if err := setWebhook(c, hook); err != nil {
		return nil, err
	}
	return &engine.Answer{Status: 201, One: hook, Extra: deliveries.SecretAttributes(hook, c.Now)}, nil
}

func updateWebhook(c *engine.Call, hook *storage.Resource) error {
	if name, given := c.Value("data.attributes.name"); given && c.Version() >= "2026-09-29" && engine.TextOf(name) == "" {
		return engine.BadRequest("data.attributes.name must be filled")
	}
	return setWebhook(c, hook)
}

func cloneWebhook(c *engine.Call) (*engine.Answer, error) {
	attributes, err := cloned(c, "webhook")
	if err != nil {
		return nil, err
	}
	attributes["name"] = strings.TrimSpace(engine.TextOf(attributes["name"]) + " Copy")
	attributes["status"] = "disabled"
	attributes[deliveries.Secrets] = []any{newSecret()}
	hook := c.Create("webhook", "wbh", attributes, nil)
	return &engine.Answer{One: hook, Extra: deliveries.SecretAttributes(hook, c.Now)}, nil
}

// setWebhook sets the attributes of a request.
func setWebhook(c *engine.Call, hook *storage.Resource) error {
	if address, given := c.Value("data.attributes.url"); given {
		parsed, err := url.Parse(engine.TextOf(address))
		if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
			return engine.Unprocessable("url must be an http or https address", "/data/attributes/url")
		}
	}
	copyGiven(c, hook, "name", "description", "url", "enabled-events", "api-version", "api-key-inflection", "api-attributes-blocklist",
		"file-access-token-expires-in", "payload-filter", "included-allowlist", "relationship-allowlist")
	if headers, given := c.Value("data.attributes.custom-http-headers"); given {
		hook.Attributes[deliveries.CustomHeaders] = headers
	}
	if err := checkFormat(hook); err != nil {
		return err
	}
	return setLists(hook)
}

// setWebhookStatus returns a change that sets the status of a webhook. It may have the status
// already, but an archived webhook stays archived. A webhook that is no longer enabled gets
// none of the events that wait for it (Persona docs: Webhooks).
func setWebhookStatus(to string) func(*engine.Call, *storage.Resource) error {
	return func(c *engine.Call, hook *storage.Resource) error {
		if hook.Text("status") == "archived" && to != "archived" {
			return engine.Conflict("the webhook is archived")
		}
		hook.Attributes["status"] = to
		if to != "enabled" {
			c.OnCommit(func() { c.Env.Outbox().Cancel(hook.ID) })
		}
		return nil
	}
}

// newSecret returns a new secret of a webhook, which does not expire.
func newSecret() map[string]any {
	return map[string]any{"value": "wbhsec_" + newUUID(), "expires-at": nil}
}

// rotationGrace is how long a rotated secret stays valid, unless the request says otherwise.
const rotationGrace = 24 * time.Hour

// rotateSecret adds a new secret to a webhook. The previous one stays valid for a while, older
// ones become invalid at once.
func rotateSecret(c *engine.Call) (*engine.Answer, error) {
	hook, err := c.Find("webhook")
	if err != nil {
		return nil, err
	}
	grace := rotationGrace
	if n, given := c.Number("meta.expires-in-seconds"); given {
		if n < 0 {
			return nil, engine.BadRequest("meta.expires_in_seconds must not be below 0")
		}
		grace = seconds(c, "meta.expires-in-seconds")
	}
	was := deliveries.SigningSecrets(hook, c.Now)[0]
	hook.Attributes[deliveries.Secrets] = []any{newSecret(), map[string]any{"value": was, "expires-at": simclock.Stamp(c.Now.Add(grace).Truncate(time.Second))}}
	return &engine.Answer{One: hook, Extra: deliveries.SecretAttributes(hook, c.Now)}, nil
}
