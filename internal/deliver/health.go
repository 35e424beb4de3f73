package deliver

import "time"

// health is what is known of an endpoint: the circuit breaker. While it fails, one attempt
// at a time is made after a pause, until one is answered.
type health struct {
	failures int       // attempts in a row that the endpoint did not answer, or with 429 or 5xx
	until    time.Time // no attempt before
}

const (
	tolerated    = 5 // failures in a row until the breaker opens
	firstPause   = time.Second
	longestPause = time.Minute
	longestAsked = time.Hour // that Retry-After may pause an endpoint for
)

// open reports whether the breaker is open.
func (h health) open() bool { return h.failures >= tolerated }

// room is how many attempts may run at a time.
func (h health) room(now time.Time) int {
	switch {
	case now.Before(h.until):
		return 0
	case h.open():
		return 1
	default:
		return concurrency
	}
}

// after returns the health after an attempt. draw is a number in [0, 1) that was drawn.
func (h health) after(a answer, now time.Time, draw float64) health {
	if a.alive() {
		return health{}
	}
	if h.open() && now.Before(h.until) {
		return h // the attempt began before the breaker opened
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

// pause is the wait before the next try of an endpoint, half of it by chance.
func pause(tries int, draw float64) time.Duration {
	wait := min(longestPause, firstPause<<min(tries, 10))
	return wait/2 + time.Duration(draw*float64(wait/2))
}
