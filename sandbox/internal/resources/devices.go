package resources

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// deviceOperations returns the operations on devices, with which people open the links of
// sessions.
func deviceOperations() map[string]engine.Operation {
	return map[string]engine.Operation{
		"Devices.Get": engine.Get("device"),
		"Devices.List": func(c *engine.Call) (*engine.Answer, error) {
			id, err := requiredFilter(c, "inquiry-session-id")
			if err != nil {
				return nil, err
			}
			session := c.Get(id)
			return c.List("device", func(r *storage.Resource) bool {
				return session != nil && session.Typ == "inquiry-session" && session.One("device") == r.ID
			})
		},
	}
}

// device returns the device of a browser, which is identified by its user agent.
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
