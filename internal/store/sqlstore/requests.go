package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/idemhq/idem/internal/store"
)

// BeginRequest implements [store.Requests].
func (s *Store) BeginRequest(ctx context.Context, r store.Request, now, stale, expired time.Time) (stored store.Request, begun bool, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		stored, begun = r, false
		// With every request, up to twenty old ones are deleted.
		_, err := tx.Exec(ctx, "DELETE FROM requests WHERE begun_at < $1 AND begun_at <= coalesce((SELECT max(begun_at) FROM (SELECT begun_at FROM requests ORDER BY begun_at LIMIT 20) AS old), 0)", micros(expired))
		if err != nil {
			return err
		}
		made, err := tx.Exec(ctx, `INSERT INTO requests (token, idempotency_key, hash, holder, begun_at, status, answer) VALUES ($1, $2, $3, $4, $5, 0, '')
			ON CONFLICT (token, idempotency_key) DO NOTHING`, r.Token, r.Key, r.Hash, r.Holder, micros(now))
		if err != nil || made == 1 {
			begun = err == nil
			return err
		}
		taken, err := tx.Exec(ctx, `UPDATE requests SET holder = $1, begun_at = $2, hash = $3, status = 0, answer = ''
			WHERE token = $4 AND idempotency_key = $5 AND (begun_at < $6 OR status = 0 AND hash = $3 AND (begun_at < $7 OR begun_at > $8))`,
			r.Holder, micros(now), r.Hash, r.Token, r.Key, micros(expired), micros(stale), micros(now.Add(now.Sub(stale))))
		if err != nil || taken == 1 {
			begun = err == nil
			return err
		}
		_, err = one(ctx, tx, "SELECT hash, status, answer FROM requests WHERE token = $1 AND idempotency_key = $2", []any{r.Token, r.Key}, &stored.Hash, &stored.Status, &stored.Answer)
		return err
	})
	if err != nil {
		return stored, false, fmt.Errorf("begin a request: %w", err)
	}
	return stored, begun, nil
}

// FinishRequest implements [store.Requests].
func (s *Store) FinishRequest(ctx context.Context, r store.Request) error {
	return s.endRequest(ctx, "UPDATE requests SET status = $4, answer = $5 WHERE token = $1 AND idempotency_key = $2 AND holder = $3", r.Token, r.Key, r.Holder, int64(r.Status), r.Answer)
}

// ForgetRequest implements [store.Requests].
func (s *Store) ForgetRequest(ctx context.Context, r store.Request) error {
	return s.endRequest(ctx, "DELETE FROM requests WHERE token = $1 AND idempotency_key = $2 AND holder = $3", r.Token, r.Key, r.Holder)
}

func (s *Store) endRequest(ctx context.Context, statement string, args ...any) error {
	err := s.db.Tx(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("end a request: %w", err)
	}
	return nil
}
