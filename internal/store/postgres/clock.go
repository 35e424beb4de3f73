package postgres

import (
	"sync/atomic"
	"time"
)

// clock is the database's clock as this machine knows it. The zero clock is this machine's.
type clock struct{ reading atomic.Pointer[reading] }

// reading is the time of the database at a moment of this machine.
type reading struct{ shown, at time.Time }

// Now returns the time of the database, which all nodes share. When a job is due, when a
// lease ends and when an event was received must not depend on the node. The clocks were
// compared a few seconds ago, unless the database does not respond.
func (db *DB) Now() time.Time { return db.clock.when(time.Now()) }

// when returns the time of the database at a moment of this machine. Since the last reading
// the monotonic clock counts: somebody may set this machine's clock between two readings.
func (c *clock) when(at time.Time) time.Time {
	r := c.reading.Load()
	if r == nil {
		return at
	}
	return r.shown.Add(at.Sub(r.at))
}

// compare takes in the time that the database returned for a query. The database may have
// read its clock at any time between sent and received, so a difference within that range
// counts as none.
func (c *clock) compare(shown, sent, received time.Time) {
	way := received.Sub(sent)
	at := sent.Add(way / 2)
	known := c.when(at)
	if shown.Sub(known).Abs() > way {
		known = shown
	} else if c.reading.Load() != nil {
		return
	}
	c.reading.Store(&reading{known.Round(0), at}) // without the monotonic clock of this machine
}
