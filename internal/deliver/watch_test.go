package deliver_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/deliver"
)

func TestAWatchLooksWhileSomebodyWantsToKnow(t *testing.T) {
	var last, asked atomic.Int64
	w := deliver.NewWatch(func(context.Context) (int64, error) {
		if asked.Add(1) == 1 {
			return 0, errors.New("not now")
		}
		return last.Load(), nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx)
	}()
	if n := asked.Load(); n != 0 {
		t.Errorf("it looked %d times before anybody wanted to know", n)
	}
	for round := range int64(3) {
		leave := w.Join()
		before, changed := w.Latest()
		if before != round {
			t.Errorf("the latest is %d, want %d", before, round)
		}
		last.Add(1)
		select {
		case <-changed:
		case <-time.After(20 * time.Second):
			t.Fatal("it never says that there is something new")
		}
		if now, _ := w.Latest(); now != round+1 {
			t.Errorf("the latest is %d, want %d", now, round+1)
		}
		leave()
		leave() // a second time changes nothing
	}
	cancel()
	<-ended
}
