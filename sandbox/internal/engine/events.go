package engine

import (
	"encoding/json"
	"slices"

	"github.com/idemhq/idem/sandbox/internal/casing"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// payload renders the object of an event as reading the event tells it: without meta,
// and with relationships even where a webhook has none (OpenAPI 2025-12-08).
func (s *Engine) payload(event *storage.Resource, f RenderOptions) map[string]any {
	data := s.Render(event.Object, f)
	delete(data, "meta")
	if data["relationships"] == nil {
		data["relationships"] = map[string]any{}
	}
	return map[string]any{"data": data}
}

// RenderDelivery writes an event as a webhook sends it: in the webhook's version and
// casing, with what its lists allow.
func (s *Engine) RenderDelivery(env *Environment, hook, event *storage.Resource) map[string]any {
	about := event.Object
	f := RenderOptions{Version: hook.Text("api-version"), Inflection: hook.Text("api-key-inflection"), Files: accessOf(env, hook)}
	payload := map[string]any{"data": s.Render(about, f)}
	f.include = allowedIncludes(hook, event.Text("name"))
	if slices.Contains(f.include, "*") {
		f.include = nil
		for _, p := range s.ShapeOf(about.Typ).relationships {
			f.include = append(f.include, p.Name)
		}
	}
	included := s.included(NewChange(env, s.Clock.Now()), []*storage.Resource{about}, f)
	if tellsIncluded(about.Family(), len(f.include) > 0) {
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
	return casing.Inflect(doc, f.Inflection).(map[string]any)
}

// tellsIncluded reports whether an event about a family of resources has included, which
// may be empty. Some never have, and some only when the webhook is allowed any (OpenAPI
// 2025-12-08, webhooks).
func tellsIncluded(family string, allowed bool) bool {
	switch family {
	case "graph-query", "transaction-type":
		return false
	case "report", "selfie":
		return allowed
	}
	return true
}

// allowedIncludes are the relationships whose resources a webhook sends along.
func allowedIncludes(hook *storage.Resource, name string) []string {
	list, _ := hook.Attributes["included-allowlist"].(map[string]any)
	switch list["state"] {
	case "include_all":
		return []string{"*"}
	case "custom":
		entries, _ := list["event-types"].([]any)
		for _, entry := range entries {
			if entry, _ := entry.(map[string]any); entry["event-type"] == name {
				var names []string
				relationships, _ := entry["relationships"].([]any)
				for _, r := range relationships {
					names = append(names, TextOf(r))
				}
				return names
			}
		}
	}
	return nil
}

// passesFilter reports whether a webhook's payload-filter is a subset of the event's
// payload, in the webhook's casing (Persona docs: Webhook event filters).
func (s *Engine) passesFilter(env *Environment, hook, event *storage.Resource) bool {
	filter, ok := hook.Attributes["payload-filter"].(map[string]any)
	if !ok {
		return true
	}
	doc := s.RenderDelivery(env, hook, event)
	sent, err := json.Marshal(doc["data"].(map[string]any)["attributes"])
	var attributes struct{ Payload any }
	if err == nil {
		err = json.Unmarshal(sent, &attributes) // numbers and lists as the filter has them
	}
	return err == nil && subset(filter, attributes.Payload)
}

func subset(want, have any) bool {
	switch want := want.(type) {
	case map[string]any:
		if choices, ok := want["$or"].([]any); ok && len(want) == 1 {
			return slices.ContainsFunc(choices, func(choice any) bool { return subset(choice, have) })
		}
		object, ok := have.(map[string]any)
		for key, value := range want {
			if key == "$or" {
				ok = ok && subset(map[string]any{key: value}, have)
			} else {
				ok = ok && subset(value, object[key])
			}
		}
		return ok
	case []any:
		list, ok := have.([]any)
		for _, element := range want {
			ok = ok && slices.ContainsFunc(list, func(h any) bool { return subset(element, h) })
		}
		return ok
	default:
		return want == have
	}
}
