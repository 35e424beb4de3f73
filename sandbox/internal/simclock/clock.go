package simclock

import (
	"sync"
	"time"
)

// Clock is the sandbox's time: the wall's, moved forward by as much as was asked
// for. Everything in the sandbox reads it, except what the outside world checks
// against its own clock: the time in a webhook's signature is the wall's.
type Clock struct {
	Wall func() time.Time

	mu     sync.Mutex
	Offset time.Duration
}

func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Wall().Add(c.Offset).UTC()
}

func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Offset += d
}

const StampLayout = "2006-01-02T15:04:05.000Z"

// Set makes it be a moment now.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Offset = now.Sub(c.Wall())
}

// Stamp writes a moment as Persona does: ISO 8601 in UTC, with milliseconds.
func Stamp(t time.Time) string { return t.UTC().Format(StampLayout) }

// Moment reads what stamp wrote; zero for anything else.
func Moment(v any) time.Time {
	text, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
