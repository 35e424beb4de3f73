package proof

import (
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
		draw := rand.New(rand.NewPCG(w.seed, 1))
		// The faults of loseThings use the rate limit up for a second every few people:
		// more than one person a second would wait longer and longer.
		end := w.crowd(2 * time.Second)
		for until := time.Now().Add(length); time.Now().Before(until) || w.kills < leastKills; {
			w.killOnce(draw)
			time.Sleep(time.Duration(draw.Int64N(int64(2 * time.Second)))) // some lives are longer
		}
		end()
		w.settle()
		faults := w.happened()
		fmt.Printf("%s: %v\n  faults: %v\n", t.Name(), w.audit(), faults)
	})
}
