package postgres

import (
	"sync/atomic"
	"time"
)

// clock is how far the database's clock is ahead of this machine's, in nanoseconds. The
// zero clock assumes that they are equal.
type clock struct{ ahead atomic.Int64 }

// Now returns the time of the database, which all nodes share. When a job is due, when a
// lease ends and when an event was received must not depend on the node. The clocks were
// compared a few seconds ago, unless the database does not respond.
func (db *DB) Now() time.Time { return db.clock.now() }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// compare updates the difference from the time that the database returned for a query. The
// database may have read its clock at any time between sent and received, so a difference
// within that range counts as none.
func (c *clock) compare(shown, sent, received time.Time) {
	way := received.Sub(sent)
	ahead := shown.Sub(sent.Add(way / 2))
	if (ahead - time.Duration(c.ahead.Load())).Abs() > way {
		c.ahead.Store(int64(ahead))
	}
}
