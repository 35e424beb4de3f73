package sqlstore

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// group combines calls that arrive during a commit into the next transaction. So they share
// one wait for the disk and for the lock of the environment's log.
type group[In, Out any] struct {
	commit func(ctx context.Context, all []In) []result[Out]
	size   func(In) int // objects or actions that a call saves
	limits CommitLimits

	mu      sync.Mutex
	waiting []*call[In, Out]
	running int
}

// CommitLimits bound the transactions of one kind that save at the same time.
type CommitLimits struct {
	Parallel int
	Size     int // objects or actions, from which a transaction takes no further call
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
	maxCalls = 64 // maximum number of calls in a transaction

	commitTimeout = 20 * time.Second // limit in case the database does not respond
)

// do commits a call together with others. If the context ends first, the call may still be
// committed.
func (g *group[In, Out]) do(ctx context.Context, in In) (Out, error) {
	c := &call[In, Out]{ctx, in, make(chan result[Out], 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	if g.running < g.limits.Parallel {
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

// run commits until no calls are waiting.
func (g *group[In, Out]) run() {
	for {
		g.mu.Lock()
		calls := g.next()
		if len(calls) == 0 {
			g.running--
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		all := make([]In, len(calls))
		for i, c := range calls {
			all[i] = c.in
		}
		// Finish a commit even if one of the callers has left.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(calls[0].ctx), commitTimeout)
		results := g.commitSafely(ctx, all)
		cancel()
		for i, c := range calls {
			c.done <- results[i]
		}
	}
}

// next takes the calls of the next transaction. The caller holds the lock.
func (g *group[In, Out]) next() []*call[In, Out] {
	n, size := 0, 0
	for n < min(len(g.waiting), maxCalls) {
		if size += g.size(g.waiting[n].in); n > 0 && size > g.limits.Size {
			break
		}
		n++
	}
	calls := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return calls
}

// commitSafely calls commit and turns a panic into an error of all calls, so that it does not
// end the process.
func (g *group[In, Out]) commitSafely(ctx context.Context, all []In) (results []result[Out]) {
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
