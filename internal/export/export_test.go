package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var columns = []string{"reference", "version", "match", "since", "reason"}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123000, time.FixedZone("", 3600))

func write(t *testing.T, format Format, raw bool, rows ...[]any) string {
	t.Helper()
	var b bytes.Buffer
	w, err := New(&b, format, columns, raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRowsAreWrittenAsCSV(t *testing.T) {
	got := write(t, CSV, false, []any{"user-1", int64(3), true, noon, nil}, []any{"a \"b\",\nc", int64(-1), false, nil, ""})
	rows, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	want := [][]string{columns, {"user-1", "3", "true", "2026-03-01T11:00:00.000123Z", ""}, {"a \"b\",\nc", "-1", "false", "", ""}}
	if err != nil || !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("read %q, error %v", rows, err)
	}
}

func TestNoTextIsAFormula(t *testing.T) {
	for _, text := range []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"} {
		got, err := csv.NewReader(strings.NewReader(write(t, CSV, false, []any{text, nil, nil, nil, nil}))).ReadAll()
		if err != nil || got[1][0] != "'"+text {
			t.Errorf("%q became %q, error %v", text, got, err)
		}
		if got, err = csv.NewReader(strings.NewReader(write(t, CSV, true, []any{text, nil, nil, nil, nil}))).ReadAll(); err != nil || got[1][0] != text {
			t.Errorf("%q became %q although it was to stay, error %v", text, got, err)
		}
	}
}

func TestRowsAreWrittenAsNDJSON(t *testing.T) {
	got := write(t, NDJSON, false, []any{"=1\n\"", int64(3), true, noon, nil}, []any{"", nil, nil, nil, nil})
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("there are %d lines", len(lines))
	}
	var row map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &row); err != nil || row["reference"] != "=1\n\"" || row["version"] != 3.0 || row["match"] != true || row["reason"] != nil {
		t.Errorf("read %v, error %v", row, err)
	}
	if !strings.HasPrefix(lines[1], `{"reference":"","version":null,`) {
		t.Errorf("the second line is %s", lines[1])
	}
}

func TestAnUnknownFormatIsAnError(t *testing.T) {
	if _, err := New(&bytes.Buffer{}, "xml", columns, false); err == nil {
		t.Error("there is a writer of xml")
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAFullDiskIsAnError(t *testing.T) {
	for _, format := range []Format{CSV, NDJSON} {
		w, err := New(full{}, format, columns, false)
		if err != nil {
			t.Fatal(err)
		}
		_ = w.Row([]any{strings.Repeat("x", 10), nil, nil, nil, nil}) // it may be buffered
		if w.Flush() == nil {
			t.Errorf("%s: the error is dropped", format)
		}
	}
}
