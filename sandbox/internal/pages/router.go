package pages

import (
	"encoding/json"
	"net"
	"net/http"

	"github.com/idemhq/idem/internal/serve"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/engine"
)

// controls are the paths below which people and tests control the sandbox.
const controls = "/_sandbox/"

// Register adds the hosted page, the inspector and the control API to a router. With
// remote, other machines may use the inspector and the control API.
func Register(mux *http.ServeMux, e *engine.Engine, remote bool) {
	registerHosted(mux, e)
	g := guardedMux{mux, remote}
	registerInspector(g, e)
	registerControl(g, e)
	g.HandleFunc(controls, func(w http.ResponseWriter, _ *http.Request) {
		writeRefusal(w, engine.NotFound("there is the inspector at /_sandbox/, GET and POST /_sandbox/clock, POST /_sandbox/act, GET, POST and DELETE /_sandbox/faults, POST /_sandbox/reset, GET and PUT /_sandbox/snapshot, and GET /_sandbox/deliveries, calls and state"))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeRefusal(w, engine.NotFound("the API is below /api/v1, and pages that show what the sandbox holds are at /_sandbox/"))
	})
}

// guardedMux is a router that adds a guard to each handler.
type guardedMux struct {
	mux    *http.ServeMux
	remote bool
}

// HandleFunc registers a handler.
func (g guardedMux) HandleFunc(pattern string, do http.HandlerFunc) {
	g.mux.Handle(pattern, guard(do, g.remote))
}

// guard lets only requests through that come from this machine and use one of its names,
// unless remote is set, and none that a page of another site makes.
func guard(next http.Handler, remote bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !remote && !(fromThisMachine(r) && serve.LoopbackHost(r)):
			writeRefusal(w, engine.Forbidden("only this machine may control the sandbox"))
		case http.NewCrossOriginProtection().Check(r) != nil: // a page of another site, in a browser on this machine
			writeRefusal(w, engine.Forbidden("other sites must not control the sandbox"))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func fromThisMachine(r *http.Request) bool {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(address).IsLoopback()
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", catalog.JSONContent)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may be gone
}

func writeRefusal(w http.ResponseWriter, refusal *engine.Refusal) {
	writeJSON(w, refusal.Status, refusal.Body())
}
