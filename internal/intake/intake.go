// Package intake receives Persona's webhooks. It verifies the signature over the raw bytes,
// parses the event's envelope, and stores the event. It answers 200 only after the commit,
// or if the event is stored already. Since Persona gives up after 5 s, nothing else happens
// here.
//
// Anybody can send requests. The resources that a request can use before its signature is
// verified are limited (readers), and only signed events wait for a commit. The signature
// covers the body, so bodies must be read first; when memory is short, slow requests are
// closed to make room for fast ones.
package intake

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/sender"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/persona/webhook"
)

// Appender stores events. It returns after the commit.
type Appender interface {
	AppendEvents(ctx context.Context, events []domain.Event) (fresh []bool, err error)
}

// Source is the configuration of an environment's webhook.
type Source struct {
	Secrets   []string // all valid secrets; several during a rotation
	Tolerance time.Duration
}

// Intake is the webhook receiver. Create it with [New] and call [Intake.Run].
type Intake struct {
	store      Appender
	proxies    sender.Proxies
	metrics    *telemetry.Metrics
	logger     *slog.Logger
	now        func() time.Time
	readers    readers
	history    *history
	rejections *rejections
	queue      chan *arrival
	slots      chan struct{} // one for each signed event that waits for its commit
	way        sync.Mutex    // serializes callers of MakeWay
	stopped    chan struct{} // closed when no more events will be stored

	mu      sync.RWMutex
	sources map[domain.Environment]Source
}

const (
	// maxWaiting is the maximum number of signed events that wait for a commit. Further
	// ones are answered with 503.
	maxWaiting = 512

	// smallBody is the length up to which reading and verifying a body is as cheap as
	// rejecting the request. The longest webhooks known from public sources are as long.
	smallBody = 64 << 10

	// restTimeout is how long the unread rest of a rejected request's body may take to arrive.
	restTimeout = time.Second
)

// New returns a receiver. The X-Forwarded-For header is believed only from trusted proxies;
// otherwise the sender is the address of the connection.
func New(store Appender, sources map[domain.Environment]Source, trusted []netip.Prefix, metrics *telemetry.Metrics, logger *slog.Logger, now func() time.Time) *Intake {
	return &Intake{
		store: store, sources: sources, proxies: trusted, metrics: metrics, logger: logger, now: now, history: newHistory(), rejections: newRejections(),
		queue: make(chan *arrival, maxWaiting), slots: make(chan struct{}, maxWaiting), stopped: make(chan struct{}),
	}
}

// SetSecrets replaces the secrets of an environment. To rotate a secret, set the old and
// the new one, and then the new one alone when the old one has expired.
func (in *Intake) SetSecrets(environment domain.Environment, secrets []string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	source := in.sources[environment]
	source.Secrets = slices.Clone(secrets)
	in.sources[environment] = source
}

// ServeHTTP answers POST /webhooks/persona/{environment}.
func (in *Intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := in.now()
	environment := domain.Environment(r.PathValue("environment"))
	in.mu.RLock()
	source, known := in.sources[environment]
	in.mu.RUnlock()
	if !known {
		limitRest(w)
		http.Error(w, "unknown environment", http.StatusNotFound)
		return
	}
	from := in.proxies.Of(r)
	outcome, err := in.receive(w, r, environment, source, from)
	in.metrics.Received.WithLabelValues(string(environment), outcome.word).Inc()
	in.metrics.Intake.WithLabelValues(string(environment)).Observe(in.now().Sub(start).Seconds())
	if outcome.status == http.StatusOK {
		w.WriteHeader(outcome.status)
		return
	}
	in.rejections.log(r.Context(), in.logger, rejection{environment, from, outcome.word}, outcome.status, err, start)
	if outcome.status == http.StatusServiceUnavailable || outcome.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	http.Error(w, http.StatusText(outcome.status), outcome.status)
}

// outcome is the result of a request: the status of the answer, and a name for metrics and
// the log.
type outcome struct {
	status int
	word   string
}

// receive handles one request. The error says why it was rejected; it is nil for 200.
func (in *Intake) receive(w http.ResponseWriter, r *http.Request, environment domain.Environment, source Source, from sender.Address) (outcome, error) {
	if o, err := in.rejectUnread(r, source, from); err != nil {
		limitRest(w)
		return o, err
	}
	body, o, err := in.readSigned(w, r, source, from)
	if err != nil {
		return o, err
	}
	envelope, err := webhook.ParseEnvelope(body)
	if err != nil {
		return outcome{http.StatusBadRequest, "no_event"}, err
	}
	event := domain.Event{
		Environment: environment, ID: envelope.ID, Name: string(envelope.Name), CreatedAt: envelope.CreatedAt,
		Object: domain.Ref{Type: envelope.ObjectType, ID: envelope.ObjectID},
		Body:   domain.WithoutFileTokens(body), Headers: headersOf(r.Header), Via: domain.ViaWebhook, ReceivedAt: in.now(), State: domain.EventWaiting,
	}
	if err := event.Check(); err != nil {
		return outcome{http.StatusBadRequest, "bad_event"}, err
	}
	if !fold.Keeps(event) {
		event.State = domain.EventUnhandled
	}
	return in.storeEvent(r.Context(), event)
}

// limitRest limits how long net/http waits for the unread rest of a body. It reads the rest
// before it answers, to reuse the connection.
func limitRest(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(restTimeout)) // fails only in tests without a connection
}

// rejectUnread rejects a request if that is possible without reading its body.
func (in *Intake) rejectUnread(r *http.Request, source Source, from sender.Address) (outcome, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return outcome{http.StatusUnsupportedMediaType, "content_type"}, errors.New("the content type is not application/json")
	}
	if r.ContentLength > webhook.MaxBody {
		return outcome{http.StatusRequestEntityTooLarge, "too_large"}, errTooLarge
	}
	// Without a signature in the headers, no body can be valid. Verifying a short body
	// costs as little as checking the headers.
	short := r.ContentLength >= 0 && r.ContentLength <= firstBuffer
	if !short || r.Header.Get(webhook.SignatureHeader) == "" {
		if err := in.verify(nil, r.Header, source); err != nil && !errors.Is(err, webhook.ErrMismatch) && !errors.Is(err, webhook.ErrStale) {
			return unsigned(err), err
		}
	}
	if r.ContentLength > in.longest(r, from) {
		return outcome{http.StatusTooManyRequests, "throttled"}, errThrottled
	}
	return outcome{}, nil
}

// longest returns the maximum length of a request's body in bytes.
func (in *Intake) longest(r *http.Request, from sender.Address) int64 {
	if (r.ContentLength < 0 || r.ContentLength > smallBody) && in.history.suspects(from, in.now()) {
		return smallBody
	}
	return webhook.MaxBody
}

// readSigned reads a body and verifies its signature.
func (in *Intake) readSigned(w http.ResponseWriter, r *http.Request, source Source, from sender.Address) ([]byte, outcome, error) {
	connection := http.NewResponseController(w)
	until := func(t time.Time) { _ = connection.SetReadDeadline(t) } // fails only in tests without a connection
	reading := in.readers.begin(from, until)
	defer reading.end()
	body, err := read(http.MaxBytesReader(w, r.Body, in.longest(r, from)), r.ContentLength, reading.grow)
	evicted := reading.finish()
	if err != nil {
		w.Header().Set("Connection", "close") // do not wait for the rest of the body
		until(past)
		o, err := unread(err, evicted)
		return nil, o, err
	}
	until(time.Time{}) // the deadline does not apply to the commit
	if err := in.verify(body, r.Header, source); err != nil {
		in.history.failed(from, len(body), in.now())
		return nil, unsigned(err), err
	}
	in.history.signed(from, in.now())
	return body, outcome{}, nil
}

func (in *Intake) verify(body []byte, header http.Header, source Source) error {
	return webhook.VerifyHeader(body, header, source.Secrets, webhook.WithTolerance(source.Tolerance), webhook.WithClock(in.now))
}

// unsigned returns the outcome of a request with an invalid signature.
func unsigned(err error) outcome {
	word := "signature"
	if reason := (*webhook.SignatureError)(nil); errors.As(err, &reason) {
		word += "_" + string(reason.Reason)
	}
	return outcome{http.StatusUnauthorized, word}
}

// storeEvent stores an event and waits for its commit.
func (in *Intake) storeEvent(ctx context.Context, event domain.Event) (outcome, error) {
	select {
	case in.slots <- struct{}{}:
		defer func() { <-in.slots }()
	default:
		return outcome{http.StatusServiceUnavailable, "busy"}, errors.New("too many events are waiting to be stored")
	}
	fresh, err := in.append(ctx, event)
	log := in.logger.With("environment", event.Environment)
	switch {
	case err != nil:
		return outcome{http.StatusServiceUnavailable, "not_stored"}, err
	case !fresh:
		log.DebugContext(ctx, "duplicate webhook ignored", "event", event.ID)
		return outcome{http.StatusOK, "duplicate"}, nil
	}
	log.InfoContext(ctx, "event received", "event", event.ID, "name", event.Name, "object", event.Object.ID, "state", event.State)
	return outcome{http.StatusOK, "accepted"}, nil
}

// headersOf returns the headers to store. It drops those that identify the sender, and
// custom headers, which may contain the host's secrets.
func headersOf(h http.Header) map[string]string {
	kept := map[string]string{}
	for _, name := range []string{"Content-Type", "User-Agent", "Persona-Webhook-Attempts-Made", "Persona-Webhook-Attempts-Left", "Persona-Webhook-First-Attempted-At", "X-Request-Id"} {
		if value := h.Get(name); value != "" {
			kept[name] = value
		}
	}
	return kept
}
