package deliver

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
)

// shift is the work on a lane while this node holds the claim. Its fields belong to one
// goroutine. Attempts and saving run in goroutines of their own.
type shift struct {
	*lane
	log     *slog.Logger
	claim   store.Claim
	renewed time.Time
	health  health
	version int64     // of the settings
	over    bool      // the endpoint is gone or was deleted
	limited time.Time // when the waits of deliveries were last limited

	look    bool            // the database may have due deliveries that are not in the queue
	queue   []store.Due     // due deliveries that have not begun
	held    map[string]bool // deliveries in the queue, running or not yet saved
	next    time.Time       // when the next delivery is due; zero if there is none
	seen    int64           // the notifications of this version have their deliveries
	changed <-chan struct{} // closed when there are new notifications

	sending int // running attempts
	answers chan answered

	unsaved   outcome
	saving    bool
	saved     chan savedOutcome
	saveAgain time.Time // no saving before, after an error
}

// answered is a finished attempt.
type answered struct {
	due    store.Due
	answer answer
	cut    bool // the service stopped before the answer: the attempt does not count
}

// outcome is the result of some attempts.
type outcome struct {
	deliveries []domain.Delivery
	created    []time.Time // when their notifications were created
	recovered  bool        // the endpoint answers again
	gone       bool        // it answered 410
}

// savedOutcome is an outcome and the result of saving it.
type savedOutcome struct {
	outcome
	err error
}

const (
	expandAtOnce = 500              // notifications per transaction that creates deliveries
	queued       = 256              // deliveries that are read at a time
	afterError   = time.Second      // until the database is used again
	atTheLatest  = time.Second      // a shift reads again: deliveries may have been replayed
	limitAgain   = time.Minute      // between two checks of what is scheduled
	drainTime    = 3 * time.Second  // for running attempts when the service stops
	saveTime     = 10 * time.Second // the database may not answer
)

func newShift(l *lane, claim store.Claim, e domain.Endpoint) *shift {
	return &shift{
		lane: l, log: l.logger.With("environment", l.key.environment, "endpoint", l.key.name), claim: claim, renewed: time.Now(),
		health: health{e.Failures, e.PausedUntil}, version: l.endpoint().Version, look: true, held: map[string]bool{},
		answers: make(chan answered, concurrency), saved: make(chan savedOutcome, 1),
	}
}

func (s *shift) run(ctx context.Context) {
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	for ctx.Err() == nil && !s.over && s.claimed(ctx) {
		s.follow()
		s.limitWaits(ctx)
		room, err := s.dispatch(ctx, sending)
		if err != nil {
			s.complain(ctx, err)
			sleep(ctx, afterError)
		}
		s.save(ctx)
		s.wait(ctx, s.until(room))
	}
	s.drain(ctx, cut)
}

// claimed renews the claim when it is due, and reports whether it is still held.
func (s *shift) claimed(ctx context.Context) bool {
	if time.Since(s.renewed) < renewAfter {
		return true
	}
	held, err := s.rows.Renew(ctx, s.claim)
	if err != nil {
		return time.Since(s.renewed) < claimLasts
	}
	s.renewed = time.Now()
	return held
}

// follow resets the health of the endpoint when its settings have changed.
func (s *shift) follow() {
	if version := s.endpoint().Version; version != s.version {
		s.version, s.health = version, health{}
	}
}

// limitWaits makes deliveries due, now and then, that a clock which was ahead has scheduled.
func (s *shift) limitWaits(ctx context.Context) {
	if !s.limited.IsZero() && time.Since(s.limited) < limitAgain {
		return
	}
	s.limited = time.Now()
	_, local := s.function(s.key.name)
	for _, w := range waits(local) {
		err := s.turn(ctx, func() error {
			n, err := s.rows.LimitWaits(ctx, s.key.environment, s.key.name, s.now(), w.attempts, w.longest)
			if n > 0 {
				s.log.WarnContext(ctx, "deliveries were scheduled by a clock that was ahead; they are due now", "deliveries", n)
				s.look = true
			}
			return err
		})
		if err != nil {
			s.complain(ctx, err)
			return // again in a minute
		}
	}
}

// dispatch begins as many attempts as there is room for, and returns the room that is left.
func (s *shift) dispatch(ctx, sending context.Context) (room int, err error) {
	now := s.now()
	room = s.health.room(now) - s.sending
	if room > len(s.queue) && s.look {
		err = s.fill(ctx, now)
	}
	e := s.endpoint()
	for ; room > 0 && len(s.queue) > 0; room-- {
		s.begin(sending, e, s.queue[0])
		s.queue = s.queue[1:]
	}
	return room, err
}

// fill reads due deliveries into the queue. If there are few, it creates the deliveries of
// the next notifications. While the breaker is open, it does so only if nothing else waits.
func (s *shift) fill(ctx context.Context, now time.Time) error {
	var last int64
	last, s.changed = s.watch.Latest()
	full, err := s.read(ctx, now)
	if err != nil {
		return err
	}
	more := false
	if !full && s.seen < last && (!s.health.open() || len(s.held) == 0 && s.next.IsZero()) {
		err := s.turn(ctx, func() (err error) {
			more, err = s.rows.Expand(ctx, s.key.environment, s.key.name, expandAtOnce, now)
			return err
		})
		if err != nil {
			return err
		}
		if !more {
			s.seen = last
		} else if _, err = s.read(ctx, now); err != nil {
			return err
		}
	}
	s.look = full || more
	return nil
}

// read adds due deliveries to the queue, and reports whether there may be more.
func (s *shift) read(ctx context.Context, now time.Time) (full bool, err error) {
	limit := queued + len(s.held)
	var found []store.Due
	err = s.turn(ctx, func() (err error) {
		found, s.next, err = s.rows.Due(ctx, s.key.environment, s.key.name, now, limit)
		return err
	})
	for _, d := range found {
		if !s.held[d.Delivery.ID] {
			s.held[d.Delivery.ID] = true
			s.queue = append(s.queue, d)
		}
	}
	return len(found) == limit, err
}

// begin starts an attempt.
func (s *shift) begin(sending context.Context, e domain.Endpoint, d store.Due) {
	s.sending++
	go func() {
		a := answer{Attempt: domain.Attempt{At: s.now(), Error: "the function ended its goroutine"}, local: true}
		defer func() {
			s.answers <- answered{d, a, a.Status == 0 && sending.Err() != nil} // never blocks: the channel has room for all
		}()
		if f, ok := s.function(e.Name); ok {
			a = f.call(sending, d.Notification, s.now)
			return
		}
		a = s.post(sending, e, d.Notification)
	}()
}

// post makes one attempt to send a notification over the network.
func (s *shift) post(ctx context.Context, e domain.Endpoint, n domain.Notification) answer {
	body, err := notify.Body(n)
	if err != nil {
		return answer{Attempt: domain.Attempt{At: s.now(), Error: err.Error()}}
	}
	return s.sender.send(ctx, e, n.ID, body)
}

// until returns how long to wait for an event at most.
func (s *shift) until(room int) time.Time {
	at, now := time.Now().Add(atTheLatest), s.now()
	for _, due := range []time.Time{s.next, s.health.until} {
		if then := time.Now().Add(due.Sub(now)); due.After(now) && then.Before(at) {
			at = then
		}
	}
	if s.look && room > 0 {
		return time.Now()
	}
	return at
}

// wait waits for a finished attempt, a finished save or new notifications, or until a time.
func (s *shift) wait(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case a := <-s.answers:
		s.settle(ctx, a)
	case r := <-s.saved:
		s.settled(ctx, r)
	case <-s.changed:
		s.look, s.changed = true, nil // it stays closed until fill asks for the next one
	case <-timer.C:
		s.look = true
	case <-ctx.Done():
	}
	for {
		select {
		case a := <-s.answers:
			s.settle(ctx, a)
		default:
			return
		}
	}
}

// settle updates the delivery and the health of the endpoint after an attempt.
func (s *shift) settle(ctx context.Context, a answered) {
	s.sending--
	if a.cut {
		delete(s.held, a.due.Delivery.ID)
		return
	}
	now, was := s.now(), s.health
	s.health = was.after(a.answer, now, rand.Float64())
	s.unsaved.deliveries = append(s.unsaved.deliveries, settle(a.due.Delivery, a.answer, now, rand.Float64()))
	s.unsaved.created = append(s.unsaved.created, a.due.Notification.CreatedAt)
	switch {
	case a.answer.gone():
		s.unsaved.gone, s.over = true, true
	case s.health.open() && !was.open():
		s.log.ErrorContext(ctx, "endpoint paused: it fails, and is tried once in a while", "failures", s.health.failures, "reason", describe(a.answer.Attempt))
	case was.open() && !s.health.open():
		s.unsaved.recovered = true
		s.log.InfoContext(ctx, "endpoint answers again")
	}
}

// save starts saving results, unless a save is running. Results that arrive in the meantime
// are saved together.
func (s *shift) save(ctx context.Context) {
	if s.saving || len(s.unsaved.deliveries) == 0 || time.Now().Before(s.saveAgain) {
		return
	}
	o := s.unsaved
	s.saving, s.unsaved = true, outcome{}
	a := s.attempts(o)
	go func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
		defer cancel()
		s.saved <- savedOutcome{o, s.turn(last, func() error { return s.rows.SaveAttempts(last, a) })}
	}()
}

// attempts returns an outcome in the form in which it is saved.
func (s *shift) attempts(o outcome) store.Attempts {
	a := store.Attempts{
		Environment: s.key.environment, Endpoint: s.key.name, Deliveries: o.deliveries,
		Failures: s.health.failures, PausedUntil: s.health.until, Recovered: o.recovered,
	}
	if o.gone {
		now := s.now()
		a.Disabled = wasGone
		a.Notifications = []domain.Notification{notify.EndpointDisabled(a.Environment, a.Endpoint, a.Disabled, now)}
		a.Audit = []audit.Entry{{Environment: a.Environment, At: now, Actor: "idem", What: "endpoint.disabled", Detail: a.Endpoint + ": " + a.Disabled}}
	}
	return a
}

// settled handles a finished save. If it failed, the results are saved again later.
func (s *shift) settled(ctx context.Context, r savedOutcome) {
	s.saving = false
	switch {
	case errors.Is(r.err, store.ErrNotFound):
		s.over = true // the endpoint was deleted
		return
	case r.err != nil:
		s.complain(ctx, r.err)
		s.saveAgain = time.Now().Add(afterError)
		s.unsaved = outcome{
			append(r.deliveries, s.unsaved.deliveries...), append(r.created, s.unsaved.created...), r.recovered || s.unsaved.recovered, r.gone || s.unsaved.gone,
		}
		return
	}
	s.saveAgain = time.Time{}
	for _, d := range r.deliveries {
		delete(s.held, d.ID)
	}
	s.look = true // the next deliveries of the subjects may be due
	s.report(ctx, r.outcome)
}

// report logs and counts saved results.
func (s *shift) report(ctx context.Context, o outcome) {
	now := s.now()
	for i, d := range o.deliveries {
		log := s.log.With("notification", d.Notification, "type", d.Type, "delivery", d.ID, "attempts", d.Attempts)
		state := string(d.State)
		switch d.State {
		case domain.DeliveryDelivered:
			s.metrics.Delivery.WithLabelValues(string(d.Environment)).Observe(now.Sub(o.created[i]).Seconds())
		case domain.DeliveryFailed:
			log.ErrorContext(ctx, "notification not delivered: given up", "reason", describe(d.Log[len(d.Log)-1]))
		default:
			state = "retried"
			log.WarnContext(ctx, "notification not accepted; it will be retried", "reason", describe(d.Log[len(d.Log)-1]), "at", d.NextAttemptAt)
		}
		s.metrics.Delivered.WithLabelValues(string(d.Environment), d.Endpoint, state).Inc()
	}
	if o.gone {
		s.log.ErrorContext(ctx, "endpoint disabled: it answered 410")
	}
	paused := 0.0
	if s.health.open() {
		paused = 1
	}
	s.metrics.Paused.WithLabelValues(string(s.key.environment), s.key.name).Set(paused)
}

// drain waits for running attempts, aborts them after drainTime, and saves the results.
func (s *shift) drain(ctx context.Context, cut context.CancelFunc) {
	timer := time.AfterFunc(drainTime, cut)
	defer timer.Stop()
	for s.sending > 0 {
		s.settle(ctx, <-s.answers)
	}
	for {
		if s.saving {
			if s.settled(ctx, <-s.saved); !s.saveAgain.IsZero() {
				return // the next shift repeats these attempts
			}
		}
		if s.save(ctx); !s.saving {
			return
		}
	}
}

func (s *shift) complain(ctx context.Context, err error) {
	if ctx.Err() == nil {
		s.log.ErrorContext(ctx, "delivering notifications failed; retrying", "error", err)
	}
}

func sleep(ctx context.Context, wait time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}
