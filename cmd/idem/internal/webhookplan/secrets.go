package webhookplan

import (
	"time"

	"github.com/idemhq/idem/persona"
)

// Secrets returns the secrets that a webhook signs with at a moment, the newest first as
// Persona lists them; for the zero time also those that have expired.
func Secrets(hook *persona.WebhookWithSecret, at time.Time) (valid []string) {
	for _, secret := range hook.Attributes.Secrets {
		if at.IsZero() || secret.ExpiresAt.IsZero() || secret.ExpiresAt.After(at) {
			valid = append(valid, secret.Value)
		}
	}
	if single := hook.Attributes.Secret; single != "" && len(hook.Attributes.Secrets) == 0 {
		valid = append(valid, single) // the deprecated attribute, where it is alone
	}
	return valid
}
