package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
)

// sealResult returns the result of an action as it is stored: it can be a credential.
func (s *Store) sealResult(a domain.Action) string {
	if len(a.Result) == 0 {
		return ""
	}
	return s.vault.Seal(string(a.Result), ownerOfResult(a.Environment, a.ID))
}

// openResult returns the result of an action, or nil if there is none. A result whose key is
// gone also counts as none: links expire within days, and the action must stay readable.
func (s *Store) openResult(a domain.Action, stored string) json.RawMessage {
	text, err := s.vault.Open(stored, ownerOfResult(a.Environment, a.ID))
	if err != nil || text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// ownerOfResult names an action, so that its result is of no use in another row.
func ownerOfResult(env domain.Environment, id string) string { return string(env) + "/action/" + id }

// resultsAtOnce is the number of results that are encrypted in one transaction.
const resultsAtOnce = 500

// SealResults encrypts the results of actions that are in the clear or were encrypted with an
// older key. Without a key it erases those in the clear. Call [Store.UseVault] first.
func (s *Store) SealResults(ctx context.Context) error {
	for _, env := range []domain.Environment{domain.Sandbox, domain.Production} {
		for after, more := int64(0), true; more; {
			var err error
			if after, more, err = s.sealSomeResults(ctx, env, after); err != nil {
				return fmt.Errorf("encrypt the results of actions in %s: %w", env, err)
			}
		}
	}
	return nil
}

// storedResult is the result of an action as it is stored.
type storedResult struct {
	sequence   int64
	id, result string
}

// sealSomeResults does it for some actions, those with the lowest sequences after a given one.
func (s *Store) sealSomeResults(ctx context.Context, env domain.Environment, after int64) (last int64, more bool, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		rows, err := tx.Query(ctx, "SELECT sequence, id, result FROM actions WHERE environment = $1 AND sequence > $2 AND result <> '' ORDER BY sequence LIMIT $3", string(env), after, resultsAtOnce)
		found, err := collect(rows, err, func(rows Rows) (r storedResult, err error) {
			return r, rows.Scan(&r.sequence, &r.id, &r.result)
		})
		if err != nil {
			return err
		}
		more = len(found) == resultsAtOnce
		for _, r := range found {
			last = r.sequence
			stored := s.resealed(env, r)
			if stored == r.result {
				continue
			}
			if _, err := tx.Exec(ctx, "UPDATE actions SET result = $1 WHERE environment = $2 AND id = $3 AND result = $4", stored, string(env), r.id, r.result); err != nil {
				return err
			}
		}
		return nil
	})
	return last, more, err
}

// resealed returns how a result should be stored. One that cannot be decrypted stays.
func (s *Store) resealed(env domain.Environment, r storedResult) string {
	text, err := s.vault.Open(r.result, ownerOfResult(env, r.id))
	switch {
	case err != nil || s.vault.Encrypts() && s.vault.Current(r.result):
		return r.result
	case !s.vault.Encrypts():
		return ""
	default:
		return s.vault.Seal(text, ownerOfResult(env, r.id))
	}
}
