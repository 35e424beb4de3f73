// Package webpage is what the pages that Idem shows to people share: headers that let
// a page do nothing but be read and send its own forms, and the colours of statuses,
// light and dark.
package webpage

import (
	_ "embed"
	"io"
	"net/http"
)

// palette is a style sheet: the colours as variables, and badges in them. The classes
// good, open, bad and quiet say how a status is.
//
//go:embed palette.css
var palette string

// Write answers with a page. Its policy allows no script, and styles, forms and
// nothing else from where it comes.
func Write(w http.ResponseWriter, status int, page []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
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
