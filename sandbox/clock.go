package sandbox

import (
	"sync"
	"time"
)

// clock is the sandbox's time: the wall's, moved forward by as much as was asked
// for. Everything in the sandbox reads it, except what the outside world checks
// against its own clock: the time in a webhook's signature is the wall's.
type clock struct {
	wall func() time.Time

	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall().Add(c.offset).UTC()
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

const stampLayout = "2006-01-02T15:04:05.000Z"

// set makes it be a moment now.
func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = now.Sub(c.wall())
}

// stamp writes a moment as Persona does: ISO 8601 in UTC, with milliseconds.
func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

// moment reads what stamp wrote; zero for anything else.
func moment(v any) time.Time {
	text, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
