package simclock

import "time"

// StampLayout is Persona's format for times: ISO 8601 in UTC, with milliseconds.
const StampLayout = "2006-01-02T15:04:05.000Z"

// Stamp formats a time as [StampLayout] says. Package time formats and parses RFC 3339 much
// faster than other layouts, and stamps are made and read very often.
func Stamp(t time.Time) string {
	t = t.UTC()
	b := t.AppendFormat(make([]byte, 0, len(StampLayout)), time.RFC3339)
	ms := t.Nanosecond() / 1e6
	return string(append(b[:len(b)-1], '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z'))
}

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
