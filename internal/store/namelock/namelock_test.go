package namelock

import (
	"context"
	"errors"
	"sync"
	"testing"
)

func TestANameHasOneHolderAtATime(t *testing.T) {
	t.Parallel()
	var names Names
	var running sync.WaitGroup
	counts := map[string]*int{"a": new(int), "b": new(int)}
	for i := range 200 {
		name := []string{"a", "b"}[i%2]
		running.Go(func() {
			unlock, err := names.Lock(t.Context(), name)
			if err != nil {
				t.Error(err)
				return
			}
			*counts[name]++ // the race detector looks on
			unlock()
		})
	}
	running.Wait()
	if *counts["a"] != 100 || *counts["b"] != 100 || len(names.taken) != 0 {
		t.Errorf("%d and %d held a name, %d still do", *counts["a"], *counts["b"], len(names.taken))
	}
}

func TestWhoWaitsForANameGivesUpWithTheContext(t *testing.T) {
	t.Parallel()
	var names Names
	unlock, err := names.Lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := names.Lock(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("it got %v", err)
	}
	unlock()
	if _, err := names.Lock(t.Context(), "a"); err != nil {
		t.Errorf("a name that is free: %v", err)
	}
}
