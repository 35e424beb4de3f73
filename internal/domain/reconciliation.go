package domain

import "time"

// Reconciliation is one comparison of an environment's events at Persona with those
// that are stored. It pages back from the newest event until it meets what is known.
type Reconciliation struct {
	ID          string // rec_…
	Environment Environment
	StartedAt   time.Time
	FinishedAt  time.Time // zero while it is under way

	// From is the newest event at Persona when it began. Once it has finished, every
	// event up to From is stored: From is the watermark, where the next one ends.
	From Mark

	// Until is how far back it goes: the moment of the watermark before it, less an
	// overlap, or the moment that was asked for; zero for all the way.
	Until time.Time

	Cursor string // of the page that comes next; empty at the beginning

	Seen    int // events looked at
	Missed  int // of them, those that should have come by webhook and had not: now they are stored
	History int // of them, those from before the service knew the environment: now they are stored

	OldestMissed time.Time // created-at of the oldest of the missed; zero for none
	OldestSeen   time.Time // created-at of the oldest event looked at: how far it has come

	// Lost says that Persona's list ended before the watermark: what was between is not
	// there any more, and whether all of it had come by webhook cannot be told.
	Lost bool
}

// listLife is how far back Persona's list of events goes (Persona docs: Events).
const listLife = 90 * 24 * time.Hour

// Done is how much of the time between the newest event and the end of a reconciliation
// has been looked at, from 0 to 1.
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

// Mark is a place in Persona's list of events.
type Mark struct {
	EventID string
	At      time.Time
}
