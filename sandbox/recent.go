package sandbox

// recent holds the latest of something, oldest first.
type recent[T any] struct {
	keep    int
	entries []T
}

// add puts an entry in. When there are too many, the oldest is forgotten if it is over.
func (r *recent[T]) add(entry T, over func(T) bool) {
	r.entries = append(r.entries, entry)
	for len(r.entries) > r.keep && over(r.entries[0]) {
		var none T
		r.entries[0] = none
		r.entries = r.entries[1:]
	}
}
