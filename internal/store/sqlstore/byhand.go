package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// RequestAction implements [store.Store].
func (s *Store) RequestAction(ctx context.Context, a domain.Action, log []audit.Entry) (domain.Action, error) {
	err := s.db.Tx(ctx, func(tx Tx) error {
		jobs, err := s.saveActions(ctx, tx, a.Environment, []domain.Action{a})
		if err != nil || len(jobs) == 0 { // it was requested before
			return err
		}
		return errors.Join(s.announce(ctx, tx, a.Environment, nil, log), s.db.Enqueue(ctx, tx, jobs))
	})
	if err != nil {
		return a, fmt.Errorf("request action %s: %w", a.ID, err)
	}
	var id string
	if _, err := one(ctx, s.db, "SELECT id FROM actions WHERE environment = $1 AND derived_key = $2", []any{a.Environment, a.DerivedKey}, &id); err != nil {
		return a, fmt.Errorf("find the requested action: %w", err)
	}
	return s.Action(ctx, a.Environment, id)
}

// Discard implements [store.Store].
func (s *Store) Discard(ctx context.Context, env domain.Environment, id string, log []audit.Entry) error {
	return s.db.Tx(ctx, func(tx Tx) error {
		changed, err := tx.Exec(ctx, "UPDATE actions SET state = $1, version = version + 1 WHERE environment = $2 AND id = $3 AND state = 'dead'", string(domain.ActionDiscarded), string(env), id)
		if err == nil && changed == 0 {
			err = store.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("discard action %s: %w", id, err)
		}
		return s.announce(ctx, tx, env, nil, log)
	})
}

// AuditOf implements [store.Store].
func (s *Store) AuditOf(ctx context.Context, env domain.Environment, objects []string) ([]audit.Entry, error) {
	rows, err := s.db.Query(ctx, "SELECT "+auditColumns+" FROM audit WHERE environment = $1 AND object_id <> '' AND object_id "+s.db.In("$2")+" ORDER BY sequence DESC LIMIT $3",
		env, s.db.List(objects), auditLimit)
	entries, err := collect(rows, err, scanAudit(env))
	if err != nil {
		return nil, fmt.Errorf("read the audit trail of objects: %w", err)
	}
	slices.Reverse(entries)
	return entries, nil
}

// auditLimit is the number of entries that AuditOf returns at most.
const auditLimit = 1000
