package proof

import (
	"strings"
	"testing"
	"time"
)

// TestNodesComeAndGo kills one of three nodes while people come in, crashes PostgreSQL,
// and restarts the nodes one after another.
func TestNodesComeAndGo(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		if !strings.HasPrefix(db.env[0], "IDEM_DATABASE=") {
			t.Skip("SQLite has one node")
		}
		w := newWorld(t, db)
		second, third := w.join(), w.join()
		end := w.crowd(50 * time.Millisecond)
		load := func() { // people come in meanwhile
			before := w.people()
			eventually(t, time.Minute, func() bool { return w.people() >= before+10 }, func() string { return "people come in" })
		}
		load()
		second.kill()
		load()
		second.start()
		second.awaitReady()
		load()
		if err := server.Stop("immediate"); err != nil {
			t.Fatal(err)
		}
		load()
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		for _, node := range []*program{w.program, second, third} {
			node.awaitReady()
			load()
			node.stop()
			load()
			node.start()
		}
		end()
		for _, node := range []*program{second, third} {
			node.awaitReady()
			node.stop()
		}
		w.settle()
		w.audit()
	})
}
