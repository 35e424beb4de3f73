package api

import (
	"net/http"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/idemhq/idem/internal/domain"
)

// paths is a [humago.Mux] with the paths below an environment in a mux of their own.
// [http.ServeMux] does not accept both /v1/tokens/{id} and /v1/{environment}/subjects.
type paths struct{ whole, environments *http.ServeMux }

// newPaths returns the paths of the API on a mux. Paths below /v1/ that are not known are
// answered with a [Problem].
func newPaths(mux *http.ServeMux) paths {
	p := paths{mux, http.NewServeMux()}
	p.environments.HandleFunc("/", p.unknown)
	mux.Handle("/v1/", p.environments)
	return p
}

// HandleFunc implements [humago.Mux].
func (p paths) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	if strings.Contains(pattern, " /v1/{environment}/") {
		p.environments.HandleFunc(pattern, handler)
		return
	}
	p.whole.HandleFunc(pattern, handler)
}

// ServeHTTP implements [humago.Mux].
func (p paths) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.whole.ServeHTTP(w, r) }

func (p paths) unknown(w http.ResponseWriter, r *http.Request) {
	if methods := p.methods(r); len(methods) > 0 {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		rejectPath(w, r, problem(methodNotAllowed, "this path has "+strings.Join(methods, ", ")))
		return
	}
	rejectPath(w, r, problem(unknownPath, "the API has no such path: /docs lists them"))
}

// rejectPath answers a request that no operation gets.
func rejectPath(w http.ResponseWriter, r *http.Request, p *Problem) {
	id := domain.NewID("req")
	w.Header().Set("X-Request-Id", id)
	writeProblem(huma.WithValue(humago.NewContext(&huma.Operation{}, r, w), requestKey, id), p)
}

// ExactPaths answers 404 to a path that [http.ServeMux] would redirect:
// "/v1/sandbox/events/../replay" must not become a request to replay everything. A reference
// "." or ".." arrives with escaped dots.
func ExactPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.URL.EscapedPath()
		clean := path.Clean(given)
		switch {
		case given == clean || given == clean+"/":
			next.ServeHTTP(w, r)
		case strings.HasPrefix(given, "/v1/"):
			rejectPath(w, r, problem(unknownPath, inexactPath))
		default:
			http.NotFound(w, r)
		}
	})
}

const inexactPath = `a part of the path is empty, "." or "..": in an id or a reference write / as %2F, and the dots of a reference "." or ".." as %2E`

// methods returns the methods with which the path of a request exists.
func (p paths) methods(r *http.Request) (methods []string) {
	other := *r
	for _, other.Method = range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		for _, mux := range []*http.ServeMux{p.whole, p.environments} {
			if _, pattern := mux.Handler(&other); strings.HasPrefix(pattern, other.Method+" ") {
				methods = append(methods, other.Method)
			}
		}
	}
	return methods
}
