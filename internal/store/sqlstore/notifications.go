package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// announce writes notifications and audit entries in a transaction that changes no verdict.
func (s *Store) announce(ctx context.Context, tx Tx, env domain.Environment, notifications []domain.Notification, log []audit.Entry) error {
	notifications, err := s.withSubjects(ctx, tx, env, notifications)
	if err != nil {
		return err
	}
	about := map[string]bool{}
	for _, n := range notifications {
		if n.Subject != "" {
			about[n.Subject] = true
		}
	}
	var e evaluation
	if len(about) > 0 {
		if e.stored, err = s.lockSubjects(ctx, tx, env, slices.Sorted(maps.Keys(about))); err != nil {
			return err
		}
	}
	_, err = s.writeLog(ctx, tx, env, e, notifications, log)
	return err
}

// writeLog writes notifications, audit entries and the verdicts of the notifications, under a
// lock that lasts until the transaction ends. So the sequences increase in commit order,
// and a client that reads forward misses no row. It returns all notifications. The rows of
// their subjects must be locked.
func (s *Store) writeLog(ctx context.Context, tx Tx, env domain.Environment, e evaluation, notifications []domain.Notification, log []audit.Entry) ([]domain.Notification, error) {
	notifications, log = append(slices.Clone(e.told), notifications...), append(log, e.log...)
	if len(notifications) > 0 || len(log) > 0 {
		if err := s.db.Lock(ctx, tx, []string{"log " + string(env)}); err != nil {
			return nil, fmt.Errorf("lock the environment's log: %w", err)
		}
	}
	counted := e.count(notifications)
	numbers, err := s.saveNotifications(ctx, tx, env, notifications)
	return notifications, errors.Join(err, s.saveAudit(ctx, tx, env, log), saveSubjects(ctx, tx, e, numbers), saveCounts(ctx, tx, env, counted))
}

// count numbers the notifications of each subject. It returns the new counts of subjects
// whose verdicts did not change; the others are saved with their verdicts.
func (e *evaluation) count(notifications []domain.Notification) (others map[string]int64) {
	others = map[string]int64{}
	for i, n := range notifications {
		if n.Subject == "" {
			continue
		}
		if _, begun := others[n.Subject]; !begun {
			others[n.Subject] = e.stored[n.Subject].Notified
		}
		others[n.Subject]++
		notifications[i].SubjectSequence = others[n.Subject]
	}
	for i, c := range e.changed {
		if count, told := others[c.Reference]; told {
			e.changed[i].Notified = count
			delete(others, c.Reference)
		}
	}
	return others
}

func saveCounts(ctx context.Context, tx Tx, env domain.Environment, counts map[string]int64) error {
	var rows [][]any
	for _, reference := range slices.Sorted(maps.Keys(counts)) {
		rows = append(rows, []any{counts[reference], string(env), reference})
	}
	if _, err := tx.Update(ctx, Update{Table: "subjects", Set: []string{"notified"}, Key: []string{"environment", "reference_id"}}, rows); err != nil {
		return fmt.Errorf("count the notifications of subjects: %w", err)
	}
	return nil
}

// withSubjects returns notifications with the subjects of their objects: the reference id
// of the object, or that of the inquiries and accounts of a case. A case about several
// subjects has none.
func (s *Store) withSubjects(ctx context.Context, tx Tx, env domain.Environment, notifications []domain.Notification) ([]domain.Notification, error) {
	of := map[domain.Ref]map[string]bool{}
	var ids, cases []string
	for _, n := range notifications {
		if _, known := of[n.Object]; known || n.Subject != "" {
			continue
		}
		switch n.Object.Family() {
		case "case":
			cases = append(cases, n.Object.ID)
			fallthrough
		case "inquiry", "account":
			of[n.Object], ids = map[string]bool{}, append(ids, n.Object.ID)
		}
	}
	add := func(rows Rows) (ref domain.Ref, err error) {
		var reference string
		err = rows.Scan(&ref.Type, &ref.ID, &reference)
		if references := of[ref]; references != nil {
			references[reference] = true
		}
		return ref, err
	}
	if len(ids) > 0 {
		rows, err := tx.Query(ctx, "SELECT type, id, reference_id FROM objects WHERE environment = $1 AND id "+s.db.In("$2")+" AND type IN ('inquiry', 'account', 'case') AND reference_id <> ''", env, s.db.List(ids))
		if _, err := collect(rows, err, add); err != nil {
			return nil, fmt.Errorf("find the subjects of notifications: %w", err)
		}
	}
	if len(cases) > 0 {
		rows, err := tx.Query(ctx, `SELECT r.from_type, r.from_id, o.reference_id FROM relations r JOIN objects o ON o.environment = r.environment AND o.type = r.to_type AND o.id = r.to_id
			WHERE r.environment = $1 AND r.from_type = 'case' AND r.from_id `+s.db.In("$2")+` AND r.to_type IN ('inquiry', 'account') AND o.reference_id <> ''`, env, s.db.List(cases))
		if _, err := collect(rows, err, add); err != nil {
			return nil, fmt.Errorf("find the subjects of cases: %w", err)
		}
	}
	filled := slices.Clone(notifications)
	for i, n := range filled {
		if references := slices.Collect(maps.Keys(of[n.Object])); n.Subject == "" && len(references) == 1 {
			filled[i].Subject = references[0]
		}
	}
	return filled, nil
}

// saveNotifications returns the sequences of the notifications about verdicts, by id.
func (s *Store) saveNotifications(ctx context.Context, tx Tx, env domain.Environment, notifications []domain.Notification) (map[string]int64, error) {
	if len(notifications) == 0 {
		return nil, nil
	}
	var rows [][]any
	var ids []string
	for _, n := range notifications {
		rows = append(rows, []any{
			string(env), n.ID, n.Type, n.Subject, n.SubjectSequence, n.Object.Type, n.Object.ID, n.Status, string(n.Verdict), n.Source, n.Reason, n.EventID, micros(n.CreatedAt),
		})
		if n.Verdict != "" {
			ids = append(ids, n.ID)
		}
	}
	_, err := tx.Insert(ctx, Insert{
		Table:   "notifications",
		Columns: []string{"environment", "id", "type", "subject", "subject_sequence", "object_type", "object_id", "status", "verdict", "source", "reason", "event_id", "created_at"},
	}, rows)
	if err != nil {
		return nil, fmt.Errorf("save notifications: %w", err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	numbers := map[string]int64{}
	found, err := tx.Query(ctx, "SELECT id, sequence FROM notifications WHERE environment = $1 AND id "+s.db.In("$2"), env, s.db.List(ids))
	_, err = collect(found, err, func(rows Rows) (id string, err error) {
		var number int64
		err = rows.Scan(&id, &number)
		numbers[id] = number
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("number notifications: %w", err)
	}
	return numbers, nil
}

const notificationColumns = "sequence, id, type, subject, subject_sequence, object_type, object_id, status, verdict, source, reason, event_id, created_at"

// Notifications implements [store.Store].
func (s *Store) Notifications(ctx context.Context, env domain.Environment, f store.Filter) (store.Page[domain.Notification], error) {
	f.State = ""
	return list(ctx, s.db, notificationColumns, "notifications", env, f, scanNotification(env))
}

func scanNotification(env domain.Environment) func(Rows, *int64) (domain.Notification, error) {
	return func(rows Rows, sequence *int64) (domain.Notification, error) {
		n := domain.Notification{Environment: env}
		var created int64
		err := rows.Scan(sequence, &n.ID, &n.Type, &n.Subject, &n.SubjectSequence, &n.Object.Type, &n.Object.ID, &n.Status, &n.Verdict, &n.Source, &n.Reason, &n.EventID, &created)
		n.CreatedAt, n.Sequence = moment(created), *sequence
		return n, err
	}
}
