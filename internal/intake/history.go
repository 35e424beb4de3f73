package intake

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/idemhq/idem/internal/sender"
	"github.com/idemhq/idem/persona/webhook"
)

const (
	// number of senders that are remembered; the least recently seen one is dropped first
	maxSenders = 1 << 14

	// A sender may send this many bytes without a valid signature at once and per second.
	unsignedBurst     = 16 << 20
	unsignedPerSecond = 4 << 20

	// clearedFor is how long a signed request clears its sender. The sender may be a load
	// balancer, and others behind it must not be able to block Persona.
	clearedFor = 24 * time.Hour
)

// history remembers which senders sent much without a valid signature, and which sent a
// signed request.
type history struct {
	mu    sync.Mutex
	known *simplelru.LRU[sender.Address, *record]
}

type record struct {
	unsigned *rate.Limiter // limits bytes without a valid signature
	signed   time.Time     // time of its last signed request
}

func newHistory() *history {
	known, _ := simplelru.NewLRU[sender.Address, *record](maxSenders, nil) // fails only for sizes below one
	return &history{known: known}
}

func (h *history) of(from sender.Address) *record {
	r, known := h.known.Get(from)
	if !known {
		r = &record{unsigned: rate.NewLimiter(unsignedPerSecond, unsignedBurst)}
		h.known.Add(from, r)
	}
	return r
}

// failed records bytes without a valid signature from a sender.
func (h *history) failed(from sender.Address, bytes int, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of(from).unsigned.AllowN(now, bytes)
}

// signed records a signed request from a sender.
func (h *history) signed(from sender.Address, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of(from).signed = now
}

// suspects reports whether a sender sent too much without a valid signature and has sent no
// signed request lately.
func (h *history) suspects(from sender.Address, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, known := h.known.Get(from)
	return known && now.Sub(r.signed) > clearedFor && r.unsigned.TokensAt(now) < webhook.MaxBody
}
