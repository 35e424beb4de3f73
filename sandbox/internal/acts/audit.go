package acts

import (
	"github.com/idemhq/idem/sandbox/internal/engine"
	"github.com/idemhq/idem/sandbox/internal/resources"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// audit logs what a user did.
func audit(c *engine.Change, a Act) {
	c.Create("user-audit-log", "ual", map[string]any{
		"path": "/dashboard/" + a.ID, "method": "POST", "get-params": map[string]any{}, "post-params": map[string]any{"do": a.Do},
		"ip-address": "127.0.0.1", "user-agent": "Sandbox", "response-status": 200,
	}, map[string]any{"user": storage.Identifier{Type: "user", ID: resources.UserID}, "user-session": storage.Identifier{Type: "user-session", ID: resources.UserSessionID}})
}
