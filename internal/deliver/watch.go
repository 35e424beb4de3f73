package deliver

import (
	"context"
	"sync"
	"time"
)

// lookEvery is how often the database is asked for new notifications while somebody waits
// for them. Any node may have stored them.
const lookEvery = 20 * time.Millisecond

// Watch tells its users when there are new notifications. Create it with [NewWatch].
type Watch struct {
	version func(context.Context) (int64, error)

	mu      sync.Mutex
	wanted  int           // number of users
	wake    chan struct{} // closed while there are users
	latest  int64
	changed chan struct{} // closed when latest increases
}

// NewWatch returns a watch. version returns a number that increases whenever notifications
// are committed.
func NewWatch(version func(context.Context) (int64, error)) *Watch {
	return &Watch{version: version, wake: make(chan struct{}), changed: make(chan struct{})}
}

// Join adds a user. The watch asks the database only while it has users.
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

// Latest returns the latest version seen, and a channel that is closed when there is a later
// one.
func (w *Watch) Latest() (version int64, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latest, w.changed
}

// Run asks the database until the context ends.
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
		if latest, err := w.version(ctx); err == nil { // otherwise it asks again
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
