package advance

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/family"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/policy"
)

var (
	// errOlder means that Persona's answer is older than the event being processed.
	errOlder = errors.New("the answer from Persona is older than the event")

	// errNotShown means that Persona does not show the object of the event.
	errNotShown = errors.New("Persona does not show the object of the event")

	// errFewer means that Persona's answer does not name all objects that the event named.
	errFewer = errors.New("the answer from Persona names fewer objects than the event")
)

const (
	// maxStaleReads is how often a read is repeated if its answer lags behind the event,
	// which takes about a minute. It is a count and not a time, because the clocks of nodes
	// differ.
	maxStaleReads = 6

	// clockTolerance is how much later an event may be dated than the change it reports.
	clockTolerance = time.Second
)

// lag says in what way facts lag behind the event that is decided on. It is nil if they do
// not. Persona's answers may come from a copy that is a moment behind.
func (w *work) lag(f policy.Facts, t domain.Transition) error {
	now := decidedObject(f, w.ref)
	switch {
	case now == nil:
		return errNotShown
	case older(*now, t):
		return errOlder
	case now.Status == t.To && len(w.unnamed(f)) > 0:
		return errFewer
	}
	return nil
}

// older reports whether an object was read before a transition happened.
func older(now domain.Object, t domain.Transition) bool {
	switch {
	case now.Status == t.To || now.AsOf.IsZero() || now.AsOf.After(t.At):
		return false
	case now.AsOf.Before(t.At.Add(-clockTolerance)):
		return true
	case t.From != "":
		// The times do not tell whether the object was read before the transition or has
		// moved on since. It hardly moved back within the tolerance.
		return now.Status == t.From
	default:
		return fold.Earlier(now.Ref, now.Status, t.To)
	}
}

// unnamed returns what an inquiry's facts do not name although the event did, as missing
// facts. Persona takes nothing away from an inquiry. A list that is withheld as a whole is
// already recorded as missing.
func (w *work) unnamed(f policy.Facts) []string {
	now := decidedObject(f, w.ref)
	if now == nil || w.ref.Family() != "inquiry" || !now.RedactedAt.IsZero() {
		return nil
	}
	var lacks []string
	for _, name := range []string{"verifications", "reports"} {
		named, shown := now.Relationships[name]
		for _, ref := range family.Related(w.next, name) {
			if shown && !slices.Contains(named, ref) {
				lacks = append(lacks, fmt.Sprintf("%s: relationships.%s lacks %s", w.ref, name, ref))
			}
		}
	}
	return lacks
}
