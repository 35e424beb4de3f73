package intake

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/idemhq/idem/persona/webhook"
)

const (
	// remembered is how many senders a history knows; the one that was met longest ago is
	// forgotten first.
	remembered = 1 << 14

	// A sender may make us verify so many bytes in vain at once, and so many a second.
	inVainAtOnce  = 16 << 20
	inVainASecond = 4 << 20

	// goodFor is how long a signed request speaks for its sender. It may be a load
	// balancer, and whoever else is behind it must not harm Persona.
	goodFor = 24 * time.Hour
)

// history remembers which senders made us verify much that was not signed, and which sent
// something that was.
type history struct {
	mu    sync.Mutex
	known *simplelru.LRU[sender, *record]
}

type record struct {
	inVain *rate.Limiter // of bytes
	signed time.Time     // when it last sent a signed request
}

func newHistory() *history {
	known, _ := simplelru.NewLRU[sender, *record](remembered, nil) // fails for sizes below one
	return &history{known: known}
}

func (h *history) of(from sender) *record {
	r, known := h.known.Get(from)
	if !known {
		r = &record{inVain: rate.NewLimiter(inVainASecond, inVainAtOnce)}
		h.known.Add(from, r)
	}
	return r
}

// failed notes that a sender sent so many bytes that are not signed.
func (h *history) failed(from sender, bytes int, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of(from).inVain.AllowN(now, bytes)
}

// signed notes that a sender sent something that is signed.
func (h *history) signed(from sender, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of(from).signed = now
}

// suspects reports whether a sender made us verify too much in vain, and sent nothing
// that is signed lately.
func (h *history) suspects(from sender, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, known := h.known.Get(from)
	return known && now.Sub(r.signed) > goodFor && r.inVain.TokensAt(now) < webhook.MaxBody
}
