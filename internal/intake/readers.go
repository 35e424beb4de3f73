package intake

import (
	"container/list"
	"sync"
	"time"
)

const (
	// unverified bounds the memory of all requests whose signature is not verified yet, in
	// bytes. It is room for 4,096 senders that send nothing.
	unverified = 64 << 20

	// overhead is what a request costs beside its body: buffers of its connection, stack.
	overhead = 16 << 10

	// A body may take so long to come when nobody else sends, and so long when the memory
	// is full. Persona gives up after 5 s (Persona docs: Webhooks).
	mostPatience  = 5 * time.Second
	leastPatience = time.Second
)

// past, as a deadline, has passed.
var past = time.Unix(1, 0)

// readers shares memory among the requests whose body is being read, and which anybody
// may have sent. Nobody new is turned away: where there is no room, who holds much of it
// for long makes way. A genuine webhook comes in one piece and is gone in milliseconds.
//
// The zero readers is ready to use.
type readers struct {
	mu     sync.Mutex
	held   int
	shares map[sender]*share
}

// share is what one sender holds.
type share struct {
	held    int
	reading list.List // of *reader, the oldest first

	// The sum of each reader's bytes times the moment it took them, in seconds since
	// epoch: with it, what the share has cost until now takes no loop.
	epoch time.Time
	taken float64
}

// reader is one request whose body is being read.
type reader struct {
	of      *readers
	from    sender
	until   func(time.Time) // sets when reading fails
	began   time.Time
	held    int
	place   *list.Element // nil once it cannot be made to stop any more
	evicted bool
}

// begin makes room for a request. until must make reading its body fail at a moment: it
// is called at once, and again when the request has to make way.
func (r *readers) begin(from sender, until func(time.Time)) *reader {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.shares == nil {
		r.shares = map[sender]*share{}
	}
	s := r.shares[from]
	if s == nil {
		s = &share{epoch: now}
		r.shares[from] = s
	}
	one := &reader{of: r, from: from, until: until, began: now}
	until(now.Add(patience(r.held)))
	one.place = s.reading.PushBack(one)
	r.take(one, overhead, now)
	return one
}

// grow takes more memory for a request.
func (one *reader) grow(bytes int) {
	one.of.mu.Lock()
	defer one.of.mu.Unlock()
	if !one.evicted {
		one.of.take(one, bytes, time.Now())
	}
}

// whole says that the body is read: what it holds stays taken, and it need not make way
// any more. It reports whether it had to.
func (one *reader) whole() (evicted bool) {
	one.of.mu.Lock()
	defer one.of.mu.Unlock()
	if one.place != nil {
		one.of.shares[one.from].reading.Remove(one.place)
		one.place = nil
	}
	return one.evicted
}

// end gives back what a request holds.
func (one *reader) end() {
	one.of.mu.Lock()
	defer one.of.mu.Unlock()
	one.of.release(one)
}

// patience is how long a body may take to come when so many bytes are held: all the time
// there is until a quarter is, and less and less from there on.
func patience(held int) time.Duration {
	used := float64(held) / unverified
	shorter := time.Duration(float64(mostPatience-leastPatience) * (used - 0.25) / 0.75)
	return min(mostPatience, max(leastPatience, mostPatience-shorter))
}

// take charges a request with bytes, and evicts until all fit. One sender may hold half
// of what there is.
func (r *readers) take(one *reader, bytes int, now time.Time) {
	s := r.shares[one.from]
	one.held += bytes
	s.held += bytes
	s.taken += float64(bytes) * one.began.Sub(s.epoch).Seconds()
	r.held += bytes
	for s.held > unverified/2 && r.evict(s) {
	}
	for r.held > unverified && r.evict(r.costliest(now)) {
	}
}

// costliest is the share that has held the most for the longest: the one of the most
// bytes times seconds, of those that have somebody to evict.
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

// evict makes the oldest request of a share make way. It reports false where there is
// none.
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

// release gives back what a request holds, once.
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
