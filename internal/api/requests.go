package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/spelling"
)

// exactQuery rejects queries of which parts would be ignored: malformed ones, and empty,
// repeated and unknown parameters.
func exactQuery(ctx huma.Context, next func(huma.Context)) {
	at := ctx.URL()
	if wrong := problemOf(at.RawQuery); wrong != "" {
		writeProblem(ctx, problem(invalidRequest, wrong))
		return
	}
	var known []string
	for _, p := range ctx.Operation().Parameters {
		if p.In == "query" {
			known = append(known, p.Name)
		}
	}
	for name := range at.Query() {
		if !slices.Contains(known, name) {
			writeProblem(ctx, unknownName(name, known))
			return
		}
	}
	next(ctx)
}

// unknownName returns the answer to an unknown query parameter.
func unknownName(name string, known []string) *Problem {
	name = domain.Storable(name, 50)
	detail := "there is no parameter " + strconv.Quote(name) + spelling.DidYouMean(name, known)
	if spelling.Nearest(name, known) == "" && len(known) > 0 {
		detail += ": there are " + strings.Join(known, ", ")
	}
	return problem(unknownParameter, detail, ProblemField{"query." + name, "unknown parameter"})
}

// problemOf says what is wrong with a query, or returns "".
func problemOf(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "the query cannot be read: check its percent-encoding"
	}
	for name, given := range values {
		switch {
		case len(given) > 1:
			return strings.ToValidUTF8(name, "?") + " is given more than once"
		case given[0] == "":
			return strings.ToValidUTF8(name, "?") + " is empty: leave it out"
		}
	}
	return ""
}

// ID is the id of an event, an object or an action in a request.
type ID string

// Resolve implements [huma.ResolverWithPath].
func (id ID) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	if id == "" || domain.PlausibleID(string(id)) {
		return nil
	}
	return []error{&huma.ErrorDetail{Location: at.String(), Message: "an id has at most 200 letters, digits and signs of ASCII"}}
}

// Reference is the reference id of a subject in a request.
type Reference string

// maxReference is the maximum length of a reference id in characters (Persona's error:
// "must be shorter than 255 characters").
const maxReference = 254

// Resolve implements [huma.ResolverWithPath].
func (r Reference) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	text := string(r)
	if utf8.ValidString(text) && !strings.Contains(text, "\x00") && utf8.RuneCountInString(text) <= maxReference {
		return nil
	}
	return []error{&huma.ErrorDetail{Location: at.String(), Message: "a reference id has at most 254 characters of UTF-8, none of them zero"}}
}

var (
	_ huma.ResolverWithPath = ID("")
	_ huma.ResolverWithPath = Reference("")
)
