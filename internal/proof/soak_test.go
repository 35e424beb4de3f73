package proof

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// TestSoak does everything at once for as long as SOAK says: "make soak" prints its
// figures.
func TestSoak(t *testing.T) {
	text := os.Getenv("SOAK")
	if text == "" {
		t.Skip("SOAK is not set: run make soak")
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("SOAK is not a duration such as 10m: %v", err)
	}
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		w.loseThings()
		if db.shared {
			w.joinAhead(5 * time.Minute)
			w.joinAhead(-5 * time.Minute)
		}
		draw := rand.New(rand.NewPCG(w.seed, 1))
		// The faults of loseThings use the rate limit up for a second every few people:
		// more than one person a second would wait longer and longer.
		end := w.crowd(2 * time.Second)
		for until := time.Now().Add(length); time.Now().Before(until) || w.kills < leastKills; {
			w.soakOnce(draw)
		}
		end()
		w.hide()
		w.stopNodes()
		w.settle()
		faults := w.happened()
		_, hung := w.wire.hung()
		fmt.Printf("%s: %v\n  faults: %v, %d calls hung\n", t.Name(), w.audit(), faults, hung)
	})
}

// soakOnce kills the process once, and before that lets something else go wrong for a
// while, or nothing.
func (w *world) soakOnce(draw *rand.Rand) {
	life := time.Duration(draw.Int64N(int64(2 * time.Second)))
	switch draw.IntN(40) {
	case 0, 1, 2:
		w.hide([]string{"has-match", "checks"}[draw.IntN(2)])
	case 3, 4, 5, 6:
		w.hide()
	case 7:
		w.wire.hang(5)
		life = 70 * time.Second // until the service gives them up
	case 8, 9:
		if w.db.shared {
			ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
			w.cutConnections(ctx, draw)
			cancel()
		}
	}
	time.Sleep(life) // how long the process lives is what is drawn: nothing is waited for
	w.killOnce(draw)
}
