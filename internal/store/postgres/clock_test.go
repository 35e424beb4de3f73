package postgres

import (
	"testing"
	"time"
)

func TestTheClockFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	sent := time.Now()
	for _, test := range []struct {
		name              string
		known, shown, way time.Duration // relative to sent
		want              time.Duration
	}{
		{"a clock that is ahead", 0, 5*time.Minute + 5*time.Millisecond, 10 * time.Millisecond, 5 * time.Minute},
		{"a clock that is behind", 0, -5*time.Minute + 5*time.Millisecond, 10 * time.Millisecond, -5 * time.Minute},
		{"a difference within the round trip", 0, 12 * time.Millisecond, 10 * time.Millisecond, 0},
		{"a slow answer does not change a known difference", time.Minute, 62 * time.Second, 4 * time.Second, time.Minute},
		{"a clock that was corrected", time.Minute, 5 * time.Millisecond, 10 * time.Millisecond, 0},
	} {
		var c clock
		c.reading.Store(&reading{sent.Add(test.known).Round(0), sent})
		c.compare(sent.Add(test.shown), sent, sent.Add(test.way))
		if got := c.when(sent).Sub(sent.Round(0)); got != test.want {
			t.Errorf("%s: the database is ahead by %v, not %v", test.name, got, test.want)
		}
	}
}
