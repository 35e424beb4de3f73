package sandbox

import (
	"encoding/json"
	"slices"
)

// eventOperations: events are what was delivered to webhooks, or would have been.
func eventOperations() map[string]operation {
	return map[string]operation{
		"Events.Get": func(c *call) (*answer, error) { return c.answerWithin(eventLife, "event") },
		"Events.List": func(c *call) (*answer, error) {
			recent := c.within(eventLife)
			return c.list("event", func(r *resource) bool {
				return recent(r) && oneOf(c.filter("name"), r.text("name")) && oneOf(c.filter("id"), r.id) && oneOf(c.filter("object-id"), r.object.id)
			}, splitList(c.filter("object-id"))...)
		},
	}
}

// payload renders the object of an event as reading the event tells it: without meta,
// and with relationships even where a webhook has none (OpenAPI 2025-12-08).
func (s *Sandbox) payload(event *resource, f form) map[string]any {
	data := s.render(event.object, f)
	delete(data, "meta")
	if data["relationships"] == nil {
		data["relationships"] = map[string]any{}
	}
	return map[string]any{"data": data}
}

// renderDelivery writes an event as a webhook sends it: in the webhook's version and
// casing, with what its lists allow.
func (s *Sandbox) renderDelivery(env *environment, hook, event *resource) map[string]any {
	about := event.object
	f := form{version: hook.text("api-version"), inflection: hook.text("api-key-inflection"), files: accessOf(env, hook)}
	payload := map[string]any{"data": s.render(about, f)}
	f.include = allowedIncludes(hook, event.text("name"))
	if slices.Contains(f.include, "*") {
		f.include = nil
		for _, p := range s.shapeOf(about.typ).relationships {
			f.include = append(f.include, p.name)
		}
	}
	included := s.included(newChange(env, s.clock.now()), []*resource{about}, f)
	if tellsIncluded(about.family(), len(f.include) > 0) {
		payload["included"] = included
	}
	if list, _ := hook.attributes["relationship-allowlist"].(map[string]any); list["state"] == "include_none" {
		delete(payload["data"].(map[string]any), "relationships")
		for _, r := range included {
			delete(r.(map[string]any), "relationships")
		}
	}
	blocked, _ := hook.attributes["api-attributes-blocklist"].([]any)
	newBlocklist(blocked).apply(payload)
	attributes := map[string]any{"name": event.text("name"), "created-at": event.attributes["created-at"], "payload": payload}
	if context, ok := event.attributes["context"]; ok {
		attributes["context"] = context
	}
	doc := map[string]any{"data": map[string]any{"type": "event", "id": event.id, "attributes": attributes}}
	return inflect(doc, f.inflection).(map[string]any)
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
func allowedIncludes(hook *resource, name string) []string {
	list, _ := hook.attributes["included-allowlist"].(map[string]any)
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
					names = append(names, textOf(r))
				}
				return names
			}
		}
	}
	return nil
}

// passesFilter reports whether a webhook's payload-filter is a subset of the event's
// payload, in the webhook's casing (Persona docs: Webhook event filters).
func (s *Sandbox) passesFilter(env *environment, hook, event *resource) bool {
	filter, ok := hook.attributes["payload-filter"].(map[string]any)
	if !ok {
		return true
	}
	doc := s.renderDelivery(env, hook, event)
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
