package deliveries

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Source is the sandbox, as a [Dispatcher] uses it.
type Source interface {
	// ExpireDue does everything in the sandbox that is due by now. It returns when the
	// next thing is due, and whether there is one.
	ExpireDue() (next time.Time, some bool)

	// Message returns a webhook and the body that it gets for an event. It is an error
	// if one of them no longer exists.
	Message(environment, webhookID, eventID string) (hook *storage.Resource, body []byte, err error)

	// Changed is called after a delivery changed.
	Changed()
}

// Options say how a [Dispatcher] sends.
type Options struct {
	// RetryScale multiplies the delays between attempts.
	RetryScale float64

	// Timeout limits each attempt.
	Timeout time.Duration

	// Dial connects to receivers. Nil means over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Dispatcher sends deliveries when they are due. It runs one goroutine that waits, and
// one for each webhook that has something due.
type Dispatcher struct {
	options Options
	clock   *simclock.Clock
	source  Source
	client  *http.Client
	ctx     context.Context
	cancel  context.CancelFunc
	signal  chan struct{}
	running sync.WaitGroup

	mu       sync.Mutex // guards outboxes
	outboxes map[string]*Outbox
}

// NewDispatcher returns a dispatcher that does nothing before [Dispatcher.Start].
func NewDispatcher(options Options, clock *simclock.Clock, source Source) *Dispatcher {
	d := &Dispatcher{
		options: options,
		clock:   clock,
		source:  source,
		client: &http.Client{
			Transport:     &http.Transport{DialContext: options.Dial, MaxIdleConnsPerHost: 8, IdleConnTimeout: 5 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		signal: make(chan struct{}, 1),
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// Start begins to send.
func (d *Dispatcher) Start() { d.running.Go(d.run) }

// Close stops sending, and waits for the attempts under way. Their results are dropped.
func (d *Dispatcher) Close() {
	d.cancel()
	d.running.Wait()
	d.client.CloseIdleConnections()
}

// Done is closed when the dispatcher is.
func (d *Dispatcher) Done() <-chan struct{} { return d.ctx.Done() }

// Use replaces the outboxes, by the name of their environment. What waits in outboxes
// that are no longer used is not sent.
func (d *Dispatcher) Use(outboxes map[string]*Outbox) {
	d.mu.Lock()
	d.outboxes = outboxes
	d.mu.Unlock()
	d.Wake()
}

func (d *Dispatcher) used() map[string]*Outbox {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.outboxes
}

// Wake makes the dispatcher look again for what is due.
func (d *Dispatcher) Wake() {
	select {
	case d.signal <- struct{}{}:
	default:
	}
}

// run sends what is due, and waits until something else is.
func (d *Dispatcher) run() {
	for {
		timer := time.NewTimer(d.sendDue())
		select {
		case <-d.ctx.Done():
			timer.Stop()
			return
		case <-d.signal:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// sendDue starts a goroutine for each webhook that has something due, and returns the
// time until anything else is due.
func (d *Dispatcher) sendDue() time.Duration {
	next, some := d.source.ExpireDue()
	now := d.clock.Now()
	for environment, outbox := range d.used() {
		webhookIDs, at, waits := outbox.claimDue(now)
		for _, id := range webhookIDs {
			d.running.Go(func() { d.drain(environment, outbox, id) })
		}
		if waits && (!some || at.Before(next)) {
			next, some = at, true
		}
	}
	if !some {
		return time.Hour
	}
	return max(0, next.Sub(now))
}

// drain sends everything that is due for one webhook.
func (d *Dispatcher) drain(environment string, outbox *Outbox, webhookID string) {
	for d.ctx.Err() == nil && d.used()[environment] == outbox {
		delivery := outbox.take(webhookID, d.clock)
		if delivery == nil {
			d.Wake()
			return
		}
		request, err := d.request(environment, delivery)
		if err != nil {
			outbox.fail(delivery)
			d.source.Changed()
			continue
		}
		status, err := d.send(request, delivery.truncate)
		if d.ctx.Err() != nil {
			return // nobody knows whether the receiver got it
		}
		outbox.finish(delivery, status, err, d.options.RetryScale)
		d.source.Changed()
	}
}

// send posts a delivery. An answer counts only within the timeout.
func (d *Dispatcher) send(request *http.Request, truncate bool) (status int, err error) {
	ctx, cancel := context.WithTimeout(d.ctx, d.options.Timeout)
	defer cancel()
	client := d.client
	if truncate {
		client = &http.Client{Transport: d.unbuffered(), CheckRedirect: client.CheckRedirect}
	}
	response, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)) // so that the connection is used again
	return response.StatusCode, nil
}
