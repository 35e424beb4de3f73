package advance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
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

	// errFewer means that Persona's answers do not name all objects that the events named.
	errFewer = errors.New("the answer from Persona names fewer objects than the events")
)

const (
	// maxStaleReads is how often a job is retried if an answer lags behind the event, which
	// takes about a minute. It is a count and not a time, because the clocks of nodes differ.
	// It does not count the tries of an event, because an object can have several jobs, and
	// each adds to them.
	maxStaleReads = 6

	// clockTolerance is how much later an event may be dated than the change it reports.
	clockTolerance = time.Second
)

// lag says in what way facts lag behind the event that is decided on. It is nil if they do
// not. Persona's answers may come from a copy that is a moment behind.
func (w *work) lag(f policy.Facts, t domain.Transition, lacks []string) error {
	now := decidedObject(f, w.ref)
	switch {
	case now == nil && slices.Contains(f.Missing, missing(w.ref.String(), http.StatusForbidden)):
		return nil // permissions do not lag
	case now == nil:
		return errNotShown
	case older(*now, t):
		return errOlder
	case now.Status == t.To && len(lacks) > 0:
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

// lacks returns what an inquiry's facts do not contain although events named it, as missing
// facts.
func (w *work) lacks(ctx context.Context, f policy.Facts) ([]string, error) {
	now := decidedObject(f, w.ref)
	if now == nil || w.ref.Family() != "inquiry" || !now.RedactedAt.IsZero() {
		return nil, nil
	}
	cases, err := w.unlistedCases(ctx, f)
	return append(w.unnamed(*now), cases...), err
}

// unnamed returns the verifications and reports that the inquiry does not name any more.
// Persona takes none away. A list that is withheld as a whole is already recorded as missing.
func (w *work) unnamed(now domain.Object) []string {
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

// unlistedCases returns the cases of the inquiry that are stored but were not listed. A list
// that could not be read is already recorded as missing.
func (w *work) unlistedCases(ctx context.Context, f policy.Facts) ([]string, error) {
	list := casesOf(w.ref)
	if f.Inquiry.ReferenceID == "" || slices.ContainsFunc(f.Missing, func(m string) bool { return strings.HasPrefix(m, list) }) {
		return nil, nil
	}
	stored, err := w.store.SubjectObjects(ctx, w.env, f.Inquiry.ReferenceID)
	if err != nil {
		return nil, err
	}
	var lacks []string
	for _, o := range stored {
		if o.Ref.Family() == "case" && slices.Contains(o.Relationships["inquiries"], w.ref) && indexOf(f.Cases, o.Ref) < 0 {
			lacks = append(lacks, fmt.Sprintf("%s: the list lacks %s", list, o.Ref))
		}
	}
	return lacks, nil
}

// casesOf names the list of an inquiry's cases.
func casesOf(inquiry domain.Ref) string { return "cases of " + inquiry.String() }
