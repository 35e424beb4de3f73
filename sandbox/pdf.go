package sandbox

import (
	"bytes"
	"fmt"
	"strings"
)

// pdf writes one page of text as a PDF.
func pdf(title string, lines ...string) []byte {
	escape := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`)
	var text strings.Builder
	fmt.Fprintf(&text, "BT /F1 18 Tf 72 760 Td (%s) Tj /F1 11 Tf", escape.Replace(title))
	for _, line := range lines {
		fmt.Fprintf(&text, " 0 -20 Td (%s) Tj", escape.Replace(line))
	}
	text.WriteString(" ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
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
