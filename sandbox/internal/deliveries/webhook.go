package deliveries

import (
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Attributes of a webhook that no answer shows.
const (
	CustomHeaders = "_custom-http-headers"
	Secrets       = "_secrets" // the newest first, each with value and expires-at
)

// Subscribes reports whether a webhook is enabled and subscribes to an event.
func Subscribes(hook *storage.Resource, event string) bool {
	return hook.Text("status") == "enabled" && Lists(hook, event)
}

// Lists reports whether the enabled events of a webhook contain an event.
func Lists(hook *storage.Resource, event string) bool {
	list, _ := hook.Attributes["enabled-events"].([]any)
	return slices.Contains(list, any("*")) || slices.Contains(list, any(event))
}

// liveSecrets returns a webhook's secrets that have not expired, the newest first.
func liveSecrets(hook *storage.Resource, now time.Time) []any {
	secrets, _ := hook.Attributes[Secrets].([]any)
	return slices.DeleteFunc(slices.Clone(secrets), func(secret any) bool {
		ends := simclock.Moment(secret.(map[string]any)["expires-at"])
		return !ends.IsZero() && !now.Before(ends)
	})
}

// SigningSecrets returns the values of the secrets that sign, the newest first.
func SigningSecrets(hook *storage.Resource, now time.Time) []string {
	var values []string
	for _, secret := range liveSecrets(hook, now) {
		value, _ := secret.(map[string]any)["value"].(string)
		values = append(values, value)
	}
	return values
}

// SecretAttributes returns the attributes that show a webhook's secrets.
func SecretAttributes(hook *storage.Resource, now time.Time) map[string]any {
	live := liveSecrets(hook, now)
	return map[string]any{"secret": live[0].(map[string]any)["value"], "secrets": live}
}

// Matches reports whether a payload filter is a subset of a payload (Persona docs:
// Webhook event filters). Both are as [encoding/json] decodes them.
func Matches(filter, payload any) bool {
	switch filter := filter.(type) {
	case map[string]any:
		if choices, ok := filter["$or"].([]any); ok && len(filter) == 1 {
			return slices.ContainsFunc(choices, func(choice any) bool { return Matches(choice, payload) })
		}
		object, ok := payload.(map[string]any)
		for key, value := range filter {
			if key == "$or" {
				ok = ok && Matches(map[string]any{key: value}, payload)
			} else {
				ok = ok && Matches(value, object[key])
			}
		}
		return ok
	case []any:
		list, ok := payload.([]any)
		for _, element := range filter {
			ok = ok && slices.ContainsFunc(list, func(have any) bool { return Matches(element, have) })
		}
		return ok
	default:
		return filter == payload
	}
}
