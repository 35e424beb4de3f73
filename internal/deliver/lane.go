package deliver

import (
	"context"
	"sync"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// lane is the way to one endpoint. On all nodes together one shift works on it at a time.
type lane struct {
	*Deliverer
	key  key
	stop context.CancelFunc

	mu       sync.Mutex
	settings domain.Endpoint
}

const (
	claimAgain  = time.Second      // until a lane is looked at again that another node has
	renewAfter  = 20 * time.Second // a claim is renewed
	claimLasts  = time.Minute      // without an answer of the database
	releaseTime = 5 * time.Second  // the database may have fallen silent
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

// run works shifts whenever no other node does, until the context ends.
func (l *lane) run(ctx context.Context) {
	leave := l.watch.Join()
	defer leave()
	for ctx.Err() == nil {
		claim, ok, err := l.rows.Claim(ctx, l.key.environment, domain.Ref{Type: store.EndpointClaim, ID: l.key.name})
		if ok && err == nil {
			l.work(ctx, claim)
		}
		select {
		case <-ctx.Done():
		case <-time.After(claimAgain):
		}
	}
}

// work works one shift, and gives the claim back.
func (l *lane) work(ctx context.Context, claim store.Claim) {
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
		defer cancel()
		_, _ = l.rows.Release(last, claim) // it expires otherwise
	}()
	e, err := l.rows.Endpoint(ctx, l.key.environment, l.key.name)
	if err != nil || e.Disabled != "" {
		return
	}
	newShift(l, claim, e).run(ctx)
}
