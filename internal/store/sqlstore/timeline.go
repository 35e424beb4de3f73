package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// maxRelated limits the objects of a timeline.
const maxRelated = 1000

// RelatedObjects implements [store.Timelines].
func (s *Store) RelatedObjects(ctx context.Context, env domain.Environment, reference string) ([]string, error) {
	own, err := s.SubjectObjects(ctx, env, reference)
	if err != nil || len(own) == 0 {
		return nil, err
	}
	var ids []string
	for _, o := range own {
		ids = append(ids, o.Ref.ID)
	}
	const evidence = "(%[1]s LIKE 'verification/%%' OR %[1]s LIKE 'report/%%' OR %[1]s = 'inquiry-session')"
	rows, err := s.db.Query(ctx, `SELECT to_id FROM relations WHERE environment = $1 AND from_type IN ('inquiry', 'account', 'case') AND from_id `+s.db.In("$2")+" AND "+fmt.Sprintf(evidence, "to_type")+`
		UNION SELECT from_id FROM relations WHERE environment = $1 AND to_type IN ('inquiry', 'account') AND to_id `+s.db.In("$2")+" AND "+fmt.Sprintf(evidence, "from_type")+" LIMIT $3",
		string(env), s.db.List(ids), maxRelated)
	related, err := collect(rows, err, func(rows Rows) (id string, err error) { return id, rows.Scan(&id) })
	if err != nil {
		return nil, fmt.Errorf("find what belongs to a subject: %w", err)
	}
	ids = append(ids, related...)
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// Timeline implements [store.Timelines]. Each part reads the rows of a few objects through an
// index.
func (s *Store) Timeline(ctx context.Context, env domain.Environment, reference string, objects []string, after store.Happening, limit int) ([]store.Happening, error) {
	of := "environment = $1 AND object_id " + s.db.In("$2")
	query := `SELECT happened_at, entry, id, object_type, object_id, name, state, detail, actor, attempts FROM (
		SELECT received_at AS happened_at, 'event' AS entry, id, object_type, object_id, name, state, reason AS detail, '' AS actor, 0 AS attempts FROM events WHERE ` + of + `
		UNION ALL SELECT decided_at, 'decision', id, object_type, object_id, rule, result, explanation, '', 0 FROM decisions WHERE ` + of + `
		UNION ALL SELECT created_at, 'action', id, object_type, object_id, kind, state, outcome, '', attempts FROM actions WHERE ` + of + `
		UNION ALL SELECT created_at, 'notification', id, object_type, object_id, type, verdict, reason, '', 0 FROM notifications WHERE environment = $1 AND subject = $3 AND subject <> ''
		UNION ALL SELECT created_at, 'delivery', id, '', '', endpoint, state, notification, '', attempts FROM deliveries WHERE environment = $1
			AND notification IN (SELECT id FROM notifications WHERE environment = $1 AND subject = $3 AND subject <> '')
		UNION ALL SELECT at, CASE WHEN what = 'object.moved' THEN 'transition' ELSE 'audit' END, CAST(sequence AS TEXT), object_type, object_id, what, '', detail, actor, 0 FROM audit WHERE ` + of + ` AND object_id <> ''
	) AS happenings`
	args := []any{string(env), s.db.List(objects), reference}
	if !after.At.IsZero() {
		query += " WHERE (happened_at, entry, id) < ($4, $5, $6)"
		args = append(args, micros(after.At), after.Kind, after.ID)
	}
	args = append(args, limit)
	rows, err := s.db.Query(ctx, query+fmt.Sprintf(" ORDER BY happened_at DESC, entry DESC, id DESC LIMIT $%d", len(args)), args...)
	found, err := collect(rows, err, func(rows Rows) (store.Happening, error) {
		var h store.Happening
		var at int64
		err := rows.Scan(&at, &h.Kind, &h.ID, &h.Object.Type, &h.Object.ID, &h.Name, &h.State, &h.Detail, &h.Actor, &h.Attempts)
		h.At = moment(at)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the timeline of a subject: %w", err)
	}
	return found, nil
}
