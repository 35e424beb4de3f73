// Package follow reads new events from Persona's list and skips none.
//
// The list goes from the newest event to the oldest and has no filter by time. An event
// may become visible later than a newer one (see internal/reconcile). So each call reads
// the newest page, and from time to time a call reads the last minutes again.
package follow

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

const (
	// overlap is how far behind the newest event it looks for late events.
	overlap = 15 * time.Minute

	// deepEvery is how often it looks back that far.
	deepEvery = 30 * time.Second

	// ahead is how far in the future an event may be dated to still move the mark.
	ahead = 5 * time.Minute

	// pageSize is the largest there is (Persona docs: Pagination).
	pageSize = 100
)

// Lister reads Persona's list of events: see [reconcile.Persona].
type Lister interface {
	Page(ctx context.Context, cursor string, size int) (events []domain.Event, next string, err error)
}

// Position is how far the list has been followed. It holds no personal data.
type Position struct {
	Start time.Time       `json:"start"` // events from before are not followed
	Mark  time.Time       `json:"mark"`  // when the newest event seen happened
	Seen  map[string]bool `json:"seen"`  // ids of what was seen after the mark less the overlap
}

// Follower follows a list. It is not for concurrent use.
type Follower struct {
	lister   Lister
	now      func() time.Time
	position Position
	deep     time.Time // when it last looked back
}

// New returns a follower that continues from a position.
func New(lister Lister, from Position, now func() time.Time) *Follower {
	from.Seen = maps.Clone(from.Seen)
	return &Follower{lister: lister, now: now, position: from}
}

// Position returns how far the follower has come.
func (f *Follower) Position() Position {
	p := f.position
	p.Seen = maps.Clone(p.Seen)
	return p
}

// Next returns the events that are new since the last call, oldest first. After an error
// the position is unchanged.
func (f *Follower) Next(ctx context.Context) ([]domain.Event, error) {
	now := f.now()
	deep := now.Sub(f.deep) >= deepEvery
	fresh, seen, err := f.read(ctx, deep)
	if err != nil {
		return nil, err
	}
	if deep {
		f.deep, f.position.Seen = now, map[string]bool{} // older events are not read again
	}
	for _, id := range seen {
		f.position.Seen[id] = true
	}
	for _, e := range fresh {
		if e.CreatedAt.After(f.position.Mark) && e.CreatedAt.Before(now.Add(ahead)) {
			f.position.Mark = e.CreatedAt
		}
	}
	slices.SortStableFunc(fresh, func(a, b domain.Event) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return fresh, nil
}

// read pages back until a whole page is older than the overlap. If deep is false, it also
// stops at a page without new events.
func (f *Follower) read(ctx context.Context, deep bool) (fresh []domain.Event, seen []string, err error) {
	behind := f.position.Mark.Add(-overlap)
	if behind.Before(f.position.Start) {
		behind = f.position.Start
	}
	met := map[string]bool{} // an event that is met twice is one
	for cursor := ""; ; {
		page, next, err := f.page(ctx, cursor)
		if err != nil {
			return nil, nil, err
		}
		allLate, allKnown := true, true
		for _, e := range page {
			known := f.position.Seen[e.ID] || met[e.ID]
			late := e.CreatedAt.Before(behind) && !e.CreatedAt.IsZero()
			if !known && !late {
				met[e.ID] = true
				fresh = append(fresh, e)
			}
			seen = append(seen, e.ID)
			allLate, allKnown = allLate && late, allKnown && (known || late)
		}
		if next == "" || allLate || allKnown && !deep {
			return fresh, seen, nil
		}
		cursor = next
	}
}

// page reads a page. If the answer is too large, it requests a smaller page.
func (f *Follower) page(ctx context.Context, cursor string) (events []domain.Event, next string, err error) {
	for size := pageSize; ; size /= 2 {
		events, next, err = f.lister.Page(ctx, cursor, size)
		if size == 1 || !errors.Is(err, persona.ErrTooLarge) {
			return events, next, err
		}
	}
}
