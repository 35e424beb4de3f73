package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const tokenColumns = "id, name, hash, scopes, environment, created_at, created_by, expires_at, last_used_at"

// CreateToken implements [store.Tokens].
func (s *Store) CreateToken(ctx context.Context, t domain.Token, log []audit.Entry) error {
	err := s.db.Tx(ctx, func(tx Tx) error {
		made, err := tx.Exec(ctx, "INSERT INTO tokens ("+tokenColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) ON CONFLICT DO NOTHING",
			t.ID, t.Name, t.Hash, encode(t.Scopes), string(t.Environment), micros(t.CreatedAt), t.CreatedBy, micros(t.ExpiresAt))
		if err != nil {
			return err
		}
		if made == 0 {
			return store.ErrExists
		}
		return s.recordAll(ctx, tx, log)
	})
	if err != nil {
		return fmt.Errorf("create a token: %w", err)
	}
	return nil
}

// DeleteToken implements [store.Tokens].
func (s *Store) DeleteToken(ctx context.Context, id string, log []audit.Entry) error {
	err := s.db.Tx(ctx, func(tx Tx) error {
		gone, err := tx.Exec(ctx, "DELETE FROM tokens WHERE id = $1", id)
		if err != nil {
			return err
		}
		if gone == 0 {
			return store.ErrNotFound
		}
		return s.recordAll(ctx, tx, log)
	})
	if err != nil {
		return fmt.Errorf("delete token %s: %w", id, err)
	}
	return nil
}

// recordAll writes audit entries of several environments. The environments are locked in
// alphabetical order, so that two transactions cannot wait for each other.
func (s *Store) recordAll(ctx context.Context, tx Tx, log []audit.Entry) error {
	of := map[domain.Environment][]audit.Entry{}
	for _, entry := range log {
		of[entry.Environment] = append(of[entry.Environment], entry)
	}
	for _, env := range slices.Sorted(maps.Keys(of)) {
		if err := s.announce(ctx, tx, env, nil, of[env]); err != nil {
			return err
		}
	}
	return nil
}

// Token implements [store.Tokens].
func (s *Store) Token(ctx context.Context, id string) (domain.Token, error) {
	return s.token(ctx, "id", id)
}

// TokenByHash implements [store.Tokens].
func (s *Store) TokenByHash(ctx context.Context, hash string) (domain.Token, error) {
	return s.token(ctx, "hash", hash)
}

func (s *Store) token(ctx context.Context, column, value string) (domain.Token, error) {
	rows, err := s.db.Query(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE "+column+" = $1", value)
	found, err := collect(rows, err, scanToken)
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return domain.Token{}, fmt.Errorf("read a token: %w", err)
	}
	return found[0], nil
}

// Tokens implements [store.Tokens].
func (s *Store) Tokens(ctx context.Context) ([]domain.Token, error) {
	rows, err := s.db.Query(ctx, "SELECT "+tokenColumns+" FROM tokens ORDER BY name")
	found, err := collect(rows, err, scanToken)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return found, nil
}

// HasTokens implements [store.Tokens].
func (s *Store) HasTokens(ctx context.Context) (bool, error) {
	var id string
	found, err := one(ctx, s.db, "SELECT id FROM tokens LIMIT 1", nil, &id)
	if err != nil {
		return false, fmt.Errorf("look for tokens: %w", err)
	}
	return found, nil
}

// TouchToken implements [store.Tokens].
func (s *Store) TouchToken(ctx context.Context, id string, at time.Time) error {
	err := s.db.Tx(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, "UPDATE tokens SET last_used_at = $1 WHERE id = $2 AND last_used_at < $1", micros(at), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("save when token %s was used: %w", id, err)
	}
	return nil
}

func scanToken(rows Rows) (domain.Token, error) {
	var t domain.Token
	var scopes string
	var created, expires, used int64
	if err := rows.Scan(&t.ID, &t.Name, &t.Hash, &scopes, &t.Environment, &created, &t.CreatedBy, &expires, &used); err != nil {
		return t, err
	}
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt = moment(created), moment(expires), moment(used)
	return t, json.Unmarshal([]byte(scopes), &t.Scopes)
}
