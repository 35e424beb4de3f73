package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
)

// shift is the work on a lane while its claim is held. It belongs to one goroutine; the
// attempts run beside it.
type shift struct {
	*lane
	log     *slog.Logger
	claim   store.Claim
	renewed time.Time
	health  health
	version int64 // of the settings

	running map[string]bool // deliveries whose attempts run, or are not saved yet
	answers chan answered
	unsaved []answered

	seen    int64           // all notifications up to here have their deliveries
	changed <-chan struct{} // closed when there are more
	over    bool            // the endpoint wants no more, or there is none any more
}

// answered is an attempt that came to its end.
type answered struct {
	due    store.Due
	answer answer
	cut    bool // it was cut short when the service stopped: it does not count
}

const (
	expandAtOnce = 500              // notifications whose deliveries one transaction makes
	afterError   = time.Second      // until the database is asked again
	atTheLatest  = 10 * time.Second // a shift looks around
	drainTime    = 3 * time.Second  // for attempts that run when the service stops
	saveTime     = 10 * time.Second // the database may have fallen silent
)

func (s *shift) run(ctx context.Context) {
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	for ctx.Err() == nil && !s.over && s.held(ctx) {
		s.follow()
		next, err := s.dispatch(ctx, sending)
		if err != nil {
			s.complain(ctx, err)
			next = time.Now().Add(afterError)
		}
		s.gather(ctx, next)
		if err := s.save(ctx); err != nil {
			s.complain(ctx, err)
			sleep(ctx, afterError)
		}
	}
	s.drain(ctx, cut)
}

// held renews the claim now and then, and reports whether it is still held.
func (s *shift) held(ctx context.Context) bool {
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

// follow forgets what is known of an endpoint whose settings were changed.
func (s *shift) follow() {
	if version := s.endpoint().Version; version != s.version {
		s.version, s.health = version, health{}
	}
}

// dispatch begins the attempts that are due and have room. It returns when to look again
// at the latest; an attempt that ends and a new notification come before.
func (s *shift) dispatch(ctx, sending context.Context) (next time.Time, err error) {
	now := s.now()
	latest := time.Now().Add(atTheLatest)
	var last int64
	last, s.changed = s.watch.Latest()
	room := s.health.room(now) - len(s.running)
	if room <= 0 {
		return earlier(latest, s.health.until, now), nil
	}
	due, waits, err := s.due(ctx, now, room)
	if err != nil {
		return latest, err
	}
	more := false
	if len(due) < room && s.seen < last && (!s.health.open() || len(due) == 0 && waits.IsZero()) {
		if more, err = s.expand(ctx, now); err != nil {
			return latest, err
		}
		if !more {
			s.seen = last
		} else if due, waits, err = s.due(ctx, now, room); err != nil {
			return latest, err
		}
	}
	e := s.endpoint()
	for _, d := range due[:min(room, len(due))] {
		s.begin(sending, e, d)
	}
	switch {
	case len(due) >= room:
		return latest, nil
	case more:
		return time.Now(), nil
	default:
		return earlier(latest, waits, now), nil
	}
}

// earlier is a moment of this machine's clock, or the moment of the shared clock if that
// comes before; zero for none.
func earlier(at, shared, now time.Time) time.Time {
	if shared.IsZero() {
		return at
	}
	if then := time.Now().Add(shared.Sub(now)); then.Before(at) {
		return then
	}
	return at
}

// due returns what is due and does not run yet.
func (s *shift) due(ctx context.Context, now time.Time, room int) (fresh []store.Due, next time.Time, err error) {
	var found []store.Due
	err = s.turn(ctx, func() (err error) {
		found, next, err = s.rows.Due(ctx, s.key.environment, s.key.name, now, room+len(s.running))
		return err
	})
	for _, d := range found {
		if !s.running[d.Delivery.ID] {
			fresh = append(fresh, d)
		}
	}
	return fresh, next, err
}

func (s *shift) expand(ctx context.Context, now time.Time) (more bool, err error) {
	err = s.turn(ctx, func() (err error) {
		more, err = s.rows.Expand(ctx, s.key.environment, s.key.name, expandAtOnce, now)
		return err
	})
	return more, err
}

// begin makes an attempt beside the shift.
func (s *shift) begin(sending context.Context, e domain.Endpoint, d store.Due) {
	s.running[d.Delivery.ID] = true
	go func() {
		body, err := notify.Body(d.Notification)
		a := answer{Attempt: domain.Attempt{At: s.now()}}
		if err != nil {
			a.Error = err.Error()
		} else {
			a = s.sender.send(sending, e, d.Notification.ID, body)
		}
		s.answers <- answered{d, a, a.Status == 0 && sending.Err() != nil} // there is a place for each
	}()
}

// gather waits for what ends, for new notifications, or until a moment.
func (s *shift) gather(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case a := <-s.answers:
		s.unsaved = append(s.unsaved, a)
	case <-s.changed:
	case <-timer.C:
	case <-ctx.Done():
	}
	for {
		select {
		case a := <-s.answers:
			s.unsaved = append(s.unsaved, a)
		default:
			return
		}
	}
}

// save stores what attempts came to. They stay unsaved where the database fails.
func (s *shift) save(ctx context.Context) error {
	if len(s.unsaved) == 0 {
		return nil
	}
	now := s.now()
	a, known := s.outcome(now)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	err := s.turn(last, func() error { return s.rows.SaveAttempts(last, a) })
	if errors.Is(err, store.ErrNotFound) { // it was deleted
		s.over, err = true, nil
	}
	if err != nil {
		return err
	}
	s.report(ctx, a, known, now)
	s.health = known
	for _, one := range s.unsaved {
		delete(s.running, one.due.Delivery.ID)
	}
	s.unsaved = nil
	return nil
}

// outcome is what the attempts that are not saved yet lead to.
func (s *shift) outcome(now time.Time) (store.Attempts, health) {
	a := store.Attempts{Environment: s.key.environment, Endpoint: s.key.name}
	known := s.health
	for _, one := range s.unsaved {
		if one.cut {
			continue
		}
		a.Deliveries = append(a.Deliveries, settle(one.due.Delivery, one.answer, now, rand.Float64()))
		known = known.after(one.answer, now, rand.Float64())
		if one.answer.gone() && a.Disabled == "" {
			a.Disabled = "the endpoint answered 410"
			a.Notifications = []domain.Notification{notify.EndpointDisabled(s.key.environment, s.key.name, a.Disabled, now)}
			a.Audit = []audit.Entry{{
				Environment: s.key.environment, At: now, Actor: "idem", What: "endpoint.disabled", Detail: fmt.Sprintf("%s: %s", s.key.name, a.Disabled),
			}}
		}
	}
	a.Failures, a.PausedUntil, a.Recovered = known.failures, known.until, s.health.open() && !known.open()
	return a, known
}

// report logs and counts what was saved.
func (s *shift) report(ctx context.Context, a store.Attempts, known health, now time.Time) {
	created := map[string]time.Time{}
	for _, one := range s.unsaved {
		created[one.due.Delivery.ID] = one.due.Notification.CreatedAt
	}
	for _, d := range a.Deliveries {
		log := s.log.With("notification", d.Notification, "type", d.Type, "delivery", d.ID, "attempts", d.Attempts)
		outcome := string(d.State)
		switch d.State {
		case domain.DeliveryDelivered:
			s.metrics.Delivery.WithLabelValues(string(d.Environment)).Observe(now.Sub(created[d.ID]).Seconds())
		case domain.DeliveryFailed:
			log.ErrorContext(ctx, "notification not delivered: given up", "reason", describe(d.Log[len(d.Log)-1]))
		default:
			outcome = "retried"
			log.WarnContext(ctx, "notification not accepted; it will be retried", "reason", describe(d.Log[len(d.Log)-1]), "at", d.NextAttemptAt)
		}
		s.metrics.Delivered.WithLabelValues(string(d.Environment), d.Endpoint, outcome).Inc()
	}
	switch {
	case a.Disabled != "":
		s.over = true
		s.log.ErrorContext(ctx, "endpoint disabled", "reason", a.Disabled)
	case known.open() && !s.health.open():
		s.log.ErrorContext(ctx, "endpoint paused: it fails, and is tried once in a while", "failures", known.failures)
	case a.Recovered:
		s.log.InfoContext(ctx, "endpoint answers again")
	}
	paused := 0.0
	if known.open() {
		paused = 1
	}
	s.metrics.Paused.WithLabelValues(string(s.key.environment), s.key.name).Set(paused)
}

// drain waits for the attempts that run, cuts them short when they take too long, and
// saves what they came to.
func (s *shift) drain(ctx context.Context, cut context.CancelFunc) {
	timer := time.AfterFunc(drainTime, cut)
	defer timer.Stop()
	for len(s.unsaved) < len(s.running) {
		s.unsaved = append(s.unsaved, <-s.answers)
	}
	if err := s.save(ctx); err != nil {
		s.complain(ctx, err)
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
