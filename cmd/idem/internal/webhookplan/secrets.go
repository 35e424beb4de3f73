package webhookplan

import (
	"time"

	"github.com/idemhq/idem/persona"
)

// Secrets returns the secrets of a webhook that are valid at a time, in Persona's order. For
// the zero time it also returns expired ones.
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
