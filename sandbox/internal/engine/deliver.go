package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	WebhookID string    `json:"webhook_id"`
	EventID   string    `json:"event_id"`
	EventName string    `json:"event_name"`
	State     string    `json:"state"` // pending, completed, failed or skipped; lost by a fault
	Attempts  []Attempt `json:"attempts"`

	Due   time.Time
	sent  time.Time // when it was attempted last, by the sandbox's clock
	first time.Time // when it was attempted first, by the wall's clock
	cut   bool      // the next attempt breaks off
}

// Attempt is one request of a delivery.
type Attempt struct {
	At     string `json:"at"`               // by the sandbox's clock
	Status int    `json:"status,omitempty"` // what the receiver answered; 0 when nothing came
	Error  string `json:"error,omitempty"`
}

// queue holds the deliveries of one webhook. They are sent one at a time.
type queue struct {
	waiting simclock.Agenda[*Delivery]
	busy    bool      // one is being sent
	held    *Delivery // let past by the next one, because of a fault
}

// retryDelays are the times between attempts (Persona docs: Webhooks).
func retryDelays() []time.Duration {
	return []time.Duration{3 * time.Second, 64 * time.Second, 729 * time.Second, 4096 * time.Second, 15625 * time.Second, 46656 * time.Second, 117649 * time.Second}
}

// dispatcher sends what falls due: it has one goroutine that waits, and one for each
// webhook with something to send.
type dispatcher struct {
	sandbox *Engine
	client  *http.Client
	ctx     context.Context
	cancel  context.CancelFunc
	signal  chan struct{}
	running sync.WaitGroup
}

func newDispatcher(s *Engine) *dispatcher {
	d := &dispatcher{
		sandbox: s,
		client: &http.Client{
			Transport:     &http.Transport{DialContext: s.Options.Dial, MaxIdleConnsPerHost: 8, IdleConnTimeout: 5 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		signal: make(chan struct{}, 1),
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.running.Go(d.run)
	return d
}

func (d *dispatcher) close() {
	d.cancel()
	d.running.Wait()
	d.client.CloseIdleConnections()
}

// Wake makes the dispatcher look again for what is due.
func (d *dispatcher) Wake() {
	select {
	case d.signal <- struct{}{}:
	default:
	}
}

// run starts what is due, and waits for what is due next.
func (d *dispatcher) run() {
	for {
		wait := d.start()
		timer := time.NewTimer(wait)
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

// start sets every queue to work that has something due, and returns how long
// nothing else will be.
func (d *dispatcher) start() time.Duration {
	s := d.sandbox
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.ExpireDue()
	now := s.Clock.Now()
	for _, env := range s.Environments {
		for id, q := range env.queues {
			if at, some := q.waiting.Next(); some && !q.busy && !at.After(now) {
				q.busy = true
				d.running.Go(func() { d.drain(env, id, q) })
			}
		}
	}
	if next, some := s.nextDue(); some {
		return max(0, next.Sub(now))
	}
	return time.Hour
}

// drain sends what is due for one webhook.
func (d *dispatcher) drain(env *Environment, webhookID string, q *queue) {
	for d.ctx.Err() == nil {
		delivery, request := d.next(env, webhookID, q)
		if delivery == nil {
			d.Wake()
			return
		}
		status, err := d.send(request, delivery.cut)
		d.attempted(q, delivery, status, err)
	}
}

// next takes the delivery that is due, and writes its request; nil when none is.
func (d *dispatcher) next(env *Environment, webhookID string, q *queue) (*Delivery, *http.Request) {
	s := d.sandbox
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for s.Environments[env.Name] == env { // it may have been replaced by a snapshot of another time
		at, delivery, due := q.waiting.Take(s.Clock.Now())
		if !due {
			q.busy = false
			return nil, nil
		}
		if delivery.State != "pending" || !delivery.Due.Equal(at) { // canceled when its webhook was disabled, or moved
			continue
		}
		if q.held == delivery {
			q.held = nil
		}
		request, err := d.request(env, env.Get(webhookID), delivery)
		if err != nil {
			delivery.State = "failed"
			continue
		}
		return delivery, request
	}
	return nil, nil
}

// request writes the request of a delivery's next attempt. The event is rendered as
// the webhook is now; it shows its object as it was. The caller holds the lock.
func (d *dispatcher) request(env *Environment, hook *storage.Resource, delivery *Delivery) (*http.Request, error) {
	s := d.sandbox
	wall := s.Clock.Wall()
	delivery.sent = s.Clock.Now()
	if delivery.first.IsZero() {
		delivery.first = wall
	}
	body, err := json.Marshal(s.RenderDelivery(env, hook, env.Get(delivery.EventID)))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(d.ctx, http.MethodPost, hook.Text("url"), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	custom, _ := hook.Attributes[CustomHeaders].(map[string]any)
	for name, value := range custom {
		if text, ok := value.(string); ok {
			request.Header.Set(name, text)
		}
	}
	made := len(delivery.Attempts) + 1
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set(webhook.SignatureHeader, webhook.Sign(body, wall, SigningSecrets(hook, delivery.sent)...))
	request.Header.Set("Persona-Webhook-Attempts-Made", strconv.Itoa(made))
	request.Header.Set("Persona-Webhook-Attempts-Left", strconv.Itoa(max(0, len(retryDelays())+1-made)))
	request.Header.Set("Persona-Webhook-First-Attempted-At", strconv.FormatInt(delivery.first.Unix(), 10))
	if delivery.cut {
		cut(request, body)
	}
	return request, nil
}

// send posts a delivery. An answer counts when it comes within the limit.
func (d *dispatcher) send(request *http.Request, cut bool) (status int, err error) {
	ctx, cancel := context.WithTimeout(d.ctx, d.sandbox.Options.DeliveryTimeout)
	defer cancel()
	client := d.client
	if cut {
		client = &http.Client{Transport: d.cutTransport(), CheckRedirect: client.CheckRedirect}
	}
	response, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)) // so that the connection is used again
	return response.StatusCode, nil
}

// attempted records an attempt, and plans the next one after a failure: the delays
// count from when this one was due, so that a clock moved far sends them all.
func (d *dispatcher) attempted(q *queue, delivery *Delivery, status int, err error) {
	s := d.sandbox
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if d.ctx.Err() != nil {
		return // the sandbox closes: nobody knows what came of it
	}
	attempt := Attempt{At: simclock.Stamp(delivery.sent), Status: status}
	if err != nil {
		attempt.Error = err.Error()
	}
	delivery.Attempts = append(delivery.Attempts, attempt)
	delivery.cut = false
	s.changes++
	delays := retryDelays()
	switch made := len(delivery.Attempts); {
	case delivery.State != "pending": // disabled meanwhile
	case slices.Contains([]int{200, 201, 202, 204}, status):
		delivery.State = "completed"
	case made > len(delays):
		delivery.State = "failed"
	default:
		delivery.Due = delivery.Due.Add(time.Duration(float64(delays[made-1]) * s.Options.RetryScale))
		q.plan(delivery)
	}
}

// enqueue plans deliveries of events to the webhooks that want them. The caller
// holds the lock.
func (d *dispatcher) enqueue(env *Environment, events []*storage.Resource) {
	for _, event := range events {
		for hook := range env.All("webhook") {
			if hook.Text("status") != "enabled" || !Wants(hook, event.Text("name")) {
				continue
			}
			d.plan(env, hook, event)
		}
	}
}

// plan puts an event into the queue of a webhook.
func (d *dispatcher) plan(env *Environment, hook, event *storage.Resource) {
	due := event.Time("created-at")
	if now := d.sandbox.Clock.Now(); now.Before(due) { // events of one moment are dated a millisecond apart
		due = now
	}
	delivery := env.newDelivery(hook, event, due)
	if !d.sandbox.passesFilter(env, hook, event) {
		delivery.State = "skipped"
		return
	}
	fault := d.sandbox.Planned.OfDelivery(env.Name, delivery.EventName)
	if fault.Is(faults.FaultLostDelivery) {
		delivery.State = "lost"
		return
	}
	q := env.queue(hook.ID)
	q.planFaulty(delivery, fault)
	if fault.Is(faults.FaultDuplicateDelivery) {
		q.plan(env.newDelivery(hook, event, due))
	}
}

// queue returns what waits for a webhook.
func (e *Environment) queue(webhookID string) *queue {
	if e.queues[webhookID] == nil {
		e.queues[webhookID] = &queue{}
	}
	return e.queues[webhookID]
}

func (e *Environment) newDelivery(hook, event *storage.Resource, due time.Time) *Delivery {
	delivery := &Delivery{
		WebhookID: hook.ID, EventID: event.ID, EventName: event.Text("name"),
		State: "pending", Attempts: []Attempt{}, Due: due,
	}
	e.Deliveries.Add(delivery, func(old *Delivery) bool { return old.State != "pending" })
	return delivery
}

// plan lets a delivery wait until it is due.
func (q *queue) plan(delivery *Delivery) { q.waiting.Put(delivery.Due, delivery) }

// Wants reports whether a webhook subscribes to an event.
func Wants(hook *storage.Resource, name string) bool {
	list, _ := hook.Attributes["enabled-events"].([]any)
	return slices.Contains(list, any("*")) || slices.Contains(list, any(name))
}

// cancel gives up what waits for a webhook, for good (Persona docs: Webhooks).
func (e *Environment) CancelDeliveries(webhookID string) {
	for _, delivery := range e.Deliveries.Entries {
		if delivery.WebhookID == webhookID && delivery.State == "pending" {
			delivery.State = "failed"
		}
	}
}

// Redeliver attempts the deliveries of an event that failed once more. What failed
// eight times is not tried again by itself after that (Persona docs: Webhooks).
func Redeliver(c *Change, event *storage.Resource) (*storage.Resource, error) {
	failed := []*Delivery{}
	for _, delivery := range c.Env.Deliveries.Entries {
		if delivery.EventID == event.ID && delivery.State == "failed" && c.Env.Get(delivery.WebhookID).Text("status") == "enabled" {
			failed = append(failed, delivery)
		}
	}
	if len(failed) == 0 {
		return nil, Conflict("no delivery of the event failed whose webhook is enabled")
	}
	c.Then = append(c.Then, func() {
		for _, delivery := range failed {
			delivery.State, delivery.Due = "pending", c.Now
			c.Env.queue(delivery.WebhookID).plan(delivery)
		}
	})
	return event, nil
}

// Deliveries returns every delivery of an environment's webhooks, oldest first. The
// environment is sandbox or production.
func (s *Engine) Deliveries(environment catalog.Environment) []Delivery {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	all := []Delivery{}
	env := s.Environments[string(environment)]
	if env == nil {
		return all
	}
	for _, delivery := range env.Deliveries.Entries {
		copied := *delivery
		copied.Attempts = slices.Clone(delivery.Attempts)
		all = append(all, copied)
	}
	return all
}
