package idem

import (
	"context"
	"sync"
)

// Seen remembers which notifications were handled. Use [Memory] for a program with one
// process, and implement it on your database otherwise. A table (id, reference, sequence)
// with an index of each is enough.
type Seen interface {
	// Lookup reports whether the notification with an id was handled. It also returns the
	// greatest sequence that was saved for a reference, or 0.
	Lookup(ctx context.Context, id, reference string) (handled bool, sequence int64, err error)

	// Save remembers a notification. The reference is empty unless the notification changes
	// the verdict on that subject. Saving one again is no error, and a lower sequence never
	// replaces a greater one.
	Save(ctx context.Context, id, reference string, sequence int64) error
}

// memoryKept is how many ids [Memory] remembers.
const memoryKept = 100_000

// Memory is a [Seen] that forgets everything when the program ends. It remembers the last
// 100,000 ids, and a number for each reference. After a restart your function can be called
// again for a notification that it handled before. The zero Memory is ready for use.
type Memory struct {
	mu        sync.Mutex
	ids       map[string]struct{}
	order     []string // a ring of the ids
	next      int
	sequences map[string]int64
}

// Lookup implements [Seen].
func (m *Memory) Lookup(_ context.Context, id, reference string) (handled bool, sequence int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, handled = m.ids[id]
	return handled, m.sequences[reference], nil
}

// Save implements [Seen].
func (m *Memory) Save(_ context.Context, id, reference string, sequence int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ids == nil {
		m.ids, m.sequences = map[string]struct{}{}, map[string]int64{}
	}
	if reference != "" {
		m.sequences[reference] = max(sequence, m.sequences[reference])
	}
	if _, handled := m.ids[id]; handled {
		return nil
	}
	m.ids[id] = struct{}{}
	if len(m.order) < memoryKept {
		m.order = append(m.order, id)
		return nil
	}
	delete(m.ids, m.order[m.next])
	m.order[m.next], m.next = id, (m.next+1)%memoryKept
	return nil
}
