package queue

import (
	"context"
	"fmt"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/idemhq/idem/internal/store"
)

// sqliteDriver is River's driver for SQLite with other notifications of new jobs. River's own
// are rows: each is a write, and a query looks for them every 50 ms.
type sqliteDriver struct {
	*riversqlite.Driver
	wakes wakes
}

// GetListener implements [riverdriver.Driver].
func (d sqliteDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.wakes
}

// SupportsListenNotify implements [riverdriver.Driver]. Without it, River writes no rows.
func (sqliteDriver) SupportsListenNotify() bool { return false }

// wakes tell River that queues have new jobs: a channel for each queue. A job that another
// process inserts wakes nobody and is found by polling.
type wakes map[string]chan struct{}

// newWakes makes channels for one wake each: more of them before River looks are one.
func newWakes() wakes {
	w := wakes{}
	for queue := range queues() {
		w[queue] = make(chan struct{}, 1)
	}
	return w
}

// wake wakes the queues of these jobs.
func (w wakes) wake(jobs []store.Job) {
	for _, job := range jobs {
		select {
		case w[queueOf(job.Kind)] <- struct{}{}:
		default:
		}
	}
}

// WaitForNotification implements [riverdriver.Listener].
func (w wakes) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	var queue string
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w[advanceQueue]:
		queue = advanceQueue
	case <-w[readQueue]:
		queue = readQueue
	case <-w[performQueue]:
		queue = performQueue
	}
	return &riverdriver.Notification{Topic: "river_insert", Payload: fmt.Sprintf(`{"queue": %q}`, queue)}, nil
}

// The rest of [riverdriver.Listener] is about a connection, and there is none.

func (wakes) Close(context.Context) error            { return nil }
func (wakes) Connect(context.Context) error          { return nil }
func (wakes) Listen(context.Context, string) error   { return nil }
func (wakes) Unlisten(context.Context, string) error { return nil }
func (wakes) Ping(context.Context) error             { return nil }
func (wakes) Schema() string                         { return "" }
func (wakes) SetAfterConnectExec(string)             {}
