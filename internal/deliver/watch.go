package deliver

import (
	"context"
	"sync"
	"time"
)

// lookEvery is how often the database is asked for new notifications, while somebody wants
// to know. They may have been stored by any node.
const lookEvery = 20 * time.Millisecond

// Watch says when there are new notifications. Make it with [NewWatch].
type Watch struct {
	last func(context.Context) (int64, error)

	mu      sync.Mutex
	wanted  int           // who wants to know
	wake    chan struct{} // closed when somebody wants to know
	latest  int64
	changed chan struct{} // closed when latest grows
}

// NewWatch returns a watch that asks last for the greatest sequence of all notifications.
func NewWatch(last func(context.Context) (int64, error)) *Watch {
	return &Watch{last: last, wake: make(chan struct{}), changed: make(chan struct{})}
}

// Join makes the watch look for notifications until leave is called.
func (w *Watch) Join() (leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wanted++; w.wanted == 1 {
		close(w.wake)
	}
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.wanted--; w.wanted == 0 {
			w.wake = make(chan struct{})
		}
	})
}

// Latest returns the greatest sequence that was seen, and a channel that is closed when
// there is a greater one.
func (w *Watch) Latest() (sequence int64, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latest, w.changed
}

// Run looks for notifications until the context ends.
func (w *Watch) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		w.mu.Lock()
		wake := w.wake
		w.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-wake:
		}
		if latest, err := w.last(ctx); err == nil { // else it is asked again
			w.see(latest)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (w *Watch) see(latest int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if latest > w.latest {
		w.latest = latest
		close(w.changed)
		w.changed = make(chan struct{})
	}
}
