package storage

import "slices"

// Recent holds the latest entries of a log, oldest first.
type Recent[T any] struct {
	Keep    int // how many entries to keep
	Entries []T
}

// Add appends an entry. If there are too many, it removes the oldest ones, as long as
// removable allows it.
func (r *Recent[T]) Add(entry T, removable func(T) bool) {
	r.Entries = append(r.Entries, entry)
	for len(r.Entries) > r.Keep && removable(r.Entries[0]) {
		var none T
		r.Entries[0] = none
		r.Entries = r.Entries[1:]
	}
}

// Latest returns the entries for which keep returns true, newest first: at most limit of
// them, without the first skip. It reports whether there are more.
func (r *Recent[T]) Latest(skip, limit int, keep func(T) bool) (found []T, more bool) {
	for _, entry := range slices.Backward(r.Entries) {
		if !keep(entry) {
			continue
		}
		if skip--; skip >= 0 {
			continue
		}
		if len(found) == limit {
			return found, true
		}
		found = append(found, entry)
	}
	return found, false
}
