package sqlstore

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// group lets calls that come while others commit share the next transaction: a commit
// waits for the disk, and for the log of the environment, once for all of them.
type group[In, Out any] struct {
	commit func(ctx context.Context, all []In) []result[Out]

	mu      sync.Mutex
	waiting []*call[In, Out]
	running int
}

type result[Out any] struct {
	out Out
	err error
}

type call[In, Out any] struct {
	ctx  context.Context
	in   In
	done chan result[Out]
}

const (
	committers = 2  // one transaction is prepared while another one waits for the disk
	maxCalls   = 64 // calls in a transaction, at the most

	commitTime = 20 * time.Second // a database that fell silent holds nobody up for longer
)

// do commits with the others. When the context ends it returns, and what was given may be
// committed all the same.
func (g *group[In, Out]) do(ctx context.Context, in In) (Out, error) {
	c := &call[In, Out]{ctx, in, make(chan result[Out], 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	if g.running < committers {
		g.running++
		go g.run()
	}
	g.mu.Unlock()
	select {
	case r := <-c.done:
		return r.out, r.err
	case <-ctx.Done():
		var none Out
		return none, ctx.Err()
	}
}

// run commits until nobody waits.
func (g *group[In, Out]) run() {
	for {
		g.mu.Lock()
		n := min(len(g.waiting), maxCalls)
		calls := g.waiting[:n:n]
		if g.waiting = g.waiting[n:]; n == 0 {
			g.running--
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		all := make([]In, n)
		for i, c := range calls {
			all[i] = c.in
		}
		// A commit that has begun is finished, also when one of the callers has left.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(calls[0].ctx), commitTime)
		results := g.committed(ctx, all)
		cancel()
		for i, c := range calls {
			c.done <- results[i]
		}
	}
}

// committed is commit, in which a panic is an error of all calls: it must not end the
// process.
func (g *group[In, Out]) committed(ctx context.Context, all []In) (results []result[Out]) {
	defer func() {
		if reason := recover(); reason != nil {
			results = make([]result[Out], len(all))
			for i := range results {
				results[i].err = fmt.Errorf("commit: panic: %v\n%s", reason, debug.Stack())
			}
		}
	}()
	return g.commit(ctx, all)
}
