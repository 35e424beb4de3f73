package fold

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/family"
)

// Result is what folding came to.
type Result struct {
	Object      domain.Object
	Changed     bool
	Transitions []domain.Transition // in order
	Stale       []string            // ids of events that changed nothing

	// Reread means that the events contradict what Persona promises, such as an
	// undecided status after a decision: read the object to learn the truth.
	Reread bool
}

// Fold brings an object forward by snapshots of it, in any order. A zero current is
// an object that is not known yet.
//
// The state is the greatest of all snapshots by: redacted before not redacted (for
// objects that never leave that state), decided before undecided (for inquiries,
// which never leave it either), the later event, the further status where two have
// one moment, the event's id.
func Fold(current domain.Object, snapshots []Snapshot) Result {
	r := Result{Object: current}
	slices.SortFunc(snapshots, func(a, b Snapshot) int { return order(a.Object, b.Object) })
	for _, s := range snapshots {
		known := !r.Object.Ref.IsZero()
		if firstWord(r.Object, s.Object) {
			r.Transitions = append(r.Transitions, transition(domain.Object{}, s))
			r.Object.EventID, r.Changed = s.EventID, true
			continue
		}
		if known && order(s.Object, r.Object) <= 0 {
			r.Stale = append(r.Stale, s.EventID)
			r.Reread = r.Reread || contradicts(s.Object, r.Object)
			continue
		}
		r.Reread = r.Reread || known && contradicts(r.Object, s.Object)
		switch {
		case s.Object.Status != r.Object.Status || !known:
			r.Transitions = append(r.Transitions, transition(r.Object, s))
		case r.Object.EventID == "": // it was read before any of its events came
			r.Transitions = append(r.Transitions, transition(domain.Object{}, s))
		}
		version, last, at := r.Object.Version, r.Object.LastReferenceID, r.Object.LastReferenceAt
		r.Object = s.Object
		r.Object.Version, r.Object.LastReferenceID, r.Object.LastReferenceAt = version, last, at
		r.Changed = true
	}
	if settled := WithReference(r.Object, snapshots...); settled.LastReferenceID != r.Object.LastReferenceID || !settled.LastReferenceAt.Equal(r.Object.LastReferenceAt) || settled.ReferenceID != r.Object.ReferenceID {
		r.Object, r.Changed = settled, true
	}
	return r
}

func transition(from domain.Object, s Snapshot) domain.Transition {
	return domain.Transition{Object: s.Object.Ref, From: from.Status, To: s.Object.Status, At: s.At, EventID: s.EventID, Event: s.Name}
}

// firstWord reports whether a snapshot is the event of a status that was read before any
// event of the object came. Nothing was decided on the status yet.
func firstWord(known, s domain.Object) bool {
	return !known.Ref.IsZero() && known.EventID == "" && known.Status == s.Status && order(s, known) <= 0
}

// WithReference returns an object with the reference id that follows from its own
// attribute and from those that snapshots of it carried. Its own counts, also where it is
// null. Where it was withheld, or taken away by a redaction, the newest that any snapshot
// carried does: a redacted subject must still be told to the host.
func WithReference(o domain.Object, snapshots ...Snapshot) domain.Object {
	for _, s := range snapshots {
		o = carried(o, text(s.Object.Attributes["reference-id"]), s.Object.AsOf)
		o = carried(o, s.Object.LastReferenceID, s.Object.LastReferenceAt)
	}
	raw, known := o.Attributes["reference-id"]
	o.ReferenceID = text(raw)
	if o.ReferenceID == "" && (!known || !o.RedactedAt.IsZero()) {
		o.ReferenceID = o.LastReferenceID
	}
	return o
}

// carried returns an object that is known to have carried a reference id at a moment.
func carried(o domain.Object, reference string, at time.Time) domain.Object {
	if reference != "" && (at.After(o.LastReferenceAt) || at.Equal(o.LastReferenceAt) && reference > o.LastReferenceID) {
		o.LastReferenceID, o.LastReferenceAt = reference, at
	}
	return o
}

// contradicts reports whether the lesser snapshot is later than the greater one,
// though no object goes that way.
func contradicts(lesser, greater domain.Object) bool {
	return lesser.AsOf.After(greater.AsOf)
}

// order compares two snapshots of one object.
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

// final reports whether an object is redacted for good.
func final(o domain.Object) bool {
	f, _ := family.Find(o.Ref)
	return f.RedactedForGood && !o.RedactedAt.IsZero()
}

// decided reports whether an inquiry was decided. Persona lets a decision be
// replaced by the other one, but not taken back (OpenAPI 2025-12-08, mark for
// review).
func decided(o domain.Object) bool {
	return o.Ref.Family() == "inquiry" && (o.Status == "approved" || o.Status == "declined")
}

// KnownStatus reports whether Persona documents a status for the type of an object.
// Those of cases are defined by their templates and never known here.
func KnownStatus(ref domain.Ref, status string) bool {
	return ref.Family() != "case" && rank(domain.Object{Ref: ref, Status: status}) >= 0
}

// rank settles snapshots of one moment: the status that is further along is the
// later one. An unknown status ranks below all that are known.
func rank(o domain.Object) int {
	if o.Ref.Family() == "case" {
		if !moment(o.Attributes["resolved-at"]).IsZero() {
			return 1
		}
		return 0
	}
	f, _ := family.Find(o.Ref)
	return slices.Index(f.Statuses, o.Status)
}
