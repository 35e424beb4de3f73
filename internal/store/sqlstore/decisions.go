package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const decisionColumns = "sequence, id, object_type, object_id, transition, result, rule, policy_version, explanation, reason, actions, decided_at"

// Decisions implements [store.Store].
func (s *Store) Decisions(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Decision], error) {
	f.State = ""
	return list(ctx, s.db, decisionColumns, "decisions", env, f, scanDecision(env))
}

// Decision implements [store.Store].
func (s *Store) Decision(ctx context.Context, env domain.Environment, id string) (domain.Decision, error) {
	rows, err := s.db.Query(ctx, "SELECT "+decisionColumns+", facts FROM decisions WHERE environment = $1 AND id = $2", env, id)
	found, err := collect(rows, err, func(rows Rows) (domain.Decision, error) {
		var sequence int64
		var packed []byte
		d, err := scanDecision(env)(rowsWith{rows, []any{&packed}}, &sequence)
		if err == nil && len(packed) > 0 {
			d.Facts, err = unpack(packed)
		}
		return d, err
	})
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return domain.Decision{}, fmt.Errorf("read decision %s: %w", id, err)
	}
	return found[0], nil
}

// rowsWith adds columns to the end of rows.
type rowsWith struct {
	Rows
	more []any
}

// Scan implements [Rows].
func (r rowsWith) Scan(into ...any) error { return r.Rows.Scan(append(into, r.more...)...) }

func scanDecision(env domain.Environment) func(Rows, *int64) (domain.Decision, error) {
	return func(rows Rows, sequence *int64) (domain.Decision, error) {
		d := domain.Decision{Environment: env}
		var transition, actions string
		var decided int64
		err := rows.Scan(sequence, &d.ID, &d.Object.Type, &d.Object.ID, &transition, &d.Result, &d.Rule, &d.PolicyVersion, &d.Explanation, &d.Reason, &actions, &decided)
		if err != nil {
			return d, err
		}
		d.DecidedAt = moment(decided)
		return d, errors.Join(json.Unmarshal([]byte(transition), &d.Transition), json.Unmarshal([]byte(actions), &d.Actions))
	}
}
