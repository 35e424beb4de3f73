package api

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/idemhq/idem/internal/domain"
)

// exactQuery refuses a query whose parts would be ignored: one that cannot be read, an
// empty parameter, and one that is given twice. Unknown parameters are refused by huma.
func exactQuery(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if problem := problemOf(ctx.URL().RawQuery); problem != "" {
			_ = huma.WriteErr(api, ctx, http.StatusUnprocessableEntity, problem) // the caller may be gone
			return
		}
		next(ctx)
	}
}

// problemOf says what is wrong with a query, and nothing where nothing is.
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

// ID is the id of an event, an object or an action, as a request names it; "" for none.
type ID string

// Resolve implements [huma.ResolverWithPath].
func (id ID) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	if id == "" || domain.PlausibleID(string(id)) {
		return nil
	}
	return []error{&huma.ErrorDetail{Location: at.String(), Message: "an id has at most 200 letters, digits and signs of ASCII"}}
}

// Reference is the host's reference id of a subject, as a request names it.
type Reference string

// maxReference is how many characters a reference id can have at Persona (Persona's
// refusal: "must be shorter than 255 characters").
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
