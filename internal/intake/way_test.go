package intake

import (
	"context"
	"sync"
	"testing"
)

func TestOtherWorkMakesWayForABurstAndNeverStops(t *testing.T) {
	in := &Intake{slots: make(chan struct{}, maxWaiting)}
	in.MakeWay(t.Context()) // nobody waits
	for range pressure {
		in.slots <- struct{}{}
	}
	var working sync.WaitGroup
	for range 3 { // the burst goes on, and so does the work
		working.Go(func() { in.MakeWay(t.Context()) })
	}
	working.Wait()

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	in.MakeWay(ended)
}
