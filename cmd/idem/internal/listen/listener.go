package listen

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/follow"
	"github.com/idemhq/idem/cmd/idem/internal/forward"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

const (
	atOnce  = 8   // attempts at the same time
	keep    = 500 // accepted deliveries that can be sent again
	maxWait = time.Minute

	saveEvery = time.Second // while many attempts are made
)

// Options say what to forward, and where.
type Options struct {
	Lister follow.Lister
	Event  func(ctx context.Context, id string) (domain.Event, error) // reads one event
	Wanted func(name string) bool                                     // filters events by name; nil for all
	Routes Routes
	Sender forward.Sender

	StateFile string
	Source    string    // where the events come from; a state file belongs to one source
	Since     time.Time // where a new state file starts
	SkipKnown bool      // skip the events that exist when a new state file is created

	Interval time.Duration // between two reads of the list
	Once     bool          // read and forward once

	// Report is called when an event arrives and after each attempt. Notice is called with
	// other messages. Both are called from one goroutine.
	Report func(Delivery)
	Notice func(string)
}

// Listener forwards events.
type Listener struct {
	Options
	follower   *follow.Follower
	file       *file
	deliveries []*Delivery
	resend     chan open
	skip       bool // the events of the next read
}

// New opens the state file. Run closes it.
func New(o Options) (*Listener, error) {
	file, kept, err := openFile(o.StateFile, o.Source, o.Since)
	if err != nil {
		return nil, err
	}
	l := &Listener{Options: o, file: file, resend: make(chan open, 16), skip: kept.fresh && o.SkipKnown}
	l.follower = follow.New(o.Lister, kept.Position, time.Now)
	for _, d := range kept.Open {
		l.deliveries = append(l.deliveries, &Delivery{Event: domain.Event{ID: d.Event}, URL: d.URL, Progress: Waiting})
	}
	return l, nil
}

// ErrUndelivered means that a run with Once ended although not everything was accepted.
var ErrUndelivered = errors.New("not every event was accepted")

// Run forwards events until the context ends or the API key is rejected.
func (l *Listener) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, l.file.close()) }()
	if err := l.restore(ctx); err != nil {
		return ended(ctx, err)
	}
	failures := 0
	for {
		switch err := l.look(ctx); {
		case err == nil:
			failures = 0
		case ctx.Err() != nil:
			return nil
		case l.Once || permanent(err):
			return err
		default:
			failures++
			l.Notice(fmt.Sprintf("cannot read the events, and will try again: %v", err))
		}
		if err := l.attempt(ctx); err != nil {
			return ended(ctx, err)
		}
		if l.Once && failures == 0 {
			return l.left()
		}
		if !l.wait(ctx, failures) {
			return nil
		}
	}
}

// ended returns nil for an error that only says that the context ended.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// permanent reports whether a retry cannot help.
func permanent(err error) bool {
	return errors.Is(err, persona.ErrUnauthorized) || errors.Is(err, persona.ErrForbidden) || errors.Is(err, errState)
}

// Resend sends an event to an address again. It may be called from any goroutine.
func (l *Listener) Resend(event, url string) {
	select {
	case l.resend <- open{event, url}:
	default: // the queue is full: drop the request
	}
}

// restore reads the events that were still open when the last run ended.
func (l *Listener) restore(ctx context.Context) error {
	var restored []*Delivery
	for _, d := range l.deliveries {
		event, err := l.Event(ctx, d.Event.ID)
		switch {
		case errors.Is(err, persona.ErrNotFound):
			l.Notice(fmt.Sprintf("event %s is no longer at Persona, and cannot be forwarded", d.Event.ID))
			continue
		case err != nil:
			return err
		}
		d.Event = event
		restored = append(restored, d)
	}
	l.deliveries = restored
	return nil
}

var errState = errors.New("the state file cannot be written")

// look reads new events, and stores them as open before it forwards any.
func (l *Listener) look(ctx context.Context) error {
	events, err := l.follower.Next(ctx)
	if err != nil {
		return err
	}
	if l.skip {
		l.skip = false
		return l.save()
	}
	for _, e := range events {
		if l.Wanted != nil && !l.Wanted(e.Name) {
			continue
		}
		for _, url := range l.Routes.For(e.Name) {
			d := &Delivery{Event: e, URL: url, Progress: Waiting}
			l.deliveries = append(l.deliveries, d)
			l.Report(*d)
		}
	}
	return l.save()
}

func (l *Listener) save() error {
	s := state{Source: l.Source, Position: l.follower.Position(), Open: []open{}}
	for _, d := range l.deliveries {
		if d.Progress != Accepted {
			s.Open = append(s.Open, open{d.Event.ID, d.URL})
		}
	}
	if err := l.file.save(s); err != nil {
		return errors.Join(errState, err)
	}
	return nil
}

// attempt makes the attempts that are due.
func (l *Listener) attempt(ctx context.Context) error {
	var due []*Delivery
	for _, d := range l.deliveries {
		if d.Progress == Waiting && !d.Next.After(time.Now()) {
			due = append(due, d)
		}
	}
	if len(due) == 0 {
		return nil
	}
	for saved := time.Now(); len(due) > 0 && ctx.Err() == nil; {
		n := min(len(due), atOnce)
		l.send(ctx, due[:n])
		due = due[n:]
		if time.Since(saved) > saveEvery { // a crash repeats little
			if err := l.save(); err != nil {
				return err
			}
			saved = time.Now()
		}
	}
	l.forget()
	return l.save()
}

// send makes one attempt for each of a few deliveries, at the same time.
func (l *Listener) send(ctx context.Context, due []*Delivery) {
	answers, errs := make([]forward.Answer, len(due)), make([]error, len(due))
	var sending sync.WaitGroup
	for i, d := range due {
		if d.first.IsZero() {
			d.first = time.Now()
		}
		sending.Go(func() {
			answers[i], errs[i] = l.Sender.Send(ctx, d.URL, d.Event.Body, forward.Attempt{Number: d.Attempts + 1, First: d.first})
		})
	}
	sending.Wait()
	if ctx.Err() != nil {
		return // interrupted deliveries stay open
	}
	for i, d := range due {
		d.attempted(answers[i], errs[i], time.Now())
		l.Report(*d)
	}
}

// forget drops the oldest accepted deliveries.
func (l *Listener) forget() {
	excess := len(l.deliveries) - keep
	var kept []*Delivery
	for _, d := range l.deliveries {
		if excess > 0 && d.Progress == Accepted {
			excess--
			continue
		}
		kept = append(kept, d)
	}
	l.deliveries = kept
}

// left returns an error if a delivery was not accepted.
func (l *Listener) left() error {
	for _, d := range l.deliveries {
		if d.Progress != Accepted {
			return ErrUndelivered
		}
	}
	return nil
}

// wait waits until the next read or attempt is due. It returns false when the context has
// ended.
func (l *Listener) wait(ctx context.Context, failures int) bool {
	pause := l.Interval
	if failures > 0 {
		pause = max(pause, min(time.Second<<min(failures, 6), maxWait))
	}
	for _, d := range l.deliveries {
		if d.Progress == Waiting {
			pause = min(pause, max(0, time.Until(d.Next)))
		}
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case again := <-l.resend:
		for _, d := range l.deliveries {
			if d.Event.ID == again.Event && d.URL == again.URL {
				d.Progress, d.Attempts, d.Next, d.first = Waiting, 0, time.Time{}, time.Time{}
			}
		}
	}
	return true
}
