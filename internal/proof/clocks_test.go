package proof

import (
	"testing"
	"time"
)

// TestClocksDiffer runs three nodes on one database. The clock of one is two and a half
// minutes ahead of Persona's, that of another as much behind: they differ by five
// minutes, and each takes Persona's signatures, whose tolerance is five minutes.
func TestClocksDiffer(t *testing.T) {
	t.Parallel()
	onPostgres(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ahead, behind := w.joinAhead(150*time.Second), w.joinAhead(-150*time.Second)
		end := w.crowd(100 * time.Millisecond)
		w.load(20)
		w.program.stop() // whatever it led is led by one of the others
		w.load(20)
		ahead.kill()
		w.load(10)
		ahead.start()
		ahead.awaitReady()
		behind.kill()
		w.load(10)
		behind.start()
		w.program.start()
		end()
		w.stopNodes()
		w.settle()
		w.audit()
	})
}
