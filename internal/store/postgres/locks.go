package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/idemhq/idem/internal/store/namelock"
)

// locks are names that one process at a time has. Within the process they are kept in
// memory; among processes by PostgreSQL's advisory locks, all on one connection, since
// every name that somebody waits for would need one. So nobody waits there: a name that
// another process has is asked for again.
//
// When the connection breaks, the locks are gone before their holders know. What they
// guard is guarded again: objects by their versions, actions by their idempotency keys.
type locks struct {
	pool *pgxpool.Pool
	mine namelock.Names

	mu   sync.Mutex
	conn *pgxpool.Conn // nil before the first lock
}

const (
	firstPause   = 2 * time.Millisecond
	longestPause = 50 * time.Millisecond

	// patience is how long an answer about a lock may take. Everybody else waits for the
	// connection meanwhile: one that fell silent is given up, and its locks with it.
	patience = 5 * time.Second
)

// Lock implements [store.Store].
func (db *DB) Lock(ctx context.Context, name string) (unlock func(), err error) {
	free, err := db.locks.mine.Lock(ctx, name)
	if err != nil {
		return nil, err
	}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		var got bool
		if err := db.locks.ask(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 1))", name, &got); err != nil {
			free()
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
		if got {
			return func() {
				defer free()
				var held bool
				// Where it cannot be given back, the connection is closed, and the lock with it.
				_ = db.locks.ask(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(hashtextextended($1, 1))", name, &held)
			}, nil
		}
		select {
		case <-ctx.Done():
			free()
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// ask runs a query about a lock on the connection that holds the locks.
func (l *locks) ask(ctx context.Context, query, name string, answer *bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if l.conn == nil {
		conn, err := l.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		l.conn = conn
	}
	err := l.conn.QueryRow(ctx, query, name).Scan(answer)
	if err != nil {
		l.drop()
	}
	return err
}

// drop closes the connection, which gives all locks back.
func (l *locks) drop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = l.conn.Conn().Close(ctx) // it is broken, or no longer wanted
	l.conn.Release()
	l.conn = nil
}

func (l *locks) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.drop()
	}
}
