// Package export writes rows as CSV or NDJSON.
package export

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Format is how rows are written.
type Format string

// The formats.
const (
	CSV    Format = "csv"    // with a first row of names (RFC 4180)
	NDJSON Format = "ndjson" // a JSON object on each line
)

// Writer writes rows. Call Flush after the last one.
type Writer interface {
	Row(values []any) error
	Flush() error
}

// New returns a writer of rows with some columns. raw leaves texts in CSV as they are: see
// [harmless].
func New(w io.Writer, format Format, columns []string, raw bool) (Writer, error) {
	switch format {
	case CSV:
		c := &csvWriter{csv.NewWriter(w), raw}
		return c, c.w.Write(columns)
	case NDJSON:
		return newNDJSON(w, columns)
	}
	return nil, fmt.Errorf("unknown format %q: use csv or ndjson", format)
}

// csvWriter is a [Writer] of CSV.
type csvWriter struct {
	w   *csv.Writer
	raw bool
}

// Row implements [Writer].
func (c *csvWriter) Row(values []any) error {
	cells := make([]string, len(values))
	for i, value := range values {
		cells[i] = text(value)
		if _, given := value.(string); given && !c.raw {
			cells[i] = harmless(cells[i])
		}
	}
	return c.w.Write(cells)
}

// Flush implements [Writer].
func (c *csvWriter) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// text returns a value as it is written in CSV.
func text(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case int64:
		return strconv.FormatInt(value, 10)
	case time.Time:
		return value.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(value)
}

// harmless puts an apostrophe before a text that a spreadsheet would run as a formula
// (OWASP: CSV Injection).
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// ndjsonWriter is a [Writer] of NDJSON. The members have the order of the columns.
type ndjsonWriter struct {
	w     *bufio.Writer
	names []string // encoded
}

func newNDJSON(w io.Writer, columns []string) (Writer, error) {
	n := &ndjsonWriter{w: bufio.NewWriter(w)}
	for _, column := range columns {
		name, err := json.Marshal(column)
		if err != nil {
			return nil, err
		}
		n.names = append(n.names, string(name))
	}
	return n, nil
}

// Row implements [Writer].
func (n *ndjsonWriter) Row(values []any) error {
	var line strings.Builder
	for i, value := range values {
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode a row: %w", err)
		}
		line.WriteByte("{,"[min(i, 1)])
		line.WriteString(n.names[i] + ":")
		line.Write(encoded)
	}
	_, err := n.w.WriteString(line.String() + "}\n")
	return err
}

// Flush implements [Writer].
func (n *ndjsonWriter) Flush() error { return n.w.Flush() }
