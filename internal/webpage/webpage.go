// Package webpage is shared by Idem's HTML pages: security headers, and the colours of
// statuses in light and dark mode.
package webpage

import (
	_ "embed"
	"io"
	"net/http"
	"strings"
)

// palette is a style sheet with the colours as variables, and badges that use them. The
// classes good, open, bad and quiet are those of [Tone].
//
//go:embed palette.css
var palette string

// policy is a content security policy.
type policy struct {
	scripts       bool
	forms, inside []string
}

// Option allows a page more than being read and sending its own forms.
type Option func(*policy)

// Scripts allows scripts from the page's own origin.
func Scripts(p *policy) { p.scripts = true }

// FormsTo allows forms that lead to other origins, or with a name such as https: to a whole
// scheme.
func FormsTo(origins ...string) Option { return func(p *policy) { p.forms = origins } }

// Inside allows pages of origins to embed the page in a frame.
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

// Write answers with a page. Its policy allows only styles and forms of its own origin,
// unless options allow more.
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
	_, _ = w.Write(page) // the client may have disconnected
}

// WriteStyle answers with a style sheet, preceded by the palette.
func WriteStyle(w http.ResponseWriter, style string) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = io.WriteString(w, palette+style) // the client may have disconnected
}
