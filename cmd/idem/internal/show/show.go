// Package show prints the results of commands: JSON for programs, text for people.
package show

import (
	"bufio"
	"encoding/json"
	"image/color"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"
)

// JSON writes v as indented JSON.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Line writes v as one line of JSON.
func Line(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Text calls print with a writer for text. Colours reach w only if w is a terminal and
// NO_COLOR is not set. The error is the first that w returned.
func Text(w io.Writer, print func(io.Writer)) error {
	buffered := bufio.NewWriter(colorprofile.NewWriter(w, os.Environ()))
	print(buffered)
	return buffered.Flush()
}

// Table writes rows in aligned columns. The cells must not be coloured, except those of
// the last column.
func Table(w io.Writer, rows [][]string) {
	var table strings.Builder
	t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = io.WriteString(t, strings.Join(row, "\t")+"\n") // a Builder has no errors
	}
	_ = t.Flush()
	for line := range strings.Lines(table.String()) {
		_, _ = io.WriteString(w, strings.TrimRight(line, " \n")+"\n") // the writer that Text gives keeps the error
	}
}

// Printable removes control characters from a text that comes from outside, so that an
// event or an answer cannot move the cursor or change colours.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return -1
		}
		return r
	}, text)
}

// Terminal reports whether w is a terminal.
func Terminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Good marks a good state.
func Good(s string) string { return colour(lipgloss.Green, s) }

// Bad marks a bad state.
func Bad(s string) string { return colour(lipgloss.Red, s) }

// Doubtful marks a state that a person should look at.
func Doubtful(s string) string { return colour(lipgloss.Yellow, s) }

// Faint marks less important text.
func Faint(s string) string { return lipgloss.NewStyle().Faint(true).Render(s) }

func colour(c color.Color, s string) string {
	return lipgloss.NewStyle().Foreground(c).Render(s)
}
