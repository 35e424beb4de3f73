package listen

import (
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/forward"
	"github.com/idemhq/idem/internal/domain"
)

// Progress is the state of a delivery.
type Progress string

// The states of a delivery.
const (
	Waiting  Progress = "waiting"  // for its first or next attempt
	Accepted Progress = "accepted" // with a status that Persona accepts
	Failed   Progress = "failed"   // after the last attempt; retried at the next start, or by Resend
)

// Delivery is the delivery of one event to one address.
type Delivery struct {
	Event    domain.Event
	URL      string
	Progress Progress
	Attempts int
	Answer   forward.Answer // to the last attempt
	Error    string         // of the last attempt, "" where there was an answer
	Next     time.Time      // when the next attempt is due
	first    time.Time
}

// attempted records the result of an attempt.
func (d *Delivery) attempted(answer forward.Answer, err error, now time.Time) {
	d.Attempts++
	d.Answer, d.Error = answer, ""
	if err != nil {
		d.Error = err.Error()
	}
	switch {
	case err == nil && answer.Accepted():
		d.Progress = Accepted
	case d.Attempts >= forward.MaxAttempts:
		d.Progress = Failed
	default:
		d.Next = now.Add(delay(d.Attempts))
	}
}

// delay returns how long to wait after an attempt. It doubles from one second to a minute.
// Persona's own delays, of up to 32 hours, are too long for development.
func delay(attempts int) time.Duration {
	return min(time.Second<<(attempts-1), time.Minute)
}
