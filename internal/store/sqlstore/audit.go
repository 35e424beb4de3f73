package sqlstore

import (
	"context"
	"fmt"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
)

// saveAudit appends entries to the environment's chain. The caller holds the lock of the
// environment's log.
func (s *Store) saveAudit(ctx context.Context, tx Tx, env domain.Environment, entries []audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var sequence int64
	var previous string
	if _, err := one(ctx, tx, "SELECT sequence, hash FROM audit WHERE environment = $1 ORDER BY sequence DESC LIMIT 1", []any{env}, &sequence, &previous); err != nil {
		return fmt.Errorf("read the end of the audit trail: %w", err)
	}
	var rows [][]any
	for _, e := range entries {
		sequence++
		e.Environment, e.Sequence, e.At = env, sequence, moment(micros(e.At))
		previous = audit.Seal(previous, e)
		rows = append(rows, []any{string(env), e.Sequence, micros(e.At), e.Actor, e.What, e.About.Type, e.About.ID, e.Detail, previous})
	}
	_, err := tx.Insert(ctx, Insert{Table: "audit", Columns: []string{"environment", "sequence", "at", "actor", "what", "object_type", "object_id", "detail", "hash"}}, rows)
	if err != nil {
		return fmt.Errorf("write the audit trail: %w", err)
	}
	return nil
}

// RecordAudit implements [store.Store].
func (s *Store) RecordAudit(ctx context.Context, env domain.Environment, entries []audit.Entry) error {
	err := s.db.Tx(ctx, func(tx Tx) error { return s.announce(ctx, tx, env, nil, entries) })
	if err != nil {
		return fmt.Errorf("record in the audit trail: %w", err)
	}
	return nil
}

// AuditTrail implements [store.Store].
func (s *Store) AuditTrail(ctx context.Context, env domain.Environment, after int64, limit int) ([]audit.Entry, error) {
	rows, err := s.db.Query(ctx, "SELECT "+auditColumns+" FROM audit WHERE environment = $1 AND sequence > $2 ORDER BY sequence LIMIT $3", env, after, limit)
	entries, err := collect(rows, err, scanAudit(env))
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	return entries, nil
}

const auditColumns = "sequence, at, actor, what, object_type, object_id, detail, hash"

func scanAudit(env domain.Environment) func(Rows) (audit.Entry, error) {
	return func(rows Rows) (audit.Entry, error) {
		e := audit.Entry{Environment: env}
		var at int64
		err := rows.Scan(&e.Sequence, &at, &e.Actor, &e.What, &e.About.Type, &e.About.ID, &e.Detail, &e.Hash)
		e.At = moment(at)
		return e, err
	}
}
