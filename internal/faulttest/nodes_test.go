package faulttest

import (
	"testing"

	"github.com/idemhq/idem/internal/pgtest"
)

// TestNodesAreKilledAndRestarted kills one of three nodes while people arrive, crashes PostgreSQL, and
// restarts the nodes one after another.
func TestNodesAreKilledAndRestarted(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	w := newWorld(t, onServer(t, server))
	second, third := w.join(), w.join()
	end := w.arrivals(usualPause)
	w.load(10)
	second.kill()
	w.load(10)
	second.start()
	second.awaitReady()
	w.load(10)
	if err := server.Stop("immediate"); err != nil {
		t.Fatal(err)
	}
	w.load(10)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	for _, node := range []*program{w.program, second, third} {
		node.awaitReady()
		w.load(10)
		node.stop()
		w.load(10)
		node.start()
	}
	end()
	w.stopNodes()
	w.settle()
	w.audit()
}
