package engine

import (
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/idemhq/idem/persona"
)

const (
	apiBase      = "/api/v1"
	privacyBase  = "/api/privacy/v1" // relays (OpenAPI 2025-12-08)
	filesBase    = "/files/"
	oldFilesBase = apiBase + "/files/" // before 2023-01-05, with an API key
)

// Register adds the operations of the API and the files to a router.
func (e *Engine) Register(mux *http.ServeMux) {
	for _, base := range []string{apiBase, privacyBase} {
		mux.HandleFunc(base+"/", e.serveBelow(base))
	}
	mux.HandleFunc(filesBase, e.serveFile)
	mux.HandleFunc(oldFilesBase, e.serveFile)
}

// serveBelow serves the calls of the API below a base.
func (e *Engine) serveBelow(base string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		to := routeOf(r)
		if path, slash := strings.CutSuffix(r.URL.Path, "/"); to.err != nil && slash && path != base {
			r = withPath(r, path) // clients append a slash before the query, and Persona serves them
			to = routeOf(r)
		}
		e.serveAPI(w, r, to)
	}
}

// endpoints finds the operation of a request. All engines share it: adding two hundred patterns to a
// router takes half as long as making everything else of a sandbox.
var endpoints = sync.OnceValue(func() *http.ServeMux {
	mux := http.NewServeMux()
	for i := range operations() {
		op := &operations()[i]
		pattern, parameters := patternOf(op)
		mux.Handle(op.HTTPMethod+" "+pattern, endpoint{op, parameters})
	}
	return mux
})

// endpoint is an operation in the router. The router only finds it, and never calls it.
type endpoint struct {
	op         *persona.Operation
	parameters []int // the segments of the path that are parameters
}

// ServeHTTP implements [http.Handler].
func (endpoint) ServeHTTP(http.ResponseWriter, *http.Request) {}

// routeOf returns where a request of the API leads.
func routeOf(r *http.Request) route {
	found, _ := endpoints().Handler(r)
	to, known := found.(endpoint)
	switch {
	case !known:
		return route{err: noRoute(r)}
	case r.Method != to.op.HTTPMethod: // HEAD, which a router takes for GET
		return route{err: wrongMethod()}
	}
	segments := strings.Split(r.URL.EscapedPath(), "/")
	ids := make([]string, len(to.parameters))
	for i, at := range to.parameters {
		ids[i], _ = url.PathUnescape(segments[at]) // the router has matched it
	}
	return route{op: to.op, ids: ids}
}

// withPath returns a request with another path.
func withPath(r *http.Request, path string) *http.Request {
	other := r.Clone(r.Context())
	other.URL.Path, other.URL.RawPath = path, ""
	return other
}

// Unclean reports whether a path of the API is not in its shortest form, as after a base
// URL that ends with a slash. A router would redirect such a request; at Persona there is
// no such path. [Engine.ServeUnclean] answers it.
func Unclean(r *http.Request) bool {
	p := r.URL.Path
	return (strings.HasPrefix(p, apiBase+"/") || strings.HasPrefix(p, privacyBase+"/")) && path.Clean(p) != strings.TrimSuffix(p, "/")
}

// ServeUnclean answers a request for a path of the API that is [Unclean].
func (e *Engine) ServeUnclean(w http.ResponseWriter, r *http.Request) {
	e.serveAPI(w, r, route{err: noSuchPath()})
}

// route is where a request leads: to an operation with the parameters of its path, or to
// an error.
type route struct {
	op  *persona.Operation
	ids []string
	err error
}

// patternOf writes an operation's path as a router takes it, and returns which of its segments are
// parameters.
func patternOf(op *persona.Operation) (pattern string, parameters []int) {
	base := apiBase
	if anonymous(op) {
		base = privacyBase
	}
	segments := strings.Split(base+op.Path, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = "{p" + strconv.Itoa(i) + "}"
			parameters = append(parameters, i)
		}
	}
	return strings.Join(segments, "/"), parameters
}

// noRoute returns the error for a request that leads to no operation: a 405 if another
// method does.
func noRoute(r *http.Request) error {
	other := r.Clone(r.Context())
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other.Method = method
		if _, pattern := endpoints().Handler(other); strings.HasPrefix(pattern, method+" ") {
			return wrongMethod()
		}
	}
	return noSuchPath()
}

func wrongMethod() error {
	return &Refusal{Status: http.StatusMethodNotAllowed, Title: "Method not allowed", Details: "this path does not accept the method"}
}

func noSuchPath() error { return NotFound("there is no such path") }
