package storage

// Recent holds the latest of something, oldest first.
type Recent[T any] struct {
	Keep    int
	Entries []T
}

// Add puts an entry in. When there are too many, the oldest is forgotten if it is over.
func (r *Recent[T]) Add(entry T, over func(T) bool) {
	r.Entries = append(r.Entries, entry)
	for len(r.Entries) > r.Keep && over(r.Entries[0]) {
		var none T
		r.Entries[0] = none
		r.Entries = r.Entries[1:]
	}
}
