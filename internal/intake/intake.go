// Package intake takes Persona's webhooks: it verifies the signature over the raw
// bytes, reads the event's envelope, and stores the event. The answer is 200 only
// after the commit, and always for an event that is stored already. Nothing that
// needs more than the envelope happens here, since Persona gives up after 5 s.
//
// Anybody can send to it. What a request may use before its signature is verified is
// bounded (readers), and places to wait for a commit are for signed events alone. The
// signature covers the body, so bodies have to be read first: the slow make way for the
// quick.
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
	store    Appender
	proxies  proxies
	metrics  *telemetry.Metrics
	logger   *slog.Logger
	now      func() time.Time
	readers  readers
	history  *history
	refusals *refusals
	queue    chan *arrival
	slots    chan struct{} // one for each signed event that waits for its commit
	way      sync.Mutex    // one caller of MakeWay at a time
	stopped  chan struct{} // closed when nothing is stored any more

	mu      sync.RWMutex
	sources map[domain.Environment]Source
}

const (
	// maxWaiting is how many signed events wait for a commit at a time; beyond, Persona is
	// asked to come again.
	maxWaiting = 512

	// smallBody is the length up to which reading and verifying a body costs no more than
	// refusing its request. The longest webhooks seen in public are as long.
	smallBody = 64 << 10

	// restTime is how long the body of a request that is refused without it may take to
	// come.
	restTime = time.Second
)

// New returns a receiver for environments. The X-Forwarded-For of trusted proxies says
// who sends; without any, the address of the connection does.
func New(store Appender, sources map[domain.Environment]Source, trusted []netip.Prefix, metrics *telemetry.Metrics, logger *slog.Logger, now func() time.Time) *Intake {
	return &Intake{
		store: store, sources: sources, proxies: trusted, metrics: metrics, logger: logger, now: now, history: newHistory(), refusals: newRefusals(),
		queue: make(chan *arrival, maxWaiting), slots: make(chan struct{}, maxWaiting), stopped: make(chan struct{}),
	}
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

// ServeHTTP answers POST /webhooks/persona/{environment}.
func (in *Intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := in.now()
	environment := domain.Environment(r.PathValue("environment"))
	in.mu.RLock()
	source, known := in.sources[environment]
	in.mu.RUnlock()
	if !known {
		hurry(w)
		http.Error(w, "unknown environment", http.StatusNotFound)
		return
	}
	from := in.proxies.sender(r)
	outcome, err := in.receive(w, r, environment, source, from)
	in.metrics.Received.WithLabelValues(string(environment), outcome.word).Inc()
	in.metrics.Intake.WithLabelValues(string(environment)).Observe(in.now().Sub(start).Seconds())
	if outcome.status == http.StatusOK {
		w.WriteHeader(outcome.status)
		return
	}
	in.refusals.log(r.Context(), in.logger, refusal{environment, from, outcome.word}, outcome.status, err, start)
	if outcome.status == http.StatusServiceUnavailable || outcome.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	http.Error(w, http.StatusText(outcome.status), outcome.status)
}

// outcome is what became of a request: the status to answer with, and a word for the
// metrics and the log.
type outcome struct {
	status int
	word   string
}

// receive takes one request. The error says why it is refused; it is nil with 200.
func (in *Intake) receive(w http.ResponseWriter, r *http.Request, environment domain.Environment, source Source, from sender) (outcome, error) {
	if o, err := in.refuseUnread(r, source, from); err != nil {
		hurry(w)
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
		Body:   body, Headers: headersOf(r.Header), Via: domain.ViaWebhook, ReceivedAt: in.now(), State: domain.EventWaiting,
	}
	if err := event.Check(); err != nil {
		return outcome{http.StatusBadRequest, "bad_event"}, err
	}
	if !fold.Keeps(event) {
		event.State = domain.EventUnhandled
	}
	return in.keep(r.Context(), event)
}

// hurry bounds how long net/http waits for what was not read of a body: it reads the
// rest before it answers, to keep the connection.
func hurry(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(restTime)) // there is none to set in tests without a connection
}

// refuseUnread refuses what can be refused without reading the body.
func (in *Intake) refuseUnread(r *http.Request, source Source, from sender) (outcome, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return outcome{http.StatusUnsupportedMediaType, "content_type"}, errors.New("the content type is not application/json")
	}
	if r.ContentLength > webhook.MaxBody {
		return outcome{http.StatusRequestEntityTooLarge, "too_large"}, errTooLarge
	}
	// Whatever the body is, a header that holds no signature does not sign it. To look at
	// one costs as much as verifying a short body.
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

// longest is how long the body of a request may be, in bytes.
func (in *Intake) longest(r *http.Request, from sender) int64 {
	if (r.ContentLength < 0 || r.ContentLength > smallBody) && in.history.suspects(from, in.now()) {
		return smallBody
	}
	return webhook.MaxBody
}

// readSigned reads a body and verifies its signature.
func (in *Intake) readSigned(w http.ResponseWriter, r *http.Request, source Source, from sender) ([]byte, outcome, error) {
	connection := http.NewResponseController(w)
	until := func(t time.Time) { _ = connection.SetReadDeadline(t) } // there is none to set in tests without a connection
	reading := in.readers.begin(from, until)
	defer reading.end()
	body, err := read(http.MaxBytesReader(w, r.Body, in.longest(r, from)), r.ContentLength, reading.grow)
	evicted := reading.whole()
	if err != nil {
		w.Header().Set("Connection", "close") // nobody waits for the rest
		until(past)
		o, err := unread(err, evicted)
		return nil, o, err
	}
	until(time.Time{}) // the commit takes its own time
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

// unsigned is the outcome of a request whose signature was refused.
func unsigned(err error) outcome {
	word := "signature"
	if reason := (*webhook.SignatureError)(nil); errors.As(err, &reason) {
		word += "_" + string(reason.Reason)
	}
	return outcome{http.StatusUnauthorized, word}
}

// keep stores an event, and answers when it is stored.
func (in *Intake) keep(ctx context.Context, event domain.Event) (outcome, error) {
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
		log.DebugContext(ctx, "webhook known already", "event", event.ID)
		return outcome{http.StatusOK, "duplicate"}, nil
	}
	log.InfoContext(ctx, "event received", "event", event.ID, "name", event.Name, "object", event.Object.ID, "state", event.State)
	return outcome{http.StatusOK, "accepted"}, nil
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
