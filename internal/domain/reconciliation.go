package domain

import "time"

// Reconciliation is a comparison of an environment's events at Persona with the stored
// ones. It pages back from the newest event to the watermark.
type Reconciliation struct {
	ID          string // rec_…
	Environment Environment
	StartedAt   time.Time
	FinishedAt  time.Time // zero while it is running

	// From is the newest event at Persona when the reconciliation began. When it has
	// finished, every event up to From is stored: From is then the new watermark.
	From Mark

	// Until is how far back it goes: the previous watermark minus an overlap, or an earlier
	// time that was requested. Zero means to the end of Persona's list.
	Until time.Time

	Cursor string // of the next page; empty at the start

	Seen    int // events looked at
	Missed  int // of those, events whose webhook should have arrived and had not; now stored
	History int // of those, events from before the service knew the environment; now stored

	OldestMissed time.Time // created-at of the oldest missed event; zero if there is none
	OldestSeen   time.Time // created-at of the oldest event looked at, which shows the progress

	// Lost means that Persona's list ended before the watermark. Events in between may have
	// been lost.
	Lost bool
}

// listLife is how long Persona lists events (Persona docs: Events).
const listLife = 90 * 24 * time.Hour

// Done returns the progress from 0 to 1: how much of the time between the newest event and
// Until has been looked at.
func (r Reconciliation) Done() float64 {
	end := r.Until
	if end.IsZero() {
		end = r.From.At.Add(-listLife)
	}
	whole := r.From.At.Sub(end)
	if !r.FinishedAt.IsZero() || whole <= 0 {
		return 1
	}
	return min(1, max(0, float64(r.From.At.Sub(r.OldestSeen))/float64(whole)))
}

// Mark is a position in Persona's list of events.
type Mark struct {
	EventID string
	At      time.Time
}
