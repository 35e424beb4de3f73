package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const verificationColumns = "id, reference_id, flow, inquiry, attempts, starts, earlier, starting, idempotency_key, key_made_at, spent_at, renewed, reset_at, started_at, created_at, version"

// Verification implements [store.Verifications].
func (s *Store) Verification(ctx context.Context, env domain.Environment, id string) (domain.Verification, error) {
	return s.verification(ctx, env, "id = $2", id)
}

// VerificationOf implements [store.Verifications].
func (s *Store) VerificationOf(ctx context.Context, env domain.Environment, reference, flow string) (domain.Verification, error) {
	return s.verification(ctx, env, "reference_id = $2 AND flow = $3", reference, flow)
}

func (s *Store) verification(ctx context.Context, env domain.Environment, condition string, values ...any) (domain.Verification, error) {
	rows, err := s.db.Query(ctx, "SELECT "+verificationColumns+" FROM verifications WHERE environment = $1 AND "+condition, append([]any{string(env)}, values...)...)
	found, err := collect(rows, err, func(rows Rows) (domain.Verification, error) { return scanVerification(env, rows) })
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return domain.Verification{}, fmt.Errorf("read a verification: %w", err)
	}
	return found[0], nil
}

// Verifications implements [store.Verifications].
func (s *Store) Verifications(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Verification], error) {
	return list(ctx, s.db, "sequence, "+verificationColumns, "verifications", env, f, func(rows Rows, sequence *int64) (domain.Verification, error) {
		return scanVerification(env, rows, sequence)
	})
}

func scanVerification(env domain.Environment, rows Rows, before ...any) (domain.Verification, error) {
	v := domain.Verification{Environment: env}
	var earlier string
	var keyMade, spent, reset, started, created int64
	err := rows.Scan(append(before, &v.ID, &v.Reference, &v.Flow, &v.Inquiry, &v.Attempts, &v.Starts, &earlier, &v.Starting, &v.IdempotencyKey, &keyMade, &spent, &v.Renewed,
		&reset, &started, &created, &v.Version)...)
	if err != nil {
		return v, err
	}
	v.KeyMadeAt, v.Spent, v.ResetAt, v.StartedAt, v.CreatedAt = moment(keyMade), moment(spent), moment(reset), moment(started), moment(created)
	return v, json.Unmarshal([]byte(earlier), &v.Earlier)
}

// SaveVerification implements [store.Verifications].
func (s *Store) SaveVerification(ctx context.Context, v domain.Verification, log []audit.Entry) (version int64, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		saved, err := saveVerification(ctx, tx, v)
		if err != nil {
			return err
		}
		if saved == 0 {
			return store.ErrChanged
		}
		return s.announce(ctx, tx, v.Environment, nil, log)
	})
	if err != nil {
		return 0, fmt.Errorf("save a verification: %w", err)
	}
	return v.Version + 1, nil
}

func saveVerification(ctx context.Context, tx Tx, v domain.Verification) (saved int64, err error) {
	state := []any{v.Inquiry, int64(v.Attempts), int64(v.Starts), encode(v.Earlier), v.Starting, v.IdempotencyKey, micros(v.KeyMadeAt), micros(v.Spent), v.Renewed, micros(v.ResetAt), micros(v.StartedAt)}
	if v.Version == 0 {
		return tx.Exec(ctx, `INSERT INTO verifications (inquiry, attempts, starts, earlier, starting, idempotency_key, key_made_at, spent_at, renewed, reset_at, started_at,
				environment, id, reference_id, flow, created_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1) ON CONFLICT (environment, reference_id, flow) DO NOTHING`,
			append(state, string(v.Environment), v.ID, v.Reference, v.Flow, micros(v.CreatedAt))...)
	}
	return tx.Exec(ctx, `UPDATE verifications SET inquiry = $1, attempts = $2, starts = $3, earlier = $4, starting = $5, idempotency_key = $6, key_made_at = $7, spent_at = $8,
			renewed = $9, reset_at = $10, started_at = $11, version = version + 1
		WHERE environment = $12 AND id = $13 AND version = $14`, append(state, string(v.Environment), v.ID, v.Version)...)
}
