package postgres

import (
	"sync/atomic"
	"time"
)

// clock is how far the database's clock is ahead of this machine's, in nanoseconds. The
// zero clock takes both for equal.
type clock struct{ ahead atomic.Int64 }

// Now implements the clock that all nodes share: the database's. When a job is due, when
// a claim on a reconciliation ends and when an event came must not depend on the node
// that asks. It was compared a few seconds ago at the most, unless the database does not
// answer.
func (db *DB) Now() time.Time { return db.clock.now() }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// compare takes what the database's clock showed in answer to a query. It may have looked
// at any moment between the two: a difference that is not larger than that counts as none.
func (c *clock) compare(shown, sent, received time.Time) {
	way := received.Sub(sent)
	ahead := shown.Sub(sent.Add(way / 2))
	if (ahead - time.Duration(c.ahead.Load())).Abs() > way {
		c.ahead.Store(int64(ahead))
	}
}
