package pages

import (
	"net/http"

	"github.com/idemhq/idem/sandbox/internal/acts"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
)

// serveAct answers POST /_sandbox/act.
func serveAct(s *engine.Engine, w http.ResponseWriter, r *http.Request, environment catalog.Environment) {
	var a acts.Act
	if !readControl(w, r, &a) {
		return
	}
	done, err := acts.Perform(s, environment, a)
	if err != nil {
		engine.WriteRefusal(w, err, "snake")
		return
	}
	engine.WriteJSON(w, http.StatusOK, map[string]any{"id": done.ID, "type": done.Typ, "status": done.Attributes["status"]})
}
