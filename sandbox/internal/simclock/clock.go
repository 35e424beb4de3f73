package simclock

import (
	"sync"
	"time"
)

// Clock is the sandbox's clock. It runs with the wall clock, ahead or behind by an offset.
// Everything in the sandbox uses it, except what a client checks against its own clock,
// such as the time in a webhook's signature. It is safe for concurrent use.
type Clock struct {
	wall func() time.Time

	mu     sync.Mutex
	offset time.Duration
}

// New returns a clock that shows the start time now, or the wall clock's time if start
// is zero.
func New(wall func() time.Time, start time.Time) *Clock {
	c := &Clock{wall: wall}
	if !start.IsZero() {
		c.Set(start)
	}
	return c
}

// Now returns the sandbox's time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wall().Add(c.offset).UTC()
}

// Wall returns the wall clock's time.
func (c *Clock) Wall() time.Time { return c.wall() }

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// Set makes the clock show a time now.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = now.Sub(c.wall())
}
