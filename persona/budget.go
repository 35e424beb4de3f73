package persona

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Budget follows the rate limit of an environment by what the answers say, and
// spreads the calls that are left once fewer than 15 % of them are: Persona asks its
// clients to (Persona docs: Rate limiting). One budget may serve many clients.
type Budget struct {
	mu        sync.Mutex
	limit     int
	remaining int
	resetAt   time.Time
	sent      int // calls since the last answer, which its remaining does not count
	sharers   int // processes that use the same limit; 0 for this one alone
}

// NewBudget returns a budget that knows nothing yet and holds no call back.
func NewBudget() *Budget { return &Budget{} }

// slowBelow is the share of the limit below which calls are spread.
const slowBelow = 0.15

// Remaining returns how many calls are left in the window, and how many there are in
// all; zero and zero before the first answer.
func (b *Budget) Remaining() (remaining, limit int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left(time.Now()), b.limit
}

// ShareAmong says how many processes call the environment at the same time, this one
// among them: each spreads its calls so much the more when few are left. It is one
// unless set.
func (b *Budget) ShareAmong(processes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sharers = processes
}

// left is remaining less the calls on their way, or the whole limit when the window
// has passed.
func (b *Budget) left(now time.Time) int {
	if now.After(b.resetAt) {
		return b.limit
	}
	return max(0, b.remaining-b.sent)
}

// wait holds a call back as long as the budget asks, or until the context ends.
func (b *Budget) wait(ctx context.Context) error {
	return sleep(ctx, b.take(time.Now()))
}

// take counts one call and returns how long it should wait first.
func (b *Budget) take(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.limit == 0 || now.After(b.resetAt) {
		b.sent = 0
		return 0
	}
	left := b.left(now)
	b.sent++
	if float64(left) >= slowBelow*float64(b.limit) {
		return 0
	}
	return b.resetAt.Sub(now) / time.Duration(left/max(1, b.sharers)+1)
}

// learn takes the limit from an answer's headers.
func (b *Budget) learn(h http.Header, now time.Time) {
	limit, err1 := strconv.Atoi(h.Get("RateLimit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("RateLimit-Remaining"))
	reset, err3 := strconv.Atoi(h.Get("RateLimit-Reset"))
	if err1 != nil || err2 != nil || err3 != nil || limit <= 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit, b.remaining, b.resetAt = limit, remaining, now.Add(time.Duration(reset)*time.Second)
	b.sent = max(0, b.sent-1)
}

// resetAfter returns the time until the limit or quota that was used up resets: the
// longer one where both are, zero where the headers do not say. Persona documents no
// Retry-After (Persona docs: Rate limiting).
func resetAfter(h http.Header) time.Duration {
	var wait time.Duration
	for _, kind := range []string{"RateLimit", "Quota"} {
		remaining, err := strconv.Atoi(h.Get(kind + "-Remaining"))
		if err == nil && remaining > 0 {
			continue
		}
		if seconds, err := strconv.Atoi(h.Get(kind + "-Reset")); err == nil {
			wait = max(wait, time.Duration(seconds)*time.Second)
		}
	}
	return wait
}

// sleep waits, or returns the context's error as soon as it ends.
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
