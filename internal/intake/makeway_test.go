package intake

import (
	"context"
	"sync"
	"testing"
)

func TestOtherWorkIsDelayedByABurstButNeverStops(t *testing.T) {
	in := &Intake{slots: make(chan struct{}, maxWaiting)}
	in.MakeWay(t.Context()) // no events are waiting
	for range pressure {
		in.slots <- struct{}{}
	}
	var working sync.WaitGroup
	for range 3 { // processing continues during the burst
		working.Go(func() { in.MakeWay(t.Context()) })
	}
	working.Wait()

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	in.MakeWay(ended)
}
