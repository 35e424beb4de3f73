package pdf

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

const (
	pdfLines = 44 // on a page
	pdfWidth = 92 // characters of a line
)

// Lines writes a value, and everything in it, as lines of text. It omits files.
func Lines(name string, v any) []string {
	var lines []string
	switch v := v.(type) {
	case map[string]any:
		if value, field := v["value"]; field && v["type"] != nil && len(v) == 2 {
			return Lines(name, value)
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, Lines(strings.TrimPrefix(name+" / "+key, " / "), v[key])...)
		}
	case []any:
		for i, item := range v {
			lines = append(lines, Lines(fmt.Sprintf("%s %d", name, i+1), item)...)
		}
	case nil:
	case string:
		if v != "" && !strings.HasPrefix(v, storage.FileMark) {
			lines = []string{name + ": " + v}
		}
	default:
		lines = []string{fmt.Sprintf("%s: %v", name, v)}
	}
	return lines
}

// Document returns a PDF with a title and lines of text, on as many pages as needed.
func Document(title string, lines ...string) []byte {
	pages := slices.Collect(slices.Chunk(wrapped(lines), pdfLines))
	if len(pages) == 0 {
		pages = [][]string{nil}
	}
	var kids []string
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"}
	for i, page := range pages {
		var text strings.Builder
		fmt.Fprintf(&text, "BT /F1 18 Tf 56 740 Td (%s) Tj /F1 10 Tf 0 -12 Td", pdfText(title))
		for _, line := range page {
			fmt.Fprintf(&text, " 0 -15 Td (%s) Tj", pdfText(line))
		}
		fmt.Fprintf(&text, " ET BT /F1 8 Tf 56 36 Td (Page %d of %d) Tj ET", i+1, len(pages))
		at := len(objects) + 1
		kids = append(kids, fmt.Sprintf("%d 0 R", at))
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> >> >>", at+1),
			fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(pages))
	var file bytes.Buffer
	file.WriteString("%PDF-1.4\n")
	var index strings.Builder
	for i, object := range objects {
		fmt.Fprintf(&index, "%010d 00000 n \n", file.Len())
		fmt.Fprintf(&file, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := file.Len()
	fmt.Fprintf(&file, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, index.String(), len(objects)+1, start)
	return file.Bytes()
}

// wrapped breaks lines that are wider than a page.
func wrapped(lines []string) []string {
	var out []string
	for _, line := range lines {
		runes := []rune(line)
		for len(runes) > pdfWidth {
			out, runes = append(out, string(runes[:pdfWidth])), append([]rune("    "), runes[pdfWidth:]...)
		}
		out = append(out, string(runes))
	}
	return out
}

// pdfText writes text as a PDF string, in Latin 1. Other characters become question marks.
func pdfText(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\\' || r == '(' || r == ')':
			b.WriteByte('\\')
			b.WriteByte(byte(r))
		case r < 0x20 || r > 0xFF || r >= 0x7F && r < 0xA0:
			b.WriteByte('?')
		default:
			b.WriteByte(byte(r))
		}
	}
	return b.String()
}
