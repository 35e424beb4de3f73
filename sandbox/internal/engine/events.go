package engine

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// payload renders the object of an event for a reader of the event: without meta, and
// with relationships even where a webhook has none (OpenAPI 2025-12-08).
func (e *Engine) payload(event *storage.Resource, f renderOptions) map[string]any {
	data := e.render(event.Object, f)
	delete(data, "meta")
	if data["relationships"] == nil {
		data["relationships"] = map[string]any{}
	}
	return map[string]any{"data": data}
}

// RenderDelivery renders an event for a webhook: in the webhook's version and casing, with
// what its lists allow. The caller holds the lock.
func (e *Engine) RenderDelivery(env *Environment, hook, event *storage.Resource) map[string]any {
	about := event.Object
	f := renderOptions{version: hook.Text("api-version"), inflection: hook.Text("api-key-inflection"), files: accessOf(env, hook)}
	payload := map[string]any{"data": e.render(about, f)}
	f.include = allowedIncludes(hook, event.Text("name"))
	if slices.Contains(f.include, "*") {
		f.include = nil
		for _, p := range e.shapeOf(about.Typ).relationships {
			f.include = append(f.include, p.name)
		}
	}
	included := e.included(NewChange(env, e.clock.Now()), []*storage.Resource{about}, f)
	if hasIncluded(about.Family(), len(f.include) > 0) {
		payload["included"] = included
	}
	if list, _ := hook.Attributes["relationship-allowlist"].(map[string]any); list["state"] == "include_none" {
		delete(payload["data"].(map[string]any), "relationships")
		for _, r := range included {
			delete(r.(map[string]any), "relationships")
		}
	}
	blocked, _ := hook.Attributes["api-attributes-blocklist"].([]any)
	newBlocklist(blocked).apply(payload)
	attributes := map[string]any{"name": event.Text("name"), "created-at": event.Attributes["created-at"], "payload": payload}
	if context, ok := event.Attributes["context"]; ok {
		attributes["context"] = context
	}
	doc := map[string]any{"data": map[string]any{"type": "event", "id": event.ID, "attributes": attributes}}
	return casing.Inflect(doc, f.inflection).(map[string]any)
}

// hasIncluded reports whether events about a family of resources have an included list,
// which may be empty. Some never have one, and some only if the webhook allows something
// to be included (OpenAPI 2025-12-08, webhooks).
func hasIncluded(family string, allowed bool) bool {
	switch family {
	case "graph-query", "transaction-type":
		return false
	case "report", "selfie":
		return allowed
	}
	return true
}

// allowedIncludes returns the relationships whose resources an event to a webhook
// includes.
func allowedIncludes(hook *storage.Resource, name string) []string {
	list, _ := hook.Attributes["included-allowlist"].(map[string]any)
	switch list["state"] {
	case "include_all":
		return []string{"*"}
	case "custom":
		entries, _ := list["event-types"].([]any)
		for _, wanted := range []string{name, ObjectOf(name)} {
			if names := allowedFor(entries, wanted); names != nil {
				return names
			}
		}
	}
	return nil
}

// ObjectOf returns the type of the objects of an event: inquiry for inquiry.created.
func ObjectOf(event string) string {
	object, _, _ := strings.Cut(event, ".")
	return object
}

// allowedFor returns the relationships of the entry for an event, or for a type of object.
func allowedFor(entries []any, name string) []string {
	var names []string
	for _, entry := range entries {
		if entry, _ := entry.(map[string]any); entry["event-type"] == name {
			relationships, _ := entry["relationships"].([]any)
			for _, r := range relationships {
				names = append(names, TextOf(r))
			}
		}
	}
	return names
}

// passesFilter reports whether an event passes a webhook's payload filter, which is in the
// webhook's casing.
func (e *Engine) passesFilter(env *Environment, hook, event *storage.Resource) bool {
	filter, ok := hook.Attributes["payload-filter"].(map[string]any)
	if !ok {
		return true
	}
	doc := e.RenderDelivery(env, hook, event)
	sent, err := e.encoder.encode(doc["data"].(map[string]any)["attributes"])
	var attributes struct{ Payload any }
	if err == nil {
		err = json.Unmarshal(sent, &attributes) // numbers and lists as the filter has them
	}
	return err == nil && deliveries.Matches(filter, attributes.Payload)
}

// message returns a webhook and the body that it gets for an event. The caller holds the
// lock.
func (e *Engine) message(environment, webhookID, eventID string) (*storage.Resource, []byte, error) {
	env := e.environments[catalog.Environment(environment)]
	hook, event := env.Get(webhookID), env.Get(eventID)
	if hook == nil || event == nil {
		return nil, nil, errors.New("the webhook or the event is gone") // after a reset
	}
	body, err := e.encoder.encode(e.RenderDelivery(env, hook, event))
	return hook, body, err
}
