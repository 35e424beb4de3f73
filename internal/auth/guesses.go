package auth

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/idemhq/idem/internal/sender"
)

const (
	// A sender may give this many wrong tokens at once and per second.
	wrongAtOnce    = 20
	wrongPerSecond = 1

	// maxSenders is the number of senders that are remembered; the least recently seen one
	// is dropped first.
	maxSenders = 1 << 14
)

// guesses counts the wrong tokens of senders.
type guesses struct {
	mu    sync.Mutex
	known *simplelru.LRU[sender.Address, *rate.Limiter]
}

func newGuesses() *guesses {
	known, _ := simplelru.NewLRU[sender.Address, *rate.Limiter](maxSenders, nil) // fails only for sizes below one
	return &guesses{known: known}
}

// add counts a wrong token.
func (g *guesses) add(from sender.Address, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	limiter, known := g.known.Get(from)
	if !known {
		limiter = rate.NewLimiter(wrongPerSecond, wrongAtOnce)
		g.known.Add(from, limiter)
	}
	limiter.AllowN(now, 1)
}

// wait returns how long a sender must wait until its next guess is compared, or 0.
func (g *guesses) wait(from sender.Address, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	limiter, known := g.known.Get(from)
	if !known {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / wrongPerSecond * float64(time.Second))
}
