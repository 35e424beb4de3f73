package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/vault"
)

// UseVault sets what encrypts the secrets of endpoints and the results of actions, and stores
// again with it those secrets that were stored otherwise: in the clear, or with an older key.
// It fails if a secret cannot be decrypted. Call it before the store is used.
func (s *Store) UseVault(ctx context.Context, v vault.Vault) error {
	s.vault = v
	rows, err := s.db.Query(ctx, "SELECT environment, name, secrets FROM endpoints")
	stored, err := collect(rows, err, func(rows Rows) (row sealed, err error) {
		return row, rows.Scan(&row.env, &row.name, &row.secrets)
	})
	if err != nil {
		return fmt.Errorf("read the secrets of endpoints: %w", err)
	}
	var problems []error
	for _, row := range stored {
		problems = append(problems, s.sealAgain(ctx, row))
	}
	return errors.Join(problems...)
}

// sealed are the secrets of an endpoint as they are stored.
type sealed struct {
	env           domain.Environment
	name, secrets string
}

// sealAgain stores the secrets of an endpoint with the current key, unless another process
// changes them meanwhile.
func (s *Store) sealAgain(ctx context.Context, row sealed) error {
	text, err := s.vault.Open(row.secrets, ownerOf(row.env, row.name))
	if err != nil {
		return fmt.Errorf("read the secrets of endpoint %s in %s: %w", row.name, row.env, err)
	}
	if s.vault.Current(row.secrets) {
		return nil
	}
	err = s.db.Tx(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, "UPDATE endpoints SET secrets = $1 WHERE environment = $2 AND name = $3 AND secrets = $4",
			s.vault.Seal(text, ownerOf(row.env, row.name)), string(row.env), row.name, row.secrets)
		return err
	})
	if err != nil {
		return fmt.Errorf("encrypt the secrets of endpoint %s in %s: %w", row.name, row.env, err)
	}
	return nil
}

// ownerOf names an endpoint, so that its secrets are of no use in another row.
func ownerOf(env domain.Environment, name string) string { return string(env) + "/" + name }
