package simclock

import "time"

// StampLayout is Persona's format for times: ISO 8601 in UTC, with milliseconds.
const StampLayout = "2006-01-02T15:04:05.000Z"

// Stamp formats a time.
func Stamp(t time.Time) string { return t.UTC().Format(StampLayout) }

// Moment parses what [Stamp] wrote, or any other RFC 3339 time. It returns zero for
// everything else.
func Moment(v any) time.Time {
	text, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
