package fold

import (
	"cmp"
	"slices"
	"strings"

	"github.com/idemhq/idem/internal/domain"
)

// setsStatus reports whether an event is about a case that gets its status. Its payload then
// shows what the case was about at that moment.
func setsStatus(event string) bool {
	switch event {
	case "case.created", "case.status-updated", "case.resolved", "case.reopened":
		return true
	default:
		return false
	}
}

// coverage returns what a case was about when it got its status, or zero if the event does
// not show it.
func coverage(s Snapshot) domain.Coverage {
	inquiries, shown := s.Object.Relationships["inquiries"]
	if s.Object.Ref.Family() != "case" || !setsStatus(s.Name) || !shown {
		return domain.Coverage{}
	}
	about := slices.Concat(inquiries, s.Object.Relationships["accounts"])
	return domain.Coverage{Status: s.Object.Status, Resolved: resolved(s.Object), At: s.At, EventID: s.EventID, About: about}
}

// newerCoverage reports whether a counts instead of b. The order is that of the states of a
// case, so a case and its coverage have the same status unless an event is missing.
func newerCoverage(a, b domain.Coverage) bool {
	return cmp.Or(a.At.Compare(b.At), compareBool(a.Resolved, b.Resolved), strings.Compare(a.EventID, b.EventID)) > 0
}

func resolved(c domain.Object) bool { return !moment(c.Attributes["resolved-at"]).IsZero() }

// Completed returns a snapshot whose payload lacks data, with the object as it was read later.
// The snapshot keeps the time of its event. What the read case is about is what it was about
// at the time of the event only if it has not changed since.
func (s Snapshot) Completed(read domain.Object) Snapshot {
	known, reference := s.Object.Coverage, s.Object.ReferenceID
	s.Object = s.withEventTime(read)
	if reference != "" { // the object may have been redacted since
		s.Object.LastReferenceID, s.Object.LastReferenceAt = reference, s.At
	}
	unchanged := !read.AsOf.IsZero() && !read.AsOf.After(s.At) && !s.Future
	if s.Object.Coverage = known; known.Status == "" && unchanged {
		s.Object.Coverage = coverage(s)
	}
	return s
}

// covers reports whether an object was in a case when the case got its status.
func covers(c domain.Object, ref domain.Ref) bool {
	return c.Coverage.Status == c.Status && slices.Contains(c.Coverage.About, ref)
}
