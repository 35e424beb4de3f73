package acts

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// processSentinelSession writes what Persona learned of a payer's device into a
// transaction.
func processSentinelSession(c *engine.Change, r *storage.Resource, _ Act) (*storage.Resource, error) {
	if r.Attributes[resources.RedactedOnce] != nil {
		return nil, engine.Conflict("the transaction is redacted")
	}
	fields, _ := r.Attributes["fields"].(map[string]any)
	r.Attributes["fields"] = resources.MergeFields(fields, map[string]any{"sentinel_session_id": storage.NewID("sens")})
	r.Attributes["updated-at"] = simclock.Stamp(c.Now)
	c.Emit("transaction.updated-fields", r, nil)
	c.Emit("transaction.sentinel-session-processed", r, nil)
	return r, nil
}
