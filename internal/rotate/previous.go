package rotate

import "time"

// previousKey is a key that was replaced and is expired when nobody uses it any more.
//
// Persona shows when a key was last used. It does not document how exact and how late this
// time is, so it is not compared with a clock. Instead each look also uses the new key and
// reads its last use. The time shown for the new key is how far Persona's records reach: a use
// of the old key before that time would be shown too. And how far that time is in the past
// says how late or coarse the records are. The old key is unused if the records reach beyond
// its last use by the quiet time and by as much as they ever fell behind.
//
// It is assumed that Persona records the uses of both keys in the same way.
type previousKey struct {
	ID       string        `json:"id"`
	Cloned   time.Time     `json:"cloned"` // when it was certainly in use, by Persona's clock
	LastUsed time.Time     `json:"last_used"`
	Since    time.Time     `json:"since"`            // when it was replaced
	Covered  time.Time     `json:"covered,omitzero"` // how far Persona's records reach
	Behind   time.Duration `json:"behind,omitempty"` // by how much the records fell behind at most
}

// clockGrain is how far Persona's time of the last use may be behind that of a clone which was
// made with that use.
const clockGrain = time.Minute

const (
	exact        = time.Second      // what records fall behind by because of clocks and rounding
	shortSilence = 90 * time.Minute // until Persona must show a last use at all
	longSilence  = 72 * time.Hour   // until it must show that the clone was made with the old key
)

// look remembers what Persona shows: the last use of this key and of the new one, which was
// used just now. Zero means that it shows none.
func (p *previousKey) look(used, current, now time.Time) {
	p.LastUsed, p.Covered = used, current
	if !current.IsZero() {
		p.Behind = max(p.Behind, now.Sub(current))
	}
}

// left returns how much further Persona's records must reach until the key counts as unused.
// shown is false if they do not show what is certain: that the clone was made with this key.
func (p *previousKey) left(quiet time.Duration) (left time.Duration, shown bool) {
	if p.Covered.IsZero() || p.LastUsed.IsZero() || p.LastUsed.Before(p.Cloned.Add(-p.Behind-clockGrain)) {
		return 0, false
	}
	last := p.LastUsed
	if last.Before(p.Cloned) {
		last = p.Cloned
	}
	left = quiet + p.Behind - p.Covered.Sub(last)
	if p.Behind > exact { // they may have fallen behind further between two looks, and clocks differ
		left += 2 * pause(quiet)
	}
	return left, true
}

// pause is the time between two looks at the old key.
func pause(quiet time.Duration) time.Duration { return max(quiet/10, 50*time.Millisecond) }

// maxSilence returns how long Persona's records may show nothing. Records that are late or
// coarse, by a day for example, come some time.
func (p *previousKey) maxSilence(quiet time.Duration) time.Duration {
	if p.Covered.IsZero() || p.LastUsed.IsZero() {
		return max(quiet, shortSilence)
	}
	return max(quiet, longSilence)
}
