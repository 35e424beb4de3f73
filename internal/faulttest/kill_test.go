package faulttest

import (
	"math/rand/v2"
	"testing"
	"time"
)

// leastKills is how often each database's service is killed at least, here and in a soak.
const leastKills = 50

// TestKilledAtAnyMoment kills the service again and again while people come in, at each
// moment as often as at the others.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		draw := rand.New(rand.NewPCG(w.seed, 1))
		end := w.crowd(150 * time.Millisecond)
		for w.kills < leastKills || w.kills%int(moments) != 0 {
			w.killOnce(draw)
		}
		end()
		w.settle()
		w.audit()
	})
}
