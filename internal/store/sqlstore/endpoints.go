package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const endpointColumns = "name, url, types, secrets, configured, disabled, position, failures, paused_until, created_at, version"

// CreateEndpoint implements [store.Deliveries].
func (s *Store) CreateEndpoint(ctx context.Context, e domain.Endpoint, log []audit.Entry) error {
	err := s.db.Tx(ctx, func(tx Tx) error {
		if e.Position < 0 {
			if _, err := one(ctx, tx, "SELECT sequence FROM notifications WHERE environment = $1 ORDER BY sequence DESC LIMIT 1", []any{string(e.Environment)}, &e.Position); err != nil {
				return err
			}
			e.Position = max(e.Position, 0)
		}
		made, err := tx.Exec(ctx, `INSERT INTO endpoints (environment, name, url, types, secrets, configured, disabled, position, failures, paused_until, created_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, 1) ON CONFLICT (environment, name) DO NOTHING`,
			string(e.Environment), e.Name, e.URL, encode(e.Types), s.encodeSecrets(e), e.Configured, e.Disabled, e.Position, micros(e.CreatedAt))
		if err != nil {
			return err
		}
		if made == 0 {
			return store.ErrExists
		}
		return s.announce(ctx, tx, e.Environment, nil, log)
	})
	if err != nil {
		return fmt.Errorf("create endpoint %s: %w", e.Name, err)
	}
	return nil
}

// UpdateEndpoint implements [store.Deliveries].
func (s *Store) UpdateEndpoint(ctx context.Context, e domain.Endpoint, log []audit.Entry) error {
	err := s.db.Tx(ctx, func(tx Tx) error {
		changed, err := tx.Exec(ctx, `UPDATE endpoints SET url = $1, types = $2, secrets = $3, configured = $4, version = version + 1,
				failures = CASE WHEN disabled <> '' AND $5 = '' THEN 0 ELSE failures END, paused_until = CASE WHEN disabled <> '' AND $5 = '' THEN 0 ELSE paused_until END, disabled = $5
			WHERE environment = $6 AND name = $7 AND version = $8`,
			e.URL, encode(e.Types), s.encodeSecrets(e), e.Configured, e.Disabled, string(e.Environment), e.Name, e.Version)
		if err != nil {
			return err
		}
		if changed == 0 {
			return store.ErrChanged
		}
		return s.announce(ctx, tx, e.Environment, nil, log)
	})
	if err != nil {
		return fmt.Errorf("save endpoint %s: %w", e.Name, err)
	}
	return nil
}

// DeleteEndpoint implements [store.Deliveries].
func (s *Store) DeleteEndpoint(ctx context.Context, env domain.Environment, name string, log []audit.Entry) error {
	err := s.db.Tx(ctx, func(tx Tx) error {
		gone, err := tx.Exec(ctx, "DELETE FROM endpoints WHERE environment = $1 AND name = $2", string(env), name)
		if err != nil {
			return err
		}
		if gone == 0 {
			return store.ErrNotFound
		}
		if _, err := tx.Exec(ctx, "DELETE FROM deliveries WHERE environment = $1 AND endpoint = $2 AND finished_at = 0", string(env), name); err != nil {
			return err
		}
		return s.announce(ctx, tx, env, nil, log)
	})
	if err != nil {
		return fmt.Errorf("delete endpoint %s: %w", name, err)
	}
	return nil
}

// Endpoint implements [store.Deliveries].
func (s *Store) Endpoint(ctx context.Context, env domain.Environment, name string) (domain.Endpoint, error) {
	return s.endpoint(ctx, s.db, env, name, "")
}

// lockEndpoint reads an endpoint and locks its row, so that only one transaction at a time
// creates or finishes deliveries to it.
func (s *Store) lockEndpoint(ctx context.Context, tx Tx, env domain.Environment, name string) (domain.Endpoint, error) {
	return s.endpoint(ctx, tx, env, name, s.db.ForUpdate())
}

func (s *Store) endpoint(ctx context.Context, q Querier, env domain.Environment, name, lock string) (domain.Endpoint, error) {
	rows, err := q.Query(ctx, "SELECT "+endpointColumns+" FROM endpoints WHERE environment = $1 AND name = $2"+lock, string(env), name)
	found, err := collect(rows, err, s.scanEndpoint(env))
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return domain.Endpoint{}, fmt.Errorf("read endpoint %s: %w", name, err)
	}
	return found[0], nil
}

// Endpoints implements [store.Deliveries].
func (s *Store) Endpoints(ctx context.Context, env domain.Environment) ([]domain.Endpoint, error) {
	rows, err := s.db.Query(ctx, "SELECT "+endpointColumns+" FROM endpoints WHERE environment = $1 ORDER BY name", string(env))
	found, err := collect(rows, err, s.scanEndpoint(env))
	if err != nil {
		return nil, fmt.Errorf("list endpoints: %w", err)
	}
	return found, nil
}

func (s *Store) scanEndpoint(env domain.Environment) func(Rows) (domain.Endpoint, error) {
	return func(rows Rows) (domain.Endpoint, error) {
		e := domain.Endpoint{Environment: env}
		var types, secrets string
		var paused, created int64
		err := rows.Scan(&e.Name, &e.URL, &types, &secrets, &e.Configured, &e.Disabled, &e.Position, &e.Failures, &paused, &created, &e.Version)
		if err != nil {
			return e, err
		}
		e.PausedUntil, e.CreatedAt = moment(paused), moment(created)
		if e.Secrets, err = s.decodeSecrets(env, e.Name, secrets); err != nil {
			return e, err
		}
		return e, json.Unmarshal([]byte(types), &e.Types)
	}
}

// storedSecret is a secret as it is stored. A [domain.Secret] would be encoded as a mask.
type storedSecret struct {
	Secret    string `json:"secret"`
	ExpiresAt int64  `json:"expires_at,omitempty"`
}

func (s *Store) encodeSecrets(e domain.Endpoint) string {
	stored := make([]storedSecret, len(e.Secrets))
	for i, secret := range e.Secrets {
		stored[i] = storedSecret{secret.Secret.Reveal(), micros(secret.ExpiresAt)}
	}
	return s.vault.Seal(encode(stored), ownerOf(e.Environment, e.Name))
}

func (s *Store) decodeSecrets(env domain.Environment, name, text string) ([]domain.SigningSecret, error) {
	text, err := s.vault.Open(text, ownerOf(env, name))
	if err != nil {
		return nil, fmt.Errorf("read the secrets of endpoint %s: %w", name, err)
	}
	var stored []storedSecret
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return nil, fmt.Errorf("the secrets of an endpoint cannot be read") // the error would contain them
	}
	var secrets []domain.SigningSecret
	for _, s := range stored {
		secrets = append(secrets, domain.SigningSecret{Secret: domain.Secret(s.Secret), ExpiresAt: moment(s.ExpiresAt)})
	}
	return secrets, nil
}

// NotificationVersion implements [store.Deliveries]. Sequences increase in commit order only
// within an environment: the greatest of all would hide a commit in the other environment.
func (s *Store) NotificationVersion(ctx context.Context) (version int64, err error) {
	for _, env := range []domain.Environment{domain.Sandbox, domain.Production} {
		var last int64
		if _, err := one(ctx, s.db, "SELECT sequence FROM notifications WHERE environment = $1 ORDER BY sequence DESC LIMIT 1", []any{string(env)}, &last); err != nil {
			return 0, fmt.Errorf("look for notifications: %w", err)
		}
		version += last
	}
	return version, nil
}

// PruneDeliveries implements [store.Deliveries].
func (s *Store) PruneDeliveries(ctx context.Context, env domain.Environment, before time.Time) (deleted int, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM deliveries WHERE sequence IN (SELECT sequence FROM deliveries WHERE environment = $1 ORDER BY sequence LIMIT 1000) AND finished_at > 0 AND finished_at < $2`,
			string(env), micros(before))
		deleted = int(n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune deliveries: %w", err)
	}
	return deleted, nil
}
