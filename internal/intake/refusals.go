package intake

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/idemhq/idem/internal/domain"
)

const (
	tellEvery    = 10 * time.Second // one line in so long for a sender and a reason
	linesASecond = 10               // for all of them
	linesAtOnce  = 50
	tallies      = 1 << 12 // senders and reasons that are counted
)

// refusals logs why requests were refused, without letting whoever sends them fill the
// log.
type refusals struct {
	mu      sync.Mutex
	tallies *simplelru.LRU[refusal, *tally]
	lines   *rate.Limiter
}

// refusal is what one line stands for.
type refusal struct {
	environment domain.Environment
	from        sender
	outcome     string
}

type tally struct {
	told   time.Time
	untold int // refused since
}

func newRefusals() *refusals {
	known, _ := simplelru.NewLRU[refusal, *tally](tallies, nil) // fails for sizes below one
	return &refusals{tallies: known, lines: rate.NewLimiter(linesASecond, linesAtOnce)}
}

// log writes a line about a refusal, or counts it for the next one.
func (r *refusals) log(ctx context.Context, logger *slog.Logger, what refusal, status int, err error, now time.Time) {
	untold, tell := r.note(what, now)
	if tell {
		logger.WarnContext(ctx, "webhook refused", "environment", what.environment, "status", status, "reason", what.outcome, "address", what.from, "not_logged_before", untold, "error", err)
	}
}

// note counts a refusal. It reports whether to log it, and how many of its like were not
// logged since the last line.
func (r *refusals) note(what refusal, now time.Time) (untold int, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, known := r.tallies.Get(what)
	if !known {
		t = &tally{}
		r.tallies.Add(what, t)
	}
	if now.Sub(t.told) < tellEvery || !r.lines.AllowN(now, 1) {
		t.untold++
		return 0, false
	}
	untold, t.told, t.untold = t.untold, now, 0
	return untold, true
}
