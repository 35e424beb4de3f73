package pages

import (
	"net/http"
	"strings"

	"github.com/idemhq/idem/internal/serve"
	"github.com/idemhq/idem/sandbox/internal/engine"
)

// Router serves all pages and the control API.
type Router struct {
	engine *engine.Engine
	mux    *http.ServeMux
}

// New returns the router for an engine.
func New(e *engine.Engine) *Router {
	mux := http.NewServeMux()
	newHosted(e, mux)
	newInspector(e, mux)
	newControl(e, mux)
	return &Router{e, mux}
}

// ServeHTTP implements [http.Handler]. Only this machine, and no page of another site,
// may use what is below /_sandbox/, unless the options allow remote control.
func (p *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	below := strings.HasPrefix(r.URL.Path, "/_sandbox/")
	if below {
		if !p.engine.Options.RemoteControl && !(engine.IsLoopback(r) && serve.LoopbackHost(r)) {
			engine.WriteJSON(w, http.StatusForbidden, engine.Forbidden("the sandbox is controlled from its own machine only").Body())
			return
		}
		if http.NewCrossOriginProtection().Check(r) != nil { // a page of another site, in a browser on this machine
			engine.WriteJSON(w, http.StatusForbidden, engine.Forbidden("the sandbox is not controlled from other sites").Body())
			return
		}
	}
	switch _, pattern := p.mux.Handler(r); {
	case pattern != "":
		p.mux.ServeHTTP(w, r)
	case below:
		engine.WriteJSON(w, http.StatusNotFound, engine.NotFound("there is the inspector at /_sandbox/, GET and POST /_sandbox/clock, POST /_sandbox/act, GET, POST and DELETE /_sandbox/faults, POST /_sandbox/reset, GET and PUT /_sandbox/snapshot, and GET /_sandbox/deliveries, calls and state").Body())
	default:
		engine.WriteJSON(w, http.StatusNotFound, (&engine.Refusal{Title: "Record not found", Details: "the API is below /api/v1"}).Body())
	}
}
