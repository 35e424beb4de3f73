package persona

import (
	"encoding/json"
	"time"
)

// Time is a time in Persona's format: ISO 8601 in UTC with milliseconds
// (2023-03-28T18:34:32.000Z). The zero Time means null or absent.
//
// A string that is not a time is not an error: the time is then zero, and Text contains the
// string.
type Time struct {
	time.Time
	Text string
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (t *Time) UnmarshalJSON(b []byte) error {
	*t = Time{}
	w := walker{src: b}
	if text, ok := w.text(); ok {
		t.set(text)
	}
	return nil
}

func (t *Time) set(text string) {
	t.Text = text
	if parsed, err := time.Parse(time.RFC3339Nano, text); err == nil {
		t.Time = parsed
	}
}

// MarshalJSON implements [json.Marshaler]: as received, or in Persona's format.
func (t Time) MarshalJSON() ([]byte, error) {
	switch {
	case t.Text != "":
		return json.Marshal(t.Text)
	case t.IsZero():
		return []byte("null"), nil
	default:
		return json.Marshal(t.format())
	}
}

// format formats the time in Persona's format.
func (t Time) format() string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
