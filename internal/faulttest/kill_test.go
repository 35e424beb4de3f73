package faulttest

import (
	"math/rand/v2"
	"testing"
	"time"
)

// leastKills is the minimum number of kills for each database, also in a soak.
const leastKills = 50

// TestKilledAtAnyMoment kills the service again and again while people arrive, at each kill
// point equally often.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		draw := rand.New(rand.NewPCG(w.seed, 1))
		end := w.arrivals(150 * time.Millisecond)
		for w.kills < leastKills || w.kills%int(killPoints) != 0 {
			w.killOnce(draw)
		}
		end()
		w.settle()
		w.audit()
	})
}
