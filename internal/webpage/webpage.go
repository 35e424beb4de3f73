// Package webpage is what the pages that Idem shows to people share: headers that let
// a page do nothing but be read and send its own forms, and the colours of statuses,
// light and dark.
package webpage

import (
	_ "embed"
	"io"
	"net/http"
	"strings"
)

// palette is a style sheet: the colours as variables, and badges in them. The classes
// good, open, bad and quiet say how a status is.
//
//go:embed palette.css
var palette string

// policy is what a browser lets a page do.
type policy struct {
	scripts       bool
	forms, inside []string
}

// Option lets a page do more than be read and send its own forms.
type Option func(*policy)

// Scripts lets a page run the scripts from where it comes.
func Scripts(p *policy) { p.scripts = true }

// FormsTo lets the forms of a page lead to origins besides its own, or with a name such
// as https: to all of a scheme.
func FormsTo(origins ...string) Option { return func(p *policy) { p.forms = origins } }

// Inside lets pages of origins show a page inside of them.
func Inside(origins ...string) Option { return func(p *policy) { p.inside = origins } }

func (p policy) String() string {
	inside := p.inside
	if len(inside) == 0 {
		inside = []string{"'none'"}
	}
	rules := []string{"default-src 'none'", "style-src 'self'", strings.Join(append([]string{"form-action 'self'"}, p.forms...), " "), "base-uri 'none'"}
	if p.scripts {
		rules = append(rules, "script-src 'self'")
	}
	return strings.Join(append(rules, "frame-ancestors "+strings.Join(inside, " ")), "; ")
}

// Write answers with a page. Its policy allows no script, and styles, forms and
// nothing else from where it comes, unless options allow more.
func Write(w http.ResponseWriter, status int, page []byte, options ...Option) {
	var p policy
	for _, o := range options {
		o(&p)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", p.String())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	_, _ = w.Write(page) // the caller may be gone
}

// WriteStyle answers with the style sheet of a page, after the palette.
func WriteStyle(w http.ResponseWriter, style string) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = io.WriteString(w, palette+style) // the caller may be gone
}
