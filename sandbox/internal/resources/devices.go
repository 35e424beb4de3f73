package resources

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// deviceOperations are those on devices: what a person opens the link of a session
// with.
func deviceOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Devices.Get": func(c *engine.Call) (*engine.Answer, error) { return c.AnswerFound("device") },
		"Devices.List": func(c *engine.Call) (*engine.Answer, error) {
			id := c.Filter("inquiry-session-id")
			if id == "" {
				return nil, engine.BadRequest("filter.inquiry_session_id is missing")
			}
			session := c.Get(id)
			return c.List("device", func(r *storage.Resource) bool {
				return session != nil && session.Typ == "inquiry-session" && session.One("device") == r.ID
			})
		},
	}
}

// device returns the device of a browser, which is known by what the browser says it is.
func device(c *engine.Change, userAgent string) *storage.Resource {
	hash := sha256.Sum256([]byte(userAgent))
	fingerprint := hex.EncodeToString(hash[:16])
	for r := range c.All("device") {
		if r.Text("browser-fingerprint") == fingerprint {
			return r
		}
	}
	return c.Create("device", "dev", map[string]any{"browser-fingerprint": fingerprint, "device-fingerprint": fingerprint}, nil)
}
