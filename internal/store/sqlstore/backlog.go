package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Backlog implements [store.Store]. Each query reads only what it counts, from an index;
// finished events and actions cost nothing.
func (s *Store) Backlog(ctx context.Context, env domain.Environment) (store.Backlog, error) {
	b := store.Backlog{Reasons: map[string]int{}}
	var oldest int64
	_, err := one(ctx, s.db, "SELECT count(*), coalesce(min(received_at), 0) FROM events WHERE environment = $1 AND state = 'waiting'", []any{env}, &b.Waiting, &oldest)
	if err != nil {
		return b, fmt.Errorf("count the events that wait: %w", err)
	}
	b.OldestWaiting = moment(oldest)
	if _, err = one(ctx, s.db, "SELECT count(*) FROM events WHERE environment = $1 AND state = 'poison'", []any{env}, &b.Poison); err != nil {
		return b, fmt.Errorf("count the poison events: %w", err)
	}
	err = s.count(ctx, "SELECT reason, count(*) FROM events WHERE environment = $1 AND state = 'waiting' AND tries > 0 GROUP BY reason", env, func(reason string, n int) {
		b.Retried += n
		b.Reasons[kindOf(reason)] += n
	})
	if err != nil {
		return b, err
	}
	err = s.count(ctx, "SELECT state, count(*) FROM actions WHERE environment = $1 AND state IN ('waiting', 'dead') GROUP BY state", env, func(state string, n int) {
		switch domain.ActionState(state) {
		case domain.ActionWaiting:
			b.ActionsWaiting = n
		case domain.ActionDead:
			b.ActionsDead = n
		}
	})
	return b, err
}

func (s *Store) count(ctx context.Context, query string, env domain.Environment, add func(string, int)) error {
	rows, err := s.db.Query(ctx, query, env)
	_, err = collect(rows, err, func(rows Rows) (int, error) {
		var state string
		var n int
		err := rows.Scan(&state, &n)
		add(state, n)
		return n, err
	})
	if err != nil {
		return fmt.Errorf("count: %w", err)
	}
	return nil
}

// maxKind is the maximum length of a kind of reason, in bytes.
const maxKind = 40

// kindOf returns the text of a reason before its first colon, or [store.OtherReason] if
// that is not a few words. Kinds become metric labels, so they must not contain ids and
// numbers.
func kindOf(reason string) string {
	kind, _, found := strings.Cut(reason, ":")
	plain := func(r rune) bool { return r == ' ' || r == '-' || 'a' <= r && r <= 'z' }
	if !found || kind == "" || len(kind) > maxKind || strings.ContainsFunc(kind, func(r rune) bool { return !plain(r) }) {
		return store.OtherReason
	}
	return kind
}
