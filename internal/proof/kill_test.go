package proof

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestKilledAtAnyMoment kills the service again and again while people come in, twice
// at each moment.
func TestKilledAtAnyMoment(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		draw := rand.New(rand.NewPCG(w.seed, 1))
		end := w.crowd(60 * time.Millisecond)
		for range 2 * int(moments) {
			w.killOnce(draw)
		}
		end()
		w.settle()
		w.audit()
	})
}
