package intake

import (
	"context"
	"errors"
	"time"

	"github.com/idemhq/idem/internal/domain"
)

// arrival is an event that waits for its commit.
type arrival struct {
	event domain.Event
	done  chan result
}

type result struct {
	fresh bool
	err   error
}

const (
	maxBatch   = 128 // events of one transaction
	worthwhile = 32  // events for which a transaction begins beside another

	// Persona gives up after 5 s (Persona docs: Webhooks). A connection to the database
	// that fell silent would hold places that others wait for.
	commitTime = 10 * time.Second
)

var errStopping = errors.New("the service is stopping")

// Run stores what arrives until the context ends; whoever waits then is asked to come
// again. Requests that arrive together share a transaction: one begins at once when none
// is under way, and beside another when enough have gathered, so that it is made ready
// while the other waits for the disk.
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
		if len(batch) > 0 && (underWay == 0 || underWay == 1 && len(batch) >= worthwhile) {
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
	// A commit that has begun is finished also when the service is told to stop: the
	// sender waits for the answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
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

// append hands an event to the next transaction and waits for its commit.
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
		return false, ctx.Err() // the sender is gone; the event may be stored all the same, and is known when it comes again
	}
}

const (
	pressure = 24                    // events that wait for a commit; from here on other work makes way
	makeWay  = 60 * time.Millisecond // for so long at the most
	look     = 4 * time.Millisecond
)

// MakeWay waits while many webhooks wait for their commit, but for a moment at the most. The
// work on what came before calls it, one caller after the other: a burst is taken first and
// worked on then, and work never stops.
func (in *Intake) MakeWay(ctx context.Context) {
	in.way.Lock()
	defer in.way.Unlock()
	for waited := time.Duration(0); len(in.slots) >= pressure && waited < makeWay; waited += look {
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
	}
}
