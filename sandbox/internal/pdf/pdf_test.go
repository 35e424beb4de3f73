package pdf

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

// checkPDF checks the positions of all objects of a PDF, and the lengths of its streams.
func checkDocument(t *testing.T, file []byte) {
	t.Helper()
	tail := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
	if !bytes.HasPrefix(file, []byte("%PDF-1.4\n")) || tail == nil {
		t.Fatal("the file does not begin and end as a PDF does")
	}
	start, err := strconv.Atoi(string(tail[1]))
	if err != nil || !bytes.HasPrefix(file[start:], []byte("xref\n0 ")) {
		t.Fatalf("there is no table at %s", tail[1])
	}
	offsets := regexp.MustCompile(`(\d{10}) 00000 n \n`).FindAllSubmatch(file[start:], -1)
	for i, offset := range offsets {
		at, _ := strconv.Atoi(string(offset[1]))
		if !bytes.HasPrefix(file[at:], fmt.Appendf(nil, "%d 0 obj\n", i+1)) {
			t.Errorf("object %d is not at %d", i+1, at)
		}
	}
	for _, stream := range regexp.MustCompile(`(?s)/Length (\d+) >>\nstream\n(.*?)\nendstream`).FindAllSubmatch(file, -1) {
		if string(stream[1]) != strconv.Itoa(len(stream[2])) {
			t.Errorf("a stream of %d bytes says it has %s", len(stream[2]), stream[1])
		}
	}
}

func TestAPDFIsWhole(t *testing.T) {
	for name, test := range map[string]struct {
		lines []string
		pages int
		want  string
	}{
		"with no lines":                    {nil, 1, "(Report) Tj"},
		"with characters that mean more":   {[]string{`a (b) \c`}, 1, `(a \(b\) \\c) Tj`},
		"with letters of other alphabets":  {[]string{"José 李\n"}, 1, "(Jos\xe9 ??) Tj"},
		"with a line that is too long":     {[]string{strings.Repeat("x", pdfWidth+3)}, 1, "(    xxx) Tj"},
		"with more lines than a page has":  {make([]string, 2*pdfLines+1), 3, "(Page 3 of 3) Tj"},
		"with as many lines as a page has": {make([]string, pdfLines), 1, "(Page 1 of 1) Tj"},
	} {
		t.Run(name, func(t *testing.T) {
			file := Document("Report", test.lines...)
			checkDocument(t, file)
			if !bytes.Contains(file, []byte(test.want)) || !bytes.Contains(file, fmt.Appendf(nil, "/Count %d ", test.pages)) {
				t.Errorf("the file lacks %q on %d pages:\n%s", test.want, test.pages, file)
			}
		})
	}
}

func TestFactsNameEveryValueButFilesAndBlanks(t *testing.T) {
	got := Lines("", map[string]any{
		"status": "passed", "note": nil, "tags": []any{"vip"}, "fields": map[string]any{"name-first": map[string]any{"type": "string", "value": "Ada"}},
		"front-photo-url": storage.MarkOf("ver_1", "front_photo.jpg"), "score": 1.5,
	})
	want := "fields / name-first: Ada|score: 1.5|status: passed|tags 1: vip"
	if strings.Join(got, "|") != want {
		t.Errorf("facts %q", got)
	}
}
