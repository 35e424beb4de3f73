package faulttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// leastKills is the minimum number of kills in a soak.
const leastKills = 50

// TestSoak combines all faults for the duration SOAK. "make soak" prints its figures.
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
		w.injectLosses()
		w.program.supervised = true // it cannot start while its connections are cut
		if db.shared {
			w.joinAhead(5 * time.Minute)
			w.joinAhead(-5 * time.Minute)
		}
		draw := rand.New(rand.NewPCG(w.seed, 1))
		// The faults of loseThings exhaust the rate limit for a second every few people.
		// With more than one person per second the backlog would grow.
		end := w.arrivals(2 * time.Second)
		ctx, stopCutting := context.WithCancel(t.Context())
		cut := make(chan struct{})
		go func() {
			defer close(cut)
			w.cutConnectionsAtTimes(ctx, rand.New(rand.NewPCG(w.seed, 2)))
		}()
		for until := time.Now().Add(length); time.Now().Before(until) || w.kills < leastKills; {
			w.runAndKill(draw)
		}
		stopCutting()
		<-cut
		w.hide()
		end()
		w.stopNodes()
		w.settle()
		faults := w.happened()
		_, hung := w.wire.hung()
		fmt.Printf("%s: %v\n  faults: %v, %d calls hung\n", t.Name(), w.audit(), faults, hung)
	})
}

// runAndKill lets the process run for a while and then kills it. Sometimes facts are hidden
// from it, and sometimes calls hang until it gives them up.
func (w *world) runAndKill(draw *rand.Rand) {
	life := time.Duration(draw.Int64N(int64(2 * time.Second)))
	switch n := draw.IntN(100); {
	case n < 2:
		w.hide("has-match")
	case n < 4:
		w.hide("checks")
	case n < 24:
		w.hide()
	case n < 26:
		w.wire.hang(3)
		life = 70 * time.Second
	}
	time.Sleep(life) // a random duration; this does not wait for anything
	w.killOnce(draw)
}

// cutConnectionsAtTimes cuts connections to PostgreSQL and deletes claims for some seconds of each
// minute, until the context ends. It does nothing for SQLite.
func (w *world) cutConnectionsAtTimes(ctx context.Context, draw *rand.Rand) {
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
