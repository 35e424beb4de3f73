package faulttest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestKilledAtAnyMoment kills the service more than fifty times on each database while people
// arrive, at each kill point five times. Two services for each database are killed at the same
// time: after a kill, the test mostly waits until the claims of the killed node have expired.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	for service, rounds := range []int{3, 2} {
		t.Run(fmt.Sprint("service ", service+1), func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, db database) {
				w := newWorld(t, db)
				draw := rand.New(rand.NewPCG(w.seed, 1))
				end := w.arrivals(150 * time.Millisecond)
				for range rounds * int(killPoints) {
					w.killOnce(draw)
				}
				end()
				w.settle()
				w.audit()
			})
		})
	}
}
