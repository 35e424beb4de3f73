package engine

import (
	"net/http"
	"path"
	"strconv"
	"strings"

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
	for i := range e.operations {
		op := &e.operations[i]
		pattern, parameters := patternOf(op)
		mux.HandleFunc(op.HTTPMethod+" "+pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != op.HTTPMethod { // HEAD, which a router takes for GET
				e.serveAPI(w, r, route{err: wrongMethod()})
				return
			}
			ids := make([]string, parameters)
			for i := range ids {
				ids[i] = r.PathValue(parameterName(i))
			}
			e.serveAPI(w, r, route{op: op, ids: ids})
		})
	}
	for _, base := range []string{apiBase, privacyBase} {
		mux.HandleFunc(base+"/", func(w http.ResponseWriter, r *http.Request) {
			if p, slash := strings.CutSuffix(r.URL.Path, "/"); slash && p != base {
				mux.ServeHTTP(w, withPath(r, p)) // clients append a slash before the query, and Persona serves them
				return
			}
			e.serveAPI(w, r, route{err: e.noRoute(mux, r)})
		})
	}
	mux.HandleFunc(filesBase, e.serveFile)
	mux.HandleFunc(oldFilesBase, e.serveFile)
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

// patternOf writes an operation's path as a router takes it, and counts its parameters.
func patternOf(op *persona.Operation) (pattern string, parameters int) {
	base := apiBase
	if anonymous(op) {
		base = privacyBase
	}
	segments := strings.Split(op.Path, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = "{" + parameterName(parameters) + "}"
			parameters++
		}
	}
	return base + strings.Join(segments, "/"), parameters
}

func parameterName(i int) string { return "p" + strconv.Itoa(i) }

// noRoute returns the error for a request that leads to no operation: a 405 if another
// method does.
func (e *Engine) noRoute(mux *http.ServeMux, r *http.Request) error {
	other := r.Clone(r.Context())
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other.Method = method
		if _, pattern := mux.Handler(other); strings.HasPrefix(pattern, method+" ") {
			return wrongMethod()
		}
	}
	return noSuchPath()
}

func wrongMethod() error {
	return &Refusal{Status: http.StatusMethodNotAllowed, Title: "Method not allowed", Details: "this path does not accept the method"}
}

func noSuchPath() error { return NotFound("there is no such path") }
