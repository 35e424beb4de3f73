// Package namelock keeps names that one goroutine of the process can have at a time.
package namelock

import (
	"context"
	"sync"
)

// Names are those that somebody has. The zero Names is ready.
type Names struct {
	mu    sync.Mutex
	taken map[string]chan struct{} // closed when the name is free
}

// Lock waits until nobody has a name, and takes it until unlock is called. It fails
// when the context ends before.
func (n *Names) Lock(ctx context.Context, name string) (unlock func(), err error) {
	for {
		n.mu.Lock()
		free, taken := n.taken[name]
		if !taken {
			mine := make(chan struct{})
			if n.taken == nil {
				n.taken = map[string]chan struct{}{}
			}
			n.taken[name] = mine
			n.mu.Unlock()
			return func() {
				n.mu.Lock()
				delete(n.taken, name)
				n.mu.Unlock()
				close(mine)
			}, nil
		}
		n.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
