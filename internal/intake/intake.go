// Package intake takes Persona's webhooks: it verifies the signature over the raw
// bytes, reads the event's envelope, and stores the event. The answer is 200 only
// after the commit, and always for an event that is stored already. Nothing that
// needs more than the envelope happens here, since Persona gives up after 5 s.
package intake

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/persona/webhook"
)

// Appender stores events. It returns after the commit.
type Appender interface {
	AppendEvents(ctx context.Context, events []domain.Event) (fresh []bool, err error)
}

// Source is what is known of an environment's webhook.
type Source struct {
	Secrets   []string // those that are valid; several while one is being rotated
	Tolerance time.Duration
}

// Intake is the receiver. Make it with [New], and run it.
type Intake struct {
	store   Appender
	metrics *telemetry.Metrics
	logger  *slog.Logger
	now     func() time.Time
	queue   chan *arrival
	slots   chan struct{} // one for each request whose body is in memory
	stopped chan struct{} // closed when nothing is stored any more

	mu      sync.RWMutex
	sources map[domain.Environment]Source
}

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
	maxBatch   = 128      // events of one transaction
	worthwhile = 32       // events for which a transaction begins beside another
	maxInHand  = 512      // requests at a time; beyond, Persona is asked to come again
	usualBody  = 64 << 10 // memory is taken for so much of a body before it comes, for more only as it does

	// Persona gives up after 5 s (Persona docs: Webhooks). What takes longer than these
	// would hold a place that others wait for: a body that trickles in, a connection to
	// the database that fell silent.
	bodyTime   = 10 * time.Second
	commitTime = 10 * time.Second
)

// New returns a receiver for environments.
func New(store Appender, sources map[domain.Environment]Source, metrics *telemetry.Metrics, logger *slog.Logger, now func() time.Time) *Intake {
	return &Intake{store: store, sources: sources, metrics: metrics, logger: logger, now: now, queue: make(chan *arrival, maxInHand),
		slots: make(chan struct{}, maxInHand), stopped: make(chan struct{})}
}

// SetSecrets replaces the secrets of an environment: set the new one beside the old
// one before a rotation, and take the old one away when it has expired.
func (in *Intake) SetSecrets(environment domain.Environment, secrets []string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	source := in.sources[environment]
	source.Secrets = slices.Clone(secrets)
	in.sources[environment] = source
}

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

// ServeHTTP answers POST /webhooks/persona/{environment}.
func (in *Intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := in.now()
	environment := domain.Environment(r.PathValue("environment"))
	in.mu.RLock()
	source, known := in.sources[environment]
	in.mu.RUnlock()
	if !known {
		http.Error(w, "there is no such environment", http.StatusNotFound)
		return
	}
	status, outcome := in.receive(w, r, environment, source)
	in.metrics.Received.WithLabelValues(string(environment), outcome).Inc()
	in.metrics.Intake.WithLabelValues(string(environment)).Observe(in.now().Sub(start).Seconds())
	if status == http.StatusOK {
		w.WriteHeader(status)
		return
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	http.Error(w, http.StatusText(status), status)
}

// receive returns the status to answer with, and a word for what happened.
func (in *Intake) receive(w http.ResponseWriter, r *http.Request, environment domain.Environment, source Source) (status int, outcome string) {
	log := in.logger.With("environment", environment)
	refuse := func(status int, outcome string, err error) (int, string) {
		log.WarnContext(r.Context(), "webhook refused", "status", status, "reason", outcome, "error", err)
		return status, outcome
	}
	select {
	case in.slots <- struct{}{}:
		defer func() { <-in.slots }()
	default:
		return refuse(http.StatusServiceUnavailable, "busy", errors.New("too many requests at a time"))
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "content_type", errors.New("the content type is not application/json"))
	}
	if r.ContentLength > webhook.MaxBody {
		return refuse(http.StatusRequestEntityTooLarge, "too_large", errors.New("the body is longer than a mebibyte"))
	}
	var read bytes.Buffer
	read.Grow(int(min(max(r.ContentLength, 0), usualBody)) + bytes.MinRead)
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(bodyTime)) // there is none to set in tests without a connection
	_, err := read.ReadFrom(http.MaxBytesReader(w, r.Body, webhook.MaxBody))
	_ = connection.SetReadDeadline(time.Time{}) // the commit takes its own time
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return refuse(http.StatusRequestEntityTooLarge, "too_large", errors.New("the body is longer than a mebibyte"))
	case err != nil:
		return refuse(http.StatusBadRequest, "truncated", errors.New("the body could not be read to its end"))
	}
	body := read.Bytes()
	if err := webhook.VerifyHeader(body, r.Header, source.Secrets, webhook.WithTolerance(source.Tolerance), webhook.WithClock(in.now)); err != nil {
		var reason *webhook.SignatureError
		outcome := "signature"
		if errors.As(err, &reason) {
			outcome = "signature_" + string(reason.Reason)
		}
		return refuse(http.StatusUnauthorized, outcome, err)
	}
	envelope, err := webhook.ParseEnvelope(body)
	if err != nil {
		return refuse(http.StatusBadRequest, "no_event", err)
	}
	event := domain.Event{
		Environment: environment, ID: envelope.ID, Name: string(envelope.Name), CreatedAt: envelope.CreatedAt,
		Object: domain.Ref{Type: envelope.ObjectType, ID: envelope.ObjectID},
		Body:   body, Headers: headersOf(r.Header), Via: domain.ViaWebhook, ReceivedAt: in.now(), State: domain.EventWaiting,
	}
	if !fold.Keeps(event) {
		event.State = domain.EventUnhandled
	}
	fresh, err := in.append(r.Context(), event)
	switch {
	case err != nil:
		return refuse(http.StatusServiceUnavailable, "not_stored", err)
	case !fresh:
		log.DebugContext(r.Context(), "webhook known already", "event", event.ID)
		return http.StatusOK, "duplicate"
	}
	log.InfoContext(r.Context(), "event received", "event", event.ID, "name", event.Name, "object", event.Object.ID, "state", event.State)
	return http.StatusOK, "accepted"
}

var errStopping = errors.New("the service is stopping")

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

// headersOf are the headers of a webhook that are kept: none that says who sent it.
// Custom headers may be secrets of the host's own.
func headersOf(h http.Header) map[string]string {
	kept := map[string]string{}
	for _, name := range []string{"Content-Type", "User-Agent", "Persona-Webhook-Attempts-Made", "Persona-Webhook-Attempts-Left", "Persona-Webhook-First-Attempted-At", "X-Request-Id"} {
		if value := h.Get(name); value != "" {
			kept[name] = value
		}
	}
	return kept
}
