package sqlite

import (
	"context"
	"sync"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlstore"
)

// claims are kept in memory, since only one process uses a database.
type claims struct {
	mu    sync.Mutex
	taken map[claimKey]*claimed
}

type claimKey struct {
	environment domain.Environment
	target      domain.Ref
}

type claimed struct {
	token string
	again bool
}

// Claim implements [store.Store].
func (c *claims) Claim(_ context.Context, env domain.Environment, target domain.Ref) (store.Claim, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := claimKey{env, target}
	if holder, taken := c.taken[key]; taken {
		holder.again = true
		return store.Claim{}, false, nil
	}
	if c.taken == nil {
		c.taken = map[claimKey]*claimed{}
	}
	token := domain.NewID("clm")
	c.taken[key] = &claimed{token: token}
	return store.Claim{Environment: env, Target: target, Token: token}, true, nil
}

// Claimed implements [store.Store].
func (c *claims) Claimed(_ context.Context, env domain.Environment, targets []domain.Ref) ([]domain.Ref, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var taken []domain.Ref
	for _, target := range targets {
		if holder, is := c.taken[claimKey{env, target}]; is {
			holder.again = true
			taken = append(taken, target)
		}
	}
	return taken, nil
}

// Release implements [store.Store].
func (c *claims) Release(_ context.Context, claim store.Claim) (again bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := claimKey{claim.Environment, claim.Target}
	if holder, taken := c.taken[key]; taken && holder.token == claim.Token {
		delete(c.taken, key)
		return holder.again, nil
	}
	return false, nil
}

// Renew implements [store.Store].
func (c *claims) Renew(_ context.Context, claim store.Claim) (held bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	holder, taken := c.taken[claimKey{claim.Environment, claim.Target}]
	return taken && holder.token == claim.Token, nil
}

// Abandon implements [store.Store].
func (db *DB) Abandon(ctx context.Context, claim store.Claim) error {
	again, err := db.Release(ctx, claim)
	if err != nil || !again {
		return err
	}
	job := store.Job{Kind: store.JobRead, Environment: claim.Environment, Object: claim.Target}
	return db.Tx(ctx, func(tx sqlstore.Tx) error { return db.Enqueue(ctx, tx, []store.Job{job}) })
}
