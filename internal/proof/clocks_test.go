package proof

import (
	"fmt"
	"testing"
	"time"
)

// TestClocksDiffer runs nodes on one database whose clocks are five minutes ahead and five
// minutes behind, together and one at a time. People do not wait longer because of it.
func TestClocksDiffer(t *testing.T) {
	t.Parallel()
	onPostgres(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		// Calls fail now and then, so that jobs are put off.
		w.inject("kind=status_before,operation=Inquiries.Get,status=503,rate=0.2", "kind=status_before,operation=Inquiries.Approve,status=503,rate=0.3")
		ahead, behind := w.joinAhead(5*time.Minute), w.joinAhead(-5*time.Minute)
		end := w.crowd(100 * time.Millisecond)
		w.load(15)
		ahead.kill()
		w.load(10)
		ahead.start()
		ahead.awaitReady()
		behind.kill()
		w.load(10)
		behind.start()
		behind.awaitReady()
		end()
		w.program.stop()
		behind.stop()
		w.serve(10) // by the node that is ahead
		behind.start()
		behind.awaitReady()
		ahead.stop()
		w.serve(10) // by the node that is behind
		w.program.start()
		behind.stop()
		w.settle()
		w.audit()
	})
}

// serve lets some people arrive, and waits until everything is done for them.
func (w *world) serve(people int) {
	w.t.Helper()
	left := ""
	for range people {
		if err := w.arrive(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		a := w.applicants[len(w.applicants)-1]
		eventually(w.t, time.Minute, func() bool {
			left = w.unsettled(a)
			return left == ""
		}, func() string { return fmt.Sprintf("everything is done: %s", left) })
	}
}
