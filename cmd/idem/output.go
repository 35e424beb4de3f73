package main

import (
	"io"
	"strings"

	"github.com/idemhq/idem/cmd/idem/internal/show"
)

// output is embedded by the commands that print a result.
type output struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// print prints a result as JSON, or as text.
func (o output) print(w io.Writer, result any, text func(io.Writer)) error {
	if o.JSON {
		return show.JSON(w, result)
	}
	return show.Text(w, text)
}

// examples returns the examples in a command's help. A line that starts with # explains the
// lines below it.
func examples(lines ...string) string {
	return "Examples:\n\n    " + strings.Join(lines, "\n    ")
}
