package deliver

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const (
	giveUpAfter  = 72 * time.Hour // since the delivery was created
	firstRetry   = time.Second
	retryFactor  = 3
	longestRetry = 4 * time.Hour
	keptAttempts = 10 // per delivery: the last ones
)

// answer is the answer of an endpoint to one attempt.
type answer struct {
	domain.Attempt
	retryAfter time.Duration // 0 if the endpoint did not ask for it
	local      bool          // a function of this program was called
}

// accepted reports whether the endpoint accepted the notification.
func (a answer) accepted() bool { return a.Status >= 200 && a.Status < 300 }

// gone reports whether the endpoint asks for no more notifications.
func (a answer) gone() bool { return a.Status == http.StatusGone }

// alive reports whether the endpoint works, even if it rejects this notification.
func (a answer) alive() bool {
	return a.local || a.Status != 0 && a.Status < 500 && a.Status != http.StatusTooManyRequests
}

// settle returns a delivery after an attempt. draw is a random number in [0, 1).
func settle(d domain.Delivery, a answer, now time.Time, draw float64) domain.Delivery {
	d.Attempts++
	d.Log = append(d.Log[max(0, len(d.Log)-keptAttempts+1):len(d.Log):len(d.Log)], a.Attempt)
	wait := max(backoff(d.Attempts, draw), min(a.retryAfter, longestAsked))
	switch deadline := d.CreatedAt.Add(giveUpAfter); {
	case a.accepted():
		d.State, d.FinishedAt, d.NextAttemptAt = domain.DeliveryDelivered, now, time.Time{}
	case a.local:
		d.NextAttemptAt = now.Add(min(wait, longestRecall))
	case a.gone(), !now.Before(deadline):
		d.State, d.FinishedAt, d.NextAttemptAt = domain.DeliveryFailed, now, time.Time{}
	default:
		d.NextAttemptAt = now.Add(wait)
		if d.NextAttemptAt.After(deadline) { // one last attempt
			d.NextAttemptAt = deadline
		}
	}
	return d
}

// backoff returns the wait after a number of attempts. Half of it is random.
func backoff(attempts int, draw float64) time.Duration {
	wait := longestBackoff(attempts)
	return wait/2 + time.Duration(draw*float64(wait/2))
}

func longestBackoff(attempts int) time.Duration {
	wait := firstRetry
	for range attempts - 1 {
		if wait = min(wait*retryFactor, longestRetry); wait == longestRetry {
			break
		}
	}
	return wait
}

// wait is the longest wait of deliveries with at most so many attempts.
type wait struct {
	attempts int
	longest  time.Duration
}

// waits are the longest waits of a regular schedule. Deliveries that wait longer were
// scheduled by a clock that was ahead. local says that a function of this program is called.
func waits(local bool) []wait {
	if local {
		return []wait{{math.MaxInt32, longestRecall + store.ClockError}}
	}
	early := 1
	for longestBackoff(early+1) <= longestAsked {
		early++
	}
	return []wait{{0, store.ClockError}, {early, longestAsked + store.ClockError}, {math.MaxInt32, longestRetry + store.ClockError}}
}

// retryAfter parses the Retry-After header: seconds, or a time. It returns 0 if the header
// is absent or invalid.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// describe returns the result of an attempt in a few words.
func describe(a domain.Attempt) string {
	if a.Status == 0 {
		return a.Error
	}
	return fmt.Sprintf("answered %d", a.Status)
}
