package deliver

import (
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// health is the circuit breaker of an endpoint. While the breaker is open, one attempt is
// made after each pause, until the endpoint answers.
type health struct {
	failures int       // consecutive attempts without an answer, or with 429 or 5xx
	until    time.Time // no attempt before this time
}

const (
	tolerated    = 5 // consecutive failures that open the breaker
	firstPause   = time.Second
	longestPause = time.Minute

	// longestAsked is the longest wait that Retry-After can ask for. A mistake of the receiver,
	// or a proxy before it, must not hold back a verdict for days.
	longestAsked = time.Hour
)

// wasGone is why an endpoint that answered 410 is disabled.
const wasGone = "the endpoint answered 410"

// Move returns an endpoint with a URL. If it answered 410 at another one, it is enabled again:
// nobody has answered at the new address.
func Move(e domain.Endpoint, url string) domain.Endpoint {
	if e.URL != url && e.Disabled == wasGone {
		e.Disabled = ""
	}
	e.URL = url
	return e
}

// open reports whether the breaker is open.
func (h health) open() bool { return h.failures >= tolerated }

// paused reports whether no attempt may begin. A pause that is longer than any was set by a
// clock that was ahead.
func (h health) paused(now time.Time) bool {
	return now.Before(h.until) && h.until.Sub(now) <= longestAsked+store.ClockError
}

// room returns how many attempts may run at a time.
func (h health) room(now time.Time) int {
	switch {
	case h.paused(now):
		return 0
	case h.open():
		return 1
	default:
		return concurrency
	}
}

// after returns the health after an attempt. draw is a random number in [0, 1).
func (h health) after(a answer, now time.Time, draw float64) health {
	if a.alive() {
		return health{}
	}
	if h.open() && h.paused(now) {
		return h // this attempt began before the breaker opened
	}
	if !h.paused(now) {
		h.until = time.Time{}
	}
	h.failures++
	if h.open() {
		h.until = now.Add(pause(h.failures-tolerated, draw))
	}
	if asked := now.Add(min(a.retryAfter, longestAsked)); a.retryAfter > 0 && asked.After(h.until) {
		h.until = asked
	}
	return h
}

// pause returns the wait before the next attempt at an endpoint. Half of it is random.
func pause(tries int, draw float64) time.Duration {
	wait := min(longestPause, firstPause<<min(tries, 10))
	return wait/2 + time.Duration(draw*float64(wait/2))
}
