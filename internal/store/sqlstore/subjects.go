package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

const subjectColumns = "reference_id, verdict, object_type, object_id, status, since, version, notification, notified, rules"

// Subject implements [store.Store].
func (s *Store) Subject(ctx context.Context, env domain.Environment, reference string) (domain.Subject, error) {
	rows, err := s.db.Query(ctx, "SELECT "+subjectColumns+" FROM subjects WHERE environment = $1 AND reference_id = $2", env, reference)
	found, err := collect(rows, err, scanSubject(env))
	if err == nil && len(found) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return domain.Subject{}, fmt.Errorf("read a subject: %w", err)
	}
	return found[0].Subject, nil
}

// Subjects implements [store.Store]. A cursor contains the time and the reference id of the
// last row of the previous page.
func (s *Store) Subjects(ctx context.Context, env domain.Environment, verdict domain.Verdict, cursor string, limit int) ([]domain.Subject, string, error) {
	query, args := "SELECT "+subjectColumns+" FROM subjects WHERE environment = $1", []any{env}
	if verdict != "" {
		query, args = query+" AND verdict = $2", append(args, verdict)
	}
	if cursor != "" {
		since, reference, ok := strings.Cut(cursor, " ")
		at, err := strconv.ParseInt(since, 10, 64)
		if !ok || err != nil {
			return nil, "", store.ErrCursor
		}
		args = append(args, at, reference)
		query += fmt.Sprintf(" AND (since, reference_id) > ($%d, $%d)", len(args)-1, len(args))
	}
	args = append(args, limit+1)
	rows, err := s.db.Query(ctx, query+fmt.Sprintf(" ORDER BY since, reference_id LIMIT $%d", len(args)), args...)
	found, err := collect(rows, err, scanSubject(env))
	if err != nil {
		return nil, "", fmt.Errorf("list subjects: %w", err)
	}
	subjects := make([]domain.Subject, len(found))
	for i, row := range found {
		subjects[i] = row.Subject
	}
	if len(found) <= limit {
		return subjects, "", nil
	}
	last := found[limit-1]
	return subjects[:limit], fmt.Sprintf("%d %s", micros(last.Since), last.Reference), nil
}

// subjectRow is a subject with the rules that its verdict was computed under.
type subjectRow struct {
	domain.Subject
	rules string
}

func scanSubject(env domain.Environment) func(Rows) (subjectRow, error) {
	return func(rows Rows) (subjectRow, error) {
		subject := subjectRow{Subject: domain.Subject{Environment: env}}
		var since int64
		err := rows.Scan(&subject.Reference, &subject.Verdict, &subject.Object.Type, &subject.Object.ID, &subject.Status, &since, &subject.Version, &subject.Notification, &subject.Notified, &subject.rules)
		subject.Since = moment(since)
		return subject, err
	}
}

// SubjectObjects implements [store.Store].
func (s *Store) SubjectObjects(ctx context.Context, env domain.Environment, reference string) ([]domain.Object, error) {
	if reference == "" {
		return nil, nil // objects without a reference id belong to nobody
	}
	found, err := s.subjectObjects(ctx, s.db, env, []string{reference})
	return found[reference], err
}

// subjectObjects returns what verdicts are computed from. The plus in the query keeps
// SQLite from scanning all objects in order instead of using the index.
func (s *Store) subjectObjects(ctx context.Context, q Querier, env domain.Environment, references []string) (map[string][]domain.Object, error) {
	of := map[string][]domain.Object{}
	owners := map[domain.Ref][]string{} // the subjects of each inquiry, account and case
	type owned struct {
		reference string
		object    domain.Object
	}
	rows, err := q.Query(ctx, `SELECT reference_id, type, id, status, created_at, redacted_at, reviewer, coverage FROM objects
		WHERE environment = $1 AND reference_id <> '' AND reference_id `+s.db.In("$2")+` AND type IN ('inquiry', 'account', 'case') ORDER BY +sequence`, env, s.db.List(references))
	mine, err := collect(rows, err, func(rows Rows) (o owned, err error) {
		o.object, err = scanSummary(env, rows, &o.reference)
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the objects of subjects: %w", err)
	}
	var ids []string
	for _, o := range mine {
		owners[o.object.Ref] = append(owners[o.object.Ref], o.reference)
		ids = append(ids, o.object.Ref.ID)
		if o.object.Ref.Type != "case" {
			o.object.ReferenceID = o.reference
			of[o.reference] = append(of[o.reference], o.object)
		}
	}
	cases, err := s.casesOf(ctx, q, env, ids)
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		subjects := slices.Clone(owners[c.Ref])
		for _, refs := range c.Relationships {
			for _, ref := range refs {
				subjects = append(subjects, owners[ref]...)
			}
		}
		slices.Sort(subjects)
		for _, reference := range slices.Compact(subjects) {
			of[reference] = append(of[reference], c)
		}
	}
	return of, nil
}

// casesOf returns the cases with these ids and the cases attached to objects with these
// ids, with all their inquiries and accounts. Each query uses one index; a join would get a
// bad plan while a table is new.
func (s *Store) casesOf(ctx context.Context, q Querier, env domain.Environment, ids []string) ([]domain.Object, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, "SELECT from_id FROM relations WHERE environment = $1 AND to_type IN ('inquiry', 'account') AND to_id "+s.db.In("$2")+" AND from_type = 'case'", env, s.db.List(ids))
	about, err := collect(rows, err, func(rows Rows) (id string, err error) { return id, rows.Scan(&id) })
	if err != nil {
		return nil, fmt.Errorf("find the cases of subjects: %w", err)
	}
	ids = append(slices.Clone(ids), about...)
	slices.Sort(ids)
	wanted := s.db.List(slices.Compact(ids))
	rows, err = q.Query(ctx, "SELECT type, id, status, created_at, redacted_at, reviewer, coverage FROM objects WHERE environment = $1 AND type = 'case' AND id "+s.db.In("$2")+" ORDER BY +sequence", env, wanted)
	cases, err := collect(rows, err, func(rows Rows) (domain.Object, error) { return scanSummary(env, rows) })
	if err != nil {
		return nil, fmt.Errorf("read the cases of subjects: %w", err)
	}
	if len(cases) == 0 {
		return nil, nil
	}
	relationships := map[string]map[string][]domain.Ref{}
	for _, c := range cases {
		relationships[c.Ref.ID] = c.Relationships
	}
	rows, err = q.Query(ctx, "SELECT from_id, to_type, to_id FROM relations WHERE environment = $1 AND from_type = 'case' AND from_id "+s.db.In("$2")+" AND to_type IN ('inquiry', 'account')", env, wanted)
	_, err = collect(rows, err, func(rows Rows) (to domain.Ref, err error) {
		var from string
		err = rows.Scan(&from, &to.Type, &to.ID)
		if of := relationships[from]; of != nil {
			name := map[string]string{"inquiry": "inquiries", "account": "accounts"}[to.Type]
			of[name] = append(of[name], to)
		}
		return to, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what cases are about: %w", err)
	}
	return cases, nil
}

// scanSummary reads the part of an object that a verdict needs.
func scanSummary(env domain.Environment, rows Rows, before ...any) (domain.Object, error) {
	o := domain.Object{Environment: env, Attributes: map[string]json.RawMessage{}, Relationships: map[string][]domain.Ref{}}
	var created, redacted int64
	var reviewer, coverage string
	if err := rows.Scan(append(before, &o.Ref.Type, &o.Ref.ID, &o.Status, &created, &redacted, &reviewer, &coverage)...); err != nil {
		return o, err
	}
	o.RedactedAt = moment(redacted)
	if created != 0 {
		o.Attributes["created-at"] = json.RawMessage(strconv.Quote(moment(created).Format(time.RFC3339Nano)))
	}
	if reviewer != "" {
		o.Relationships["reviewer"] = []domain.Ref{{Type: reviewer}}
	}
	return o, decodeCoverage(coverage, &o.Coverage)
}

// affectedSubjects returns the reference ids, before and after the change, whose verdicts may
// change, with the event that caused it.
func (s *Store) affectedSubjects(ctx context.Context, tx Tx, env domain.Environment, advances []advance) (map[string]string, error) {
	subjects := map[string]string{}
	relatedTo := map[string]string{}
	for _, a := range advances {
		for _, o := range a.Objects {
			before := domain.Object{}
			if a.Before.Ref == o.Ref {
				before = a.Before
			}
			if !changesVerdict(before, o) {
				continue
			}
			for _, version := range []domain.Object{before, o} {
				if version.ReferenceID != "" {
					subjects[version.ReferenceID] = o.EventID
				}
				if version.Ref.Family() != "case" {
					continue
				}
				for _, ref := range subjectRefs(version) {
					relatedTo[ref.ID] = o.EventID
				}
			}
		}
	}
	if len(relatedTo) == 0 {
		return subjects, nil
	}
	rows, err := tx.Query(ctx, `SELECT id, reference_id FROM objects WHERE environment = $1 AND id `+s.db.In("$2")+` AND type IN ('inquiry', 'account') AND reference_id <> ''`,
		env, s.db.List(slices.Sorted(maps.Keys(relatedTo))))
	_, err = collect(rows, err, func(rows Rows) (string, error) {
		var id, reference string
		err := rows.Scan(&id, &reference)
		if _, known := subjects[reference]; !known {
			subjects[reference] = relatedTo[id]
		}
		return reference, err
	})
	if err != nil {
		return nil, fmt.Errorf("find the subjects of cases: %w", err)
	}
	return subjects, nil
}

// changesVerdict reports whether the change of an object can change a verdict.
func changesVerdict(before, after domain.Object) bool {
	switch after.Ref.Family() {
	case "inquiry", "account", "case":
	default:
		return false
	}
	same := before.Ref == after.Ref && before.Status == after.Status && before.ReferenceID == after.ReferenceID && before.RedactedAt.IsZero() == after.RedactedAt.IsZero() &&
		createdAt(before).Equal(createdAt(after)) && reviewer(before) == reviewer(after) && slices.Equal(subjectRefs(before), subjectRefs(after)) &&
		before.Coverage.Status == after.Coverage.Status && slices.Equal(before.Coverage.About, after.Coverage.About)
	return !same
}

// subjectRefs returns the inquiries and accounts of a case.
func subjectRefs(o domain.Object) []domain.Ref {
	if o.Ref.Family() != "case" {
		return nil
	}
	return slices.Concat(o.Relationships["inquiries"], o.Relationships["accounts"])
}

func createdAt(o domain.Object) time.Time {
	var text string
	_ = json.Unmarshal(o.Attributes["created-at"], &text) // empty if absent
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

func reviewer(o domain.Object) string {
	if refs := o.Relationships["reviewer"]; len(refs) > 0 {
		return refs[0].Type
	}
	return ""
}

// evaluation is the result of computing verdicts.
type evaluation struct {
	stored  map[string]subjectRow // the rows that are locked, by their reference ids
	told    []domain.Notification
	log     []audit.Entry
	changed []changedSubject
}

// changedSubject is a subject whose row must be saved.
type changedSubject struct {
	subjectRow
	fresh        bool   // the row does not exist yet
	same         bool   // only the rules have changed
	notification string // id of the notification; empty if the verdict is the same
}

// errNewSubject means that another transaction inserted a subject while this one computed
// its verdict without the other's changes.
var errNewSubject = errors.New("another transaction inserted the subject first")

// evaluate computes the verdicts of the reference ids in eventOf, which maps them to the
// event that caused the change. It first locks the rows of the subjects: of two
// transactions that change objects of the same subject, the later one sees the changes of
// the earlier one. If a row does not exist yet, the later transaction fails with
// errNewSubject when it inserts the row.
func (s *Store) evaluate(ctx context.Context, tx Tx, env domain.Environment, eventOf map[string]string, v store.Verdicts) (evaluation, error) {
	var e evaluation
	if len(eventOf) == 0 {
		return e, nil
	}
	references := slices.Sorted(maps.Keys(eventOf))
	stored, err := s.lockSubjects(ctx, tx, env, references)
	if err != nil {
		return e, err
	}
	e.stored = stored
	objects, err := s.subjectObjects(ctx, tx, env, references)
	if err != nil {
		return e, err
	}
	for _, reference := range references {
		row, known := stored[reference]
		if !known {
			row.Subject = domain.Subject{Environment: env, Reference: reference, Verdict: domain.VerdictNone}
		}
		e.add(row, v.Of(objects[reference]), eventOf[reference], v)
	}
	return e, nil
}

// lockSubjects locks the rows of subjects. The same order in all transactions prevents
// deadlocks.
func (s *Store) lockSubjects(ctx context.Context, tx Tx, env domain.Environment, references []string) (map[string]subjectRow, error) {
	rows, err := tx.Query(ctx, "SELECT "+subjectColumns+" FROM subjects WHERE environment = $1 AND reference_id "+s.db.In("$2")+" ORDER BY reference_id"+s.db.ForUpdate(), env, s.db.List(references))
	locked, err := collect(rows, err, scanSubject(env))
	if err != nil {
		return nil, fmt.Errorf("lock subjects: %w", err)
	}
	stored := map[string]subjectRow{}
	for _, row := range locked {
		stored[row.Reference] = row
	}
	return stored, nil
}

// add compares the stored verdict with the new one.
func (e *evaluation) add(stored subjectRow, computed domain.Subject, event string, v store.Verdicts) {
	told := computed.Verdict != stored.Verdict
	changed := changedSubject{fresh: stored.Version == 0, same: !told && computed.Object == stored.Object && computed.Status == stored.Status}
	if changed.same && !changed.fresh && stored.rules == v.Rules {
		return
	}
	computed.Environment, computed.Reference, computed.Since, computed.Notification, computed.Notified = stored.Environment, stored.Reference, stored.Since, stored.Notification, stored.Notified
	if told || changed.fresh {
		computed.Since = v.Now
	}
	changed.subjectRow = subjectRow{computed, v.Rules}
	if told {
		n := domain.Notification{
			ID: domain.NewID("ntf"), Environment: stored.Environment, Type: domain.NotifyVerdictChanged, Subject: stored.Reference,
			Object: computed.Object, Status: computed.Status, Verdict: computed.Verdict, EventID: event, CreatedAt: v.Now,
		}
		e.told, changed.notification = append(e.told, n), n.ID
		e.log = append(e.log, audit.Entry{
			Environment: stored.Environment, At: v.Now, Actor: "idem", What: "verdict.changed", About: computed.Object,
			Detail: strings.TrimSpace(fmt.Sprintf("%s to %s by %s %s", stored.Verdict, computed.Verdict, computed.Object.ID, computed.Status)),
		})
	}
	e.changed = append(e.changed, changed)
}

// saveSubjects saves the changed verdicts. numbers maps the ids of their notifications to
// sequences.
func saveSubjects(ctx context.Context, tx Tx, e evaluation, numbers map[string]int64) error {
	values, key := []string{"verdict", "object_type", "object_id", "status", "since", "notification", "notified", "rules"}, []string{"environment", "reference_id"}
	var inserts, updates, same [][]any
	for _, c := range e.changed {
		if c.notification != "" {
			c.Notification = numbers[c.notification]
		}
		row := []any{string(c.Verdict), c.Object.Type, c.Object.ID, c.Status, micros(c.Since), c.Notification, c.Notified, c.rules, string(c.Environment), c.Reference}
		switch {
		case c.fresh:
			inserts = append(inserts, append(row, int64(1)))
		case c.same:
			same = append(same, []any{c.Notified, c.rules, string(c.Environment), c.Reference})
		default:
			updates = append(updates, row)
		}
	}
	_, err := tx.Update(ctx, Update{Table: "subjects", Set: values, Count: "version", Key: key}, updates)
	if err == nil {
		_, err = tx.Update(ctx, Update{Table: "subjects", Set: []string{"notified", "rules"}, Key: key}, same)
	}
	var done []bool
	if err == nil {
		done, err = tx.Insert(ctx, Insert{Table: "subjects", Columns: slices.Concat(values, key, []string{"version"}), Unless: key}, inserts)
	}
	if err != nil {
		return fmt.Errorf("save subjects: %w", err)
	}
	if slices.Contains(done, false) {
		return errNewSubject
	}
	return nil
}

// reevaluateBatch is how many subjects one transaction evaluates.
const reevaluateBatch = 200

// Reevaluate implements [store.Store].
func (s *Store) Reevaluate(ctx context.Context, env domain.Environment, v store.Verdicts, replaces func(rules string) bool, after string) (last string, told []domain.Notification, err error) {
	err = s.db.Tx(ctx, func(tx Tx) error {
		rows, err := tx.Query(ctx, "SELECT reference_id, rules FROM subjects WHERE environment = $1 AND reference_id > $2 AND rules <> $3 ORDER BY reference_id LIMIT $4", env, after, v.Rules, reevaluateBatch)
		eventOf := map[string]string{}
		last = ""
		_, err = collect(rows, err, func(rows Rows) (rules string, err error) {
			if err = rows.Scan(&last, &rules); err == nil && replaces(rules) {
				eventOf[last] = ""
			}
			return rules, err
		})
		if err != nil {
			return err
		}
		e, err := s.evaluate(ctx, tx, env, eventOf, v)
		if err != nil {
			return err
		}
		told, err = s.writeLog(ctx, tx, env, e, nil, nil)
		return err
	})
	if err != nil {
		return "", nil, fmt.Errorf("re-evaluate subjects: %w", err)
	}
	return last, told, nil
}
