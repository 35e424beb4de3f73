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
		w.withhold()
		draw := rand.New(rand.NewPCG(w.seed, 1))
		// The faults of loseThings use the rate limit up for a second every few people:
		// more than one person a second would wait longer and longer.
		end := w.crowd(2 * time.Second)
		ctx, stopCutting := context.WithCancel(t.Context())
		cut := make(chan struct{})
		go func() {
			defer close(cut)
			w.cutNowAndThen(ctx, rand.New(rand.NewPCG(w.seed, 2)))
		}()
		for until, lives := time.Now().Add(length), 0; time.Now().Before(until) || w.kills < leastKills; lives++ {
			w.killOnce(draw)
			switch lives % 40 { // a minute or so
			case 10:
				w.hide("has-match")
			case 15:
				w.hide("checks")
			case 20:
				w.hide()
			case 30:
				w.wire.hang(3)
			}
			time.Sleep(time.Duration(draw.Int64N(int64(2 * time.Second)))) // some lives are longer
		}
		stopCutting()
		<-cut
		w.hide()
		end()
		w.settle()
		faults := w.happened()
		fmt.Printf("%s: %v\n  faults: %v\n", t.Name(), w.audit(), faults)
	})
}

// cutNowAndThen cuts connections to PostgreSQL and deletes claims for some seconds of each
// minute, until the context ends. It does nothing on SQLite.
func (w *world) cutNowAndThen(ctx context.Context, draw *rand.Rand) {
	for w.db.shared && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Second):
			burst, cancel := context.WithTimeout(ctx, 5*time.Second)
			w.cutConnections(burst, draw)
			cancel()
		}
	}
}
