package engine

import (
	"time"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

// keyOfToken returns the API key that an access token stands for, or nil.
func (e *Environment) keyOfToken(value string, now time.Time) *storage.Resource {
	token := e.Get(value)
	if token == nil || token.Typ != "oauth-token" || !now.Before(token.Time("expires-at")) {
		return nil
	}
	return e.Get(token.One("api-key"))
}
