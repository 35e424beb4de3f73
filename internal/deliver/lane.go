package deliver

import (
	"context"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// lane delivers to one endpoint. One node at a time works on it, for a shift.
type lane struct {
	*Deliverer
	key  key
	stop context.CancelFunc

	mu       sync.Mutex
	settings domain.Endpoint
}

const (
	claimAgain  = time.Second      // between two attempts to claim a lane
	renewAfter  = 20 * time.Second // renews a claim that is older
	claimLasts  = time.Minute      // a claim, while the database does not answer
	releaseTime = 5 * time.Second  // the database may not answer
)

func (l *lane) set(e domain.Endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settings = e
}

func (l *lane) endpoint() domain.Endpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settings
}

// run works a shift whenever it gets the claim, until the context ends.
func (l *lane) run(ctx context.Context) {
	leave := l.watch.Join()
	defer leave()
	for ctx.Err() == nil {
		claim, ok, err := l.rows.Claim(ctx, l.key.environment, domain.Ref{Type: store.EndpointClaim, ID: l.key.name})
		if ok && err == nil {
			l.work(ctx, claim)
		}
		sleep(ctx, claimAgain)
	}
}

// work works one shift and releases the claim.
func (l *lane) work(ctx context.Context, claim store.Claim) {
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
		defer cancel()
		_, _ = l.rows.Release(last, claim) // otherwise it expires
	}()
	e, err := l.rows.Endpoint(ctx, l.key.environment, l.key.name)
	if err != nil || e.Disabled != "" {
		return
	}
	newShift(l, claim, e).run(ctx)
}
