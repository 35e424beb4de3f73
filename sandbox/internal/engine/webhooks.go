package engine

import (
	"slices"
	"time"

	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	CustomHeaders = "_custom-http-headers" // write-only
	WebhookSecret = "_secrets"             // as secretsOf shows them, newest first

	RotationGrace = 24 * time.Hour // of a rotated secret, unless the request says otherwise
)

// liveSecrets are a webhook's secrets that did not end, the newest first.
func liveSecrets(hook *storage.Resource, now time.Time) []any {
	secrets, _ := hook.Attributes[WebhookSecret].([]any)
	return slices.DeleteFunc(slices.Clone(secrets), func(secret any) bool {
		ends := simclock.Moment(secret.(map[string]any)["expires-at"])
		return !ends.IsZero() && !now.Before(ends)
	})
}

// SigningSecrets are the values of a webhook's secrets that sign, the newest first.
func SigningSecrets(hook *storage.Resource, now time.Time) []string {
	var values []string
	for _, secret := range liveSecrets(hook, now) {
		values = append(values, TextOf(secret.(map[string]any)["value"]))
	}
	return values
}

// SecretsOf are the attributes that tell a webhook's secrets.
func SecretsOf(hook *storage.Resource, now time.Time) map[string]any {
	live := liveSecrets(hook, now)
	return map[string]any{"secret": live[0].(map[string]any)["value"], "secrets": live}
}
