package resources

import (
	"slices"

	"github.com/idemhq/idem/sandbox/internal/deliveries"
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const maxIncludedEntries = 200 // event types in an included-allowlist (OpenAPI 2025-12-08)

// setLists checks a webhook's lists and brings them into the form in which Persona stores
// them: an included-allowlist has only event types that the webhook subscribes to, and is
// include_all if it allows everything for each of them (OpenAPI 2025-12-08,
// included-allowlist).
func setLists(hook *storage.Resource) error {
	if filter, given := hook.Attributes["payload-filter"].(map[string]any); given {
		for name := range filter {
			if name != "data" {
				return engine.BadRequest("data.attributes.payload_filter must contain only data")
			}
		}
	}
	relationships, _ := hook.Attributes["relationship-allowlist"].(map[string]any)
	if state := relationships["state"]; state != "include_all" && state != "include_none" {
		return engine.BadRequest("data.attributes.relationship_allowlist.state must be include_all or include_none")
	}
	included, _ := hook.Attributes["included-allowlist"].(map[string]any)
	switch included["state"] {
	case "include_none", "include_all":
		return nil
	case "custom":
	default:
		return engine.BadRequest("data.attributes.included_allowlist.state must be include_none, include_all or custom")
	}
	entries, err := includedEntries(included)
	if err != nil {
		return err
	}
	kept := []any{}
	for _, entry := range entries {
		if subscribes(hook, engine.TextOf(entry["event-type"])) {
			kept = append(kept, entry)
		}
	}
	switch {
	case len(kept) == 0:
		hook.Attributes["included-allowlist"] = map[string]any{"state": "include_none"}
	case includesAll(hook, entries):
		hook.Attributes["included-allowlist"] = map[string]any{"state": "include_all"}
	default:
		hook.Attributes["included-allowlist"] = map[string]any{"state": "custom", "event-types": kept}
	}
	return nil
}

// subscribes reports whether a webhook gets events with a name, or, if that is the type of an
// object, such as inquiry, any event of such objects.
func subscribes(hook *storage.Resource, name string) bool {
	if deliveries.Lists(hook, name) {
		return true
	}
	subscribed, _ := hook.Attributes["enabled-events"].([]any)
	return slices.ContainsFunc(subscribed, func(event any) bool { return engine.ObjectOf(engine.TextOf(event)) == name })
}

// includesAll reports whether entries allow everything for each event of a webhook.
func includesAll(hook *storage.Resource, entries []map[string]any) bool {
	everything := map[string]bool{}
	for _, entry := range entries {
		relationships, _ := entry["relationships"].([]any)
		everything[engine.TextOf(entry["event-type"])] = relationships[0] == "*"
	}
	subscribed, _ := hook.Attributes["enabled-events"].([]any)
	return !slices.ContainsFunc(subscribed, func(event any) bool {
		name := engine.TextOf(event)
		all, own := everything[name]
		return name == "*" || !all && (own || !everything[engine.ObjectOf(name)])
	})
}

// includedEntries returns the entries of a custom included-allowlist.
func includedEntries(list map[string]any) ([]map[string]any, error) {
	const path = "data.attributes.included_allowlist.event_types"
	given, _ := list["event-types"].([]any)
	if len(given) == 0 || len(given) > maxIncludedEntries {
		return nil, engine.BadRequest(path + " must hold 1 to 200 event types")
	}
	var entries []map[string]any
	seen := map[string]bool{}
	for _, item := range given {
		entry, _ := item.(map[string]any)
		name := engine.TextOf(entry["event-type"])
		relationships, _ := entry["relationships"].([]any)
		switch {
		case name == "" || len(relationships) == 0:
			return nil, engine.BadRequest(path + " must name an event type and its relationships")
		case seen[name]:
			return nil, engine.BadRequest(path + " must name each event type once")
		case slices.Contains(relationships, any("*")) && len(relationships) > 1:
			return nil, engine.BadRequest(path + ": * stands for all relationships, and alone")
		}
		seen[name] = true
		entries = append(entries, entry)
	}
	return entries, nil
}
