package storage

import (
	"slices"
)

// TableSnapshot is one family of a snapshot, in the form in which it is stored.
type TableSnapshot struct {
	Family           string
	Dropped          int
	Entries, Objects []string
}

// Snapshot returns what restore takes.
func (s *Tables) Snapshot() (names []string, blank string, saved []TableSnapshot) {
	for number, shelf := range s.tables {
		saved = append(saved, TableSnapshot{s.Families[number], shelf.dropped, slices.Clone(shelf.entries), slices.Clone(shelf.objects)})
	}
	return s.codec.names, s.codec.blank, saved
}

// Restore fills tables that are new with what a snapshot holds, and shows each resource
// to know. It panics when a resource cannot be decoded.
func (s *Tables) Restore(names []string, blank string, saved []TableSnapshot, know func(*Resource)) {
	s.codec = codecOf(names, blank)
	for _, family := range saved {
		s.refill(family, know)
	}
}

// refill restores one family, and the indexes over it.
func (s *Tables) refill(saved TableSnapshot, know func(*Resource)) {
	shelf, number := s.table(saved.Family)
	shelf.dropped = saved.Dropped
	shelf.entries, shelf.objects = saved.Entries, saved.Objects
	if shelf.live != nil {
		shelf.live = make([]*Resource, 0, len(saved.Entries))
		for _, packed := range saved.Entries {
			shelf.live = append(shelf.live, s.codec.decode(packed))
		}
	}
	for i, packed := range shelf.entries {
		at := uint32(shelf.dropped + i)
		s.rows[s.codec.idOf(packed)] = rowID{number, at}
		r := s.at(shelf, int(at))
		s.index(r, at)
		know(r)
	}
}
