package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
)

// deviceOperations are those on devices: what a person opens the link of a session
// with.
func deviceOperations() map[string]operation {
	return map[string]operation{
		"Devices.Get": func(c *call) (*answer, error) { return c.answerFound("device") },
		"Devices.List": func(c *call) (*answer, error) {
			id := c.filter("inquiry-session-id")
			if id == "" {
				return nil, badRequest("filter.inquiry_session_id is missing")
			}
			session := c.get(id)
			return c.list("device", func(r *resource) bool {
				return session != nil && session.typ == "inquiry-session" && session.one("device") == r.id
			})
		},
	}
}

// device returns the device of a browser, which is known by what the browser says it is.
func (c *change) device(userAgent string) *resource {
	hash := sha256.Sum256([]byte(userAgent))
	fingerprint := hex.EncodeToString(hash[:16])
	for r := range c.all("device") {
		if r.text("browser-fingerprint") == fingerprint {
			return r
		}
	}
	return c.create("device", "dev", map[string]any{"browser-fingerprint": fingerprint, "device-fingerprint": fingerprint}, nil)
}
