package storage

import (
	"slices"
)

// TableSnapshot is one table in a snapshot.
type TableSnapshot struct {
	Family           string
	Dropped          int
	Entries, Objects []string
}

// Snapshot returns the arguments of [Tables.Restore].
func (s *Tables) Snapshot() (names, blanks, lists []string, saved []TableSnapshot) {
	for number, table := range s.tables {
		saved = append(saved, TableSnapshot{s.families[number], table.dropped, slices.Clone(table.entries), slices.Clone(table.objects)})
	}
	return s.codec.names, s.codec.blanks, s.codec.lists, saved
}

// Restore fills new tables with a snapshot, and passes each resource to visit. It panics if a
// resource cannot be decoded.
func (s *Tables) Restore(names, blanks, lists []string, saved []TableSnapshot, visit func(*Resource)) {
	s.codec = codecOf(names, blanks, lists)
	for _, family := range saved {
		s.refill(family, visit)
	}
}

// refill restores one table and its indexes.
func (s *Tables) refill(saved TableSnapshot, visit func(*Resource)) {
	table, number := s.table(saved.Family)
	table.dropped = saved.Dropped
	table.entries, table.objects = saved.Entries, saved.Objects
	if table.live != nil {
		table.live = make([]*Resource, 0, len(saved.Entries))
		for _, encoded := range saved.Entries {
			table.live = append(table.live, s.codec.decode(encoded))
		}
	}
	for i, encoded := range table.entries {
		at := uint32(table.dropped + i)
		s.rows[s.codec.idOf(encoded)] = rowID{number, at}
		r := s.at(table, int(at))
		s.index(r, at)
		visit(r)
	}
}
