package intake

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/sender"
)

const (
	logEvery       = 10 * time.Second // one line per sender and reason in this time
	linesPerSecond = 10               // for all senders together
	linesAtOnce    = 50
	maxTallies     = 1 << 12 // number of senders and reasons that are counted
)

// rejections logs why requests were rejected, but prevents senders from filling the log.
type rejections struct {
	mu      sync.Mutex
	tallies *simplelru.LRU[rejection, *tally]
	lines   *rate.Limiter
}

// rejection is what log lines are limited by.
type rejection struct {
	environment domain.Environment
	from        sender.Address
	outcome     string
}

type tally struct {
	told     time.Time
	unlogged int // rejected since the last line
}

func newRejections() *rejections {
	known, _ := simplelru.NewLRU[rejection, *tally](maxTallies, nil) // fails only for sizes below one
	return &rejections{tallies: known, lines: rate.NewLimiter(linesPerSecond, linesAtOnce)}
}

// log writes a line about a rejection, or counts it for the next line.
func (r *rejections) log(ctx context.Context, logger *slog.Logger, what rejection, status int, err error, now time.Time) {
	unlogged, shouldLog := r.note(what, now)
	if shouldLog {
		logger.WarnContext(ctx, "webhook rejected", "environment", what.environment, "status", status, "reason", what.outcome, "address", what.from, "not_logged_before", unlogged, "error", err)
	}
}

// note counts a rejection. It reports whether to log it, and how many similar ones were not
// logged since the last line.
func (r *rejections) note(what rejection, now time.Time) (unlogged int, shouldLog bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, known := r.tallies.Get(what)
	if !known {
		t = &tally{}
		r.tallies.Add(what, t)
	}
	if now.Sub(t.told) < logEvery || !r.lines.AllowN(now, 1) {
		t.unlogged++
		return 0, false
	}
	unlogged, t.told, t.unlogged = t.unlogged, now, 0
	return unlogged, true
}
