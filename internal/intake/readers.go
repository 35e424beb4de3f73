package intake

import (
	"container/list"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/sender"
)

const (
	// maxUnverified is the maximum memory of all requests whose signature is not verified yet,
	// in bytes. It is enough for 4,096 senders that send nothing.
	maxUnverified = 64 << 20

	// overhead is the memory of a request in addition to its body: connection buffers and
	// stack.
	overhead = 16 << 10

	// The maximum time for reading a body when no other body is being read, and when the
	// memory is full. Persona gives up after 5 s (Persona docs: Webhooks).
	maxBodyTimeout = 5 * time.Second
	minBodyTimeout = time.Second
)

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// readers limits the memory of requests whose bodies are being read; anybody may have sent
// them. New requests are always accepted. If there is no room, the request that has held
// much memory for long is closed. A genuine webhook arrives in one piece and is finished
// within milliseconds.
//
// The zero readers is ready to use.
type readers struct {
	mu     sync.Mutex
	held   int
	shares map[sender.Address]*share
}

// share is the memory that one sender holds.
type share struct {
	held    int
	reading list.List // of *reader, oldest first

	// The sum over all readers of bytes times the time they were reserved, in seconds since
	// epoch. With it, the cost of the share until now is computed without a loop.
	epoch time.Time
	taken float64
}

// reader is a request whose body is being read.
type reader struct {
	of      *readers
	from    sender.Address
	until   func(time.Time) // sets the read deadline
	began   time.Time
	held    int
	place   *list.Element // nil once the request cannot be evicted any more
	evicted bool
}

// begin admits a request, evicting others if necessary. until sets the request's read
// deadline: it is called immediately, and again if the request is evicted.
func (r *readers) begin(from sender.Address, until func(time.Time)) *reader {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.shares == nil {
		r.shares = map[sender.Address]*share{}
	}
	s := r.shares[from]
	if s == nil {
		s = &share{epoch: now}
		r.shares[from] = s
	}
	one := &reader{of: r, from: from, until: until, began: now}
	until(now.Add(bodyTimeout(r.held)))
	one.place = s.reading.PushBack(one)
	r.take(one, overhead, now)
	return one
}

// grow reserves more memory for a request.
func (one *reader) grow(bytes int) {
	one.of.mu.Lock()
	defer one.of.mu.Unlock()
	if !one.evicted {
		one.of.take(one, bytes, time.Now())
	}
}

// finish marks the body as read: its memory stays reserved, and it can no longer be evicted.
// It reports whether it was evicted before.
func (one *reader) finish() (evicted bool) {
	one.of.mu.Lock()
	defer one.of.mu.Unlock()
	if one.place != nil {
		one.of.shares[one.from].reading.Remove(one.place)
		one.place = nil
	}
	return one.evicted
}

// end releases the memory of a request.
func (one *reader) end() {
	one.of.mu.Lock()
	defer one.of.mu.Unlock()
	one.of.release(one)
}

// bodyTimeout returns the time allowed for a body when held bytes are reserved: the maximum up
// to a quarter of the memory, and decreasing from there on.
func bodyTimeout(held int) time.Duration {
	used := float64(held) / maxUnverified
	shorter := time.Duration(float64(maxBodyTimeout-minBodyTimeout) * (used - 0.25) / 0.75)
	return min(maxBodyTimeout, max(minBodyTimeout, maxBodyTimeout-shorter))
}

// take reserves bytes for a request and evicts others until all fit. One sender may hold
// half of the memory.
func (r *readers) take(one *reader, bytes int, now time.Time) {
	s := r.shares[one.from]
	one.held += bytes
	s.held += bytes
	s.taken += float64(bytes) * one.began.Sub(s.epoch).Seconds()
	r.held += bytes
	for s.held > maxUnverified/2 && r.evict(s) {
	}
	for r.held > maxUnverified && r.evict(r.costliest(now)) {
	}
}

// costliest returns the share with the greatest sum of bytes times seconds, among those
// with a request that can be evicted.
func (r *readers) costliest(now time.Time) *share {
	var worst *share
	most := -1.0
	for _, s := range r.shares {
		if cost := float64(s.held)*now.Sub(s.epoch).Seconds() - s.taken; cost > most && s.reading.Len() > 0 {
			worst, most = s, cost
		}
	}
	return worst
}

// evict closes the oldest request of a share. It returns false if there is none.
func (r *readers) evict(s *share) bool {
	if s == nil || s.reading.Len() == 0 {
		return false
	}
	one := s.reading.Front().Value.(*reader)
	s.reading.Remove(one.place)
	one.place, one.evicted = nil, true
	r.release(one)
	one.until(past)
	return true
}

// release releases the memory of a request once.
func (r *readers) release(one *reader) {
	if one.held == 0 {
		return
	}
	s := r.shares[one.from]
	if one.place != nil {
		s.reading.Remove(one.place)
		one.place = nil
	}
	r.held -= one.held
	s.held -= one.held
	s.taken -= float64(one.held) * one.began.Sub(s.epoch).Seconds()
	one.held = 0
	if s.held == 0 {
		delete(r.shares, one.from)
	}
}
