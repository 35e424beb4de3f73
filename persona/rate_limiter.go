package persona

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// RateLimiter keeps clients within the rate limit of an environment. It learns the limit
// from the headers of Persona's answers. When fewer than 15 % of the calls are left, it
// spreads them over the rest of the window, as Persona asks its clients to do (Persona
// docs: Rate limiting). Several clients can share one limiter: see [WithRateLimiter].
type RateLimiter struct {
	mu        sync.Mutex
	limit     int
	remaining int
	resetAt   time.Time
	sent      int // calls since the last answer; they are not part of remaining yet
	sharers   int // processes that share the limit; 0 for this one alone
}

// NewRateLimiter returns a limiter that does not delay any call until it has seen an
// answer.
func NewRateLimiter() *RateLimiter { return &RateLimiter{} }

// slowBelow is the share of the limit below which calls are spread.
const slowBelow = 0.15

// Remaining returns how many calls are left in the current window, and how many a window
// allows. Both are zero before the first answer.
func (l *RateLimiter) Remaining() (remaining, limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left(time.Now()), l.limit
}

// ShareAmong sets how many processes use the environment's limit, including this one.
// When few calls are left, this process uses only its share of them. The default is one.
func (l *RateLimiter) ShareAmong(processes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sharers = processes
}

// left returns how many calls are left: those in flight are subtracted, and in a new
// window the whole limit is left.
func (l *RateLimiter) left(now time.Time) int {
	if now.After(l.resetAt) {
		return l.limit
	}
	return max(0, l.remaining-l.sent)
}

// wait delays a call if few are left. It returns early with the context's error when the
// context ends.
func (l *RateLimiter) wait(ctx context.Context) error {
	return sleep(ctx, l.take(time.Now()))
}

// take counts a call and returns how long to wait before it.
func (l *RateLimiter) take(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit == 0 || now.After(l.resetAt) {
		l.sent = 0
		return 0
	}
	left := l.left(now)
	l.sent++
	if float64(left) >= slowBelow*float64(l.limit) {
		return 0
	}
	return l.resetAt.Sub(now) / time.Duration(left/max(1, l.sharers)+1)
}

// longestWindow is the longest time until a new window that is believed. Persona's windows
// last 60 s (Persona docs: Rate limiting). One answer with a wrong header must not stop all
// calls of an environment.
const longestWindow = 65 * time.Second

// learn reads the limit from the headers of an answer.
func (l *RateLimiter) learn(h http.Header, now time.Time) {
	limit, err1 := strconv.Atoi(h.Get("RateLimit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("RateLimit-Remaining"))
	reset, err3 := strconv.Atoi(h.Get("RateLimit-Reset"))
	if err1 != nil || err2 != nil || err3 != nil || limit <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit, l.remaining, l.resetAt = limit, remaining, now.Add(min(seconds(reset), longestWindow))
	l.sent = max(0, l.sent-1)
}

// resetAfter returns the time until the limit or quota that was used up is reset. It
// returns the longer time if both were used up, and zero if the headers do not say.
// Persona does not document a Retry-After header (Persona docs: Rate limiting).
func resetAfter(h http.Header) time.Duration {
	var wait time.Duration
	for _, kind := range []string{"RateLimit", "Quota"} {
		remaining, err := strconv.Atoi(h.Get(kind + "-Remaining"))
		if err == nil && remaining > 0 {
			continue
		}
		if reset, err := strconv.Atoi(h.Get(kind + "-Reset")); err == nil {
			wait = max(wait, seconds(reset))
		}
	}
	return wait
}

// seconds returns a number of seconds as a duration between zero and 100 years, which every
// clock can add.
func seconds(n int) time.Duration {
	const most = 100 * 365 * 24 * 60 * 60
	return time.Duration(min(max(n, 0), most)) * time.Second
}

// sleep waits for a duration. It returns early with the context's error when the context
// ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
