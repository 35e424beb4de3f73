package intake

import (
	"context"
	"errors"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// arrival is an event that waits to be committed.
type arrival struct {
	event domain.Event
	done  chan result
}

type result struct {
	fresh bool
	err   error
}

const (
	maxBatch = 128 // events of one transaction
	secondAt = 32  // number of waiting events from which a second transaction starts

	// Persona gives up after 5 s (Persona docs: Webhooks). Without a limit, an unresponsive
	// connection to the database would block places that others wait for.
	commitTimeout = 10 * time.Second
)

var errStopping = errors.New("the service is stopping")

// Run stores events until ctx ends; events that are then still waiting are answered with
// 503. Events that arrive together share a transaction. A transaction starts immediately if
// none is running. A second one starts when enough events are waiting, so that it is
// prepared while the first waits for the disk.
func (in *Intake) Run(ctx context.Context) {
	defer close(in.stopped)
	var batch []*arrival
	committed, underWay := make(chan struct{}), 0
	for {
		next := in.queue
		if len(batch) == maxBatch {
			next = nil
		}
		select {
		case <-ctx.Done():
			for ; underWay > 0; underWay-- {
				<-committed
			}
			return
		case <-committed:
			underWay--
		case a := <-next:
			if batch = append(batch, a); len(in.queue) > 0 && len(batch) < maxBatch {
				continue
			}
		}
		if len(batch) > 0 && (underWay == 0 || underWay == 1 && len(batch) >= secondAt) {
			underWay++
			go func(batch []*arrival) {
				in.commit(ctx, batch)
				committed <- struct{}{}
			}(batch)
			batch = nil
		}
	}
}

func (in *Intake) commit(ctx context.Context, batch []*arrival) {
	events := make([]domain.Event, len(batch))
	for i, a := range batch {
		events[i] = a.event
	}
	// Finish a commit even if the service is told to stop, since the sender waits for the
	// answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	fresh, err := in.store.AppendEvents(ctx, events)
	for i, a := range batch {
		if err != nil {
			a.done <- result{err: err}
			continue
		}
		a.done <- result{fresh: fresh[i]}
	}
}

// append adds an event to the next transaction and waits for its commit.
func (in *Intake) append(ctx context.Context, event domain.Event) (fresh bool, err error) {
	a := &arrival{event: event, done: make(chan result, 1)}
	select {
	case in.queue <- a:
	case <-in.stopped:
		return false, errStopping
	case <-ctx.Done():
		return false, ctx.Err()
	}
	select {
	case r := <-a.done:
		return r.fresh, r.err
	case <-in.stopped:
		return false, errStopping
	case <-ctx.Done():
		return false, ctx.Err() // the sender has left; if the event is stored after all, the retry is a duplicate
	}
}

const (
	pressure = 24                    // number of waiting events from which other work is delayed
	maxDelay = 60 * time.Millisecond // maximum delay
	look     = 4 * time.Millisecond
)

// MakeWay delays other work briefly while many webhooks wait for their commit. The queue's
// workers call it, one at a time, so that a burst is stored first and processed after, but
// processing never stops.
func (in *Intake) MakeWay(ctx context.Context) {
	in.way.Lock()
	defer in.way.Unlock()
	for waited := time.Duration(0); len(in.slots) >= pressure && waited < maxDelay; waited += look {
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
	}
}
