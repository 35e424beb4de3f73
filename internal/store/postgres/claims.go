package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// A claim ends with its node, and at the latest after claimTTL, which is longer than a job
// may take. All times are the database's, since the clocks of nodes differ.
const claimTTL = 2 * time.Minute

// isLive is the condition that the claim c is valid. A node that was seen in the future is
// gone: the database's clock was ahead then. $3 are the tokens of claims that this node has
// released but that are still in the table, because the database did not respond.
const isLive = `c.claimed_at > now() - $1::interval
	AND EXISTS (SELECT FROM nodes n WHERE n.id = c.node AND n.seen_at > now() - $2::interval AND n.seen_at < now() + $2::interval)
	AND c.token <> ALL ($3::text[])`

// tokens are the tokens of released claims that may still be in the table.
type tokens struct {
	mu   sync.Mutex
	over map[string]bool
}

func (t *tokens) add(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over == nil {
		t.over = map[string]bool{}
	}
	t.over[token] = true
}

func (t *tokens) remove(tokens ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, token := range tokens {
		delete(t.over, token)
	}
}

func (t *tokens) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.AppendSeq([]string{}, maps.Keys(t.over))
}

// Claim implements [store.Store].
func (db *DB) Claim(ctx context.Context, env domain.Environment, target domain.Ref) (store.Claim, bool, error) {
	claim := store.Claim{Environment: env, Target: target, Token: domain.NewID("clm")}
	ok, err := db.claim(ctx, claim)
	if err != nil {
		db.tokens.add(claim.Token) // it may have been inserted despite the error
	}
	return claim, ok, err
}

func (db *DB) claim(ctx context.Context, claim store.Claim) (ok bool, err error) {
	env, target := claim.Environment, claim.Target
	for {
		made, err := db.pool.Exec(ctx, `INSERT INTO claims AS c (node, environment, type, id, token, again, claimed_at) VALUES ($4, $5, $6, $7, $8, false, now())
			ON CONFLICT (environment, type, id) DO UPDATE SET token = excluded.token, node = excluded.node, again = false, claimed_at = excluded.claimed_at
			WHERE NOT (`+isLive+`)`, claimTTL, nodeTTL, db.tokens.all(), db.node, env, target.Type, target.ID, claim.Token)
		if err != nil {
			return false, fmt.Errorf("claim %s: %w", target, err)
		}
		if made.RowsAffected() == 1 {
			return true, nil
		}
		wanted, err := db.pool.Exec(ctx, "UPDATE claims SET again = true WHERE environment = $1 AND type = $2 AND id = $3", env, target.Type, target.ID)
		if err != nil {
			return false, fmt.Errorf("claim %s: %w", target, err)
		}
		if wanted.RowsAffected() == 1 { // otherwise it was released in the meantime
			return false, nil
		}
	}
}

// Claimed implements [store.Store].
func (db *DB) Claimed(ctx context.Context, env domain.Environment, targets []domain.Ref) ([]domain.Ref, error) {
	types, ids := split(targets)
	found, err := db.pool.Query(ctx, `UPDATE claims c SET again = true FROM (SELECT * FROM unnest($5::text[], $6::text[]) AS w (type, id) ORDER BY 1, 2) AS w
		WHERE c.environment = $4 AND c.type = w.type AND c.id = w.id AND `+isLive+` RETURNING c.type, c.id`, claimTTL, nodeTTL, db.tokens.all(), env, types, ids)
	if err != nil {
		return nil, fmt.Errorf("look for claims: %w", err)
	}
	taken, err := pgx.CollectRows(found, pgx.RowToStructByPos[domain.Ref])
	if err != nil {
		return nil, fmt.Errorf("look for claims: %w", err)
	}
	return taken, nil
}

// Release implements [store.Store]. A claim that no longer exists may have been wanted: a
// crash of the server empties the table, including who wanted a claim.
func (db *DB) Release(ctx context.Context, claim store.Claim) (again bool, err error) {
	db.tokens.add(claim.Token)
	err = db.pool.QueryRow(ctx, "DELETE FROM claims WHERE environment = $1 AND type = $2 AND id = $3 AND token = $4 RETURNING again",
		claim.Environment, claim.Target.Type, claim.Target.ID, claim.Token).Scan(&again)
	if errors.Is(err, pgx.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("release %s: %w", claim.Target, err)
	}
	db.tokens.remove(claim.Token)
	return again, nil
}

// Renew implements [store.Store].
func (db *DB) Renew(ctx context.Context, claim store.Claim) (held bool, err error) {
	renewed, err := db.pool.Exec(ctx, "UPDATE claims SET claimed_at = now() WHERE environment = $1 AND type = $2 AND id = $3 AND token = $4",
		claim.Environment, claim.Target.Type, claim.Target.ID, claim.Token)
	if err != nil {
		return false, fmt.Errorf("renew the claim on %s: %w", claim.Target, err)
	}
	return renewed.RowsAffected() == 1, nil
}

// Abandon implements [store.Store]. The claim is no longer valid, and dropDeadClaims
// removes it.
func (db *DB) Abandon(_ context.Context, claim store.Claim) error {
	db.tokens.add(claim.Token)
	return nil
}

// dropDeadClaims removes the claims of nodes that are gone and abandoned claims, and
// inserts jobs for their targets.
func (db *DB) dropDeadClaims(ctx context.Context) error {
	over := db.tokens.all()
	err := pgx.BeginTxFunc(ctx, db.pool, ownTx, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, "DELETE FROM claims c WHERE NOT ("+isLive+") RETURNING c.environment, c.type, c.id", claimTTL, nodeTTL, over)
		if err != nil {
			return err
		}
		jobs, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (store.Job, error) {
			job := store.Job{Kind: store.JobRead}
			err := row.Scan(&job.Environment, &job.Object.Type, &job.Object.ID)
			if job.Object.Type == store.ActionClaim {
				job = store.Job{Kind: store.JobPerform, Environment: job.Environment, Action: job.Object.ID}
			}
			return job, err
		})
		if err != nil {
			return err
		}
		// Who delivers to an endpoint is found out anew all the time, without a job.
		jobs = slices.DeleteFunc(jobs, func(j store.Job) bool { return j.Object.Type == store.EndpointClaim })
		return db.Enqueue(ctx, transaction{tx}, jobs)
	})
	if err == nil {
		db.tokens.remove(over...)
	}
	return err
}
