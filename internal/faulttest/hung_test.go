package faulttest

import (
	"fmt"
	"testing"
	"time"
)

// TestHangingCallsDoNotDelayOthers makes calls to Persona take effect and then hang until
// their jobs time out. Other people are decided on in the meantime, and the hanging calls
// take effect once.
func TestHangingCallsDoNotDelayOthers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db database) {
		w := newWorld(t, db, "IDEM_RECONCILE_INTERVAL=10s")
		const hung = 20 // of 64 workers
		end := w.arrivals(usualPause)
		w.wire.hang(hung)
		w.load(2 * hung)
		end()
		waiting := 0
		eventually(t, time.Minute, func() bool {
			waiting = 0
			for _, a := range w.applicants {
				if w.unsettled(a) != "" {
					waiting++
				}
			}
			return waiting <= hung
		}, func() string { return fmt.Sprintf("%d people wait because of %d calls; %d wait", hung, hung, waiting) })
		if hanging, abandoned := w.wire.hung(); hanging != hung || abandoned > 0 {
			t.Errorf("%d calls hang and %d were given up before the others were done", hanging, abandoned)
		}
		eventually(t, 2*time.Minute, func() bool { hanging, _ := w.wire.hung(); return hanging == 0 }, func() string { return "the service gives up the calls that hang" })
		w.settle()
		w.audit()
	})
}
