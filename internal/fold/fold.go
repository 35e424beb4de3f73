package fold

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/family"
)

// Result is the result of folding.
type Result struct {
	Object      domain.Object
	Changed     bool
	Transitions []domain.Transition // in order
	Stale       []string            // ids of events that changed nothing

	// Reread means that the events contradict each other, for example because an undecided
	// status follows a decision. The object must be read from Persona.
	Reread bool
}

// Fold updates an object with snapshots of it, in any order. A zero current means that the
// object is not known yet.
//
// The new state is the greatest snapshot in this order: redacted before not redacted, for
// objects that stay redacted; decided before undecided, for inquiries, which stay decided;
// the later event; the later status if two have the same time; the id of the event.
func Fold(current domain.Object, snapshots []Snapshot) Result {
	r := Result{Object: current}
	slices.SortFunc(snapshots, func(a, b Snapshot) int { return order(a.Object, b.Object) })
	for _, s := range snapshots {
		known := !r.Object.Ref.IsZero()
		if isFirstEvent(r.Object, s.Object) {
			r.Transitions = append(r.Transitions, transition(domain.Object{}, s))
			r.Object.EventID, r.Changed = s.EventID, true
			continue
		}
		if known && order(s.Object, r.Object) <= 0 {
			r.Stale = append(r.Stale, s.EventID)
			r.Reread = r.Reread || contradicts(s.Object, r.Object)
			if attached, changed := withAttachments(r.Object, s.Object); changed {
				r.Object, r.Changed = attached, true
			}
			continue
		}
		r.Reread = r.Reread || known && contradicts(r.Object, s.Object)
		switch {
		case s.Object.Status != r.Object.Status || !known:
			r.Transitions = append(r.Transitions, transition(r.Object, s))
		case r.Object.EventID == "": // it was read before its first event arrived
			r.Transitions = append(r.Transitions, transition(domain.Object{}, s))
		}
		version, last, at := r.Object.Version, r.Object.LastReferenceID, r.Object.LastReferenceAt
		r.Object = WithAttachments(s.Object, r.Object)
		r.Object.Version, r.Object.LastReferenceID, r.Object.LastReferenceAt = version, last, at
		r.Changed = true
	}
	r.Object.Coverage = current.Coverage
	for _, s := range snapshots {
		if newerCoverage(s.Object.Coverage, r.Object.Coverage) {
			r.Object.Coverage, r.Changed = s.Object.Coverage, true
		}
	}
	if settled := WithReference(r.Object, snapshots...); settled.LastReferenceID != r.Object.LastReferenceID || !settled.LastReferenceAt.Equal(r.Object.LastReferenceAt) || settled.ReferenceID != r.Object.ReferenceID {
		r.Object, r.Changed = settled, true
	}
	return r
}

func transition(from domain.Object, s Snapshot) domain.Transition {
	return domain.Transition{Object: s.Object.Ref, From: from.Status, To: s.Object.Status, At: s.At, EventID: s.EventID, Event: s.Name}
}

// isFirstEvent reports whether a snapshot is the first event for a status that is known only
// from a read. No decision was made on the status yet.
func isFirstEvent(known, s domain.Object) bool {
	return !known.Ref.IsZero() && known.EventID == "" && known.Status == s.Status && order(s, known) <= 0
}

// WithReference returns an object with its reference id, from its own attribute or from
// snapshots of it. Its own attribute counts, even if it is null. If it was withheld or
// removed by a redaction, the newest one of any snapshot counts, since the host must learn
// about the redaction too.
func WithReference(o domain.Object, snapshots ...Snapshot) domain.Object {
	for _, s := range snapshots {
		o = withReference(o, text(s.Object.Attributes["reference-id"]), s.Object.AsOf)
		o = withReference(o, s.Object.LastReferenceID, s.Object.LastReferenceAt)
	}
	raw, known := o.Attributes["reference-id"]
	o.ReferenceID = text(raw)
	if o.ReferenceID == "" && (!known || !o.RedactedAt.IsZero()) {
		o.ReferenceID = o.LastReferenceID
	}
	return o
}

// withReference returns an object with a reference id that it had at a time.
func withReference(o domain.Object, reference string, at time.Time) domain.Object {
	if reference != "" && (at.After(o.LastReferenceAt) || at.Equal(o.LastReferenceAt) && reference > o.LastReferenceID) {
		o.LastReferenceID, o.LastReferenceAt = reference, at
	}
	return o
}

// WithAttachments returns a case that is about what another snapshot of it names, if its own
// relationships are withheld. Otherwise a decline would no longer count for its inquiry.
func WithAttachments(o, other domain.Object) domain.Object {
	o, _ = withAttachments(o, other)
	return o
}

func withAttachments(o, other domain.Object) (attached domain.Object, changed bool) {
	if o.Ref.Family() != "case" {
		return o, false
	}
	for _, name := range []string{"inquiries", "accounts"} {
		refs, given := other.Relationships[name]
		if _, own := o.Relationships[name]; own || !given {
			continue
		}
		if !changed {
			o.Relationships, changed = maps.Clone(o.Relationships), true
		}
		if o.Relationships == nil {
			o.Relationships = map[string][]domain.Ref{}
		}
		o.Relationships[name] = refs
	}
	return o, changed
}

// contradicts reports whether the lesser snapshot is later than the greater one, which
// Persona's state machine does not allow.
func contradicts(lesser, greater domain.Object) bool {
	return lesser.AsOf.After(greater.AsOf)
}

// order compares two snapshots of an object.
func order(a, b domain.Object) int {
	return cmp.Or(
		compareBool(final(a), final(b)),
		compareBool(decided(a), decided(b)),
		a.AsOf.Compare(b.AsOf),
		cmp.Compare(rank(a), rank(b)),
		strings.Compare(a.EventID, b.EventID),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// final reports whether an object stays redacted.
func final(o domain.Object) bool {
	f, _ := family.Find(o.Ref)
	return f.RedactedForGood && !o.RedactedAt.IsZero()
}

// decided reports whether an inquiry was decided. At Persona, a decision can be replaced by
// the opposite one but not undone (OpenAPI 2025-12-08, mark for review).
func decided(o domain.Object) bool {
	return o.Ref.Family() == "inquiry" && (o.Status == "approved" || o.Status == "declined")
}

// KnownStatus reports whether Persona documents a status for a type of object. The statuses
// of cases are defined by templates and never known.
func KnownStatus(ref domain.Ref, status string) bool {
	return ref.Family() != "case" && rank(domain.Object{Ref: ref, Status: status}) >= 0
}

// Earlier reports whether a status comes earlier in the life of an object than another. It is
// false if the order is not known, as for cases.
func Earlier(ref domain.Ref, a, b string) bool {
	f, _ := family.Find(ref)
	first, second := slices.Index(f.Statuses, a), slices.Index(f.Statuses, b)
	return 0 <= first && first < second
}

// rank orders snapshots with the same time: the status that comes later in the life of an
// object is the greater one. An unknown status ranks lowest.
func rank(o domain.Object) int {
	if o.Ref.Family() == "case" {
		if resolved(o) {
			return 1
		}
		return 0
	}
	f, _ := family.Find(o.Ref)
	return slices.Index(f.Statuses, o.Status)
}
