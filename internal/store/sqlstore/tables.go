// Package sqlstore holds the queries on the service's tables, in the SQL that SQLite and
// PostgreSQL share. What they do not share is behind [Database]: each has a package of
// its own beside this one.
package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Database is what each database does in its own way.
type Database interface {
	Querier

	// Tx runs f in a transaction that commits when f returns nil. It may run f again
	// when another transaction was in its way.
	Tx(ctx context.Context, f func(Tx) error) error

	// Append stores the events that are not known yet, as [store.Store.AppendEvents]
	// says, and reports which were new.
	Append(ctx context.Context, tx Tx, events []EventRow) (fresh []bool, err error)

	// Enqueue makes jobs run after the transaction commits.
	Enqueue(ctx context.Context, tx Tx, jobs []store.Job) error

	// Lock makes the transaction the only one that has each of some names, until it ends.
	Lock(ctx context.Context, tx Tx, names []string) error

	// Waiting reads columns of the events that wait for objects, limit of them for each,
	// in the order of their sequence.
	Waiting(ctx context.Context, env domain.Environment, refs []domain.Ref, limit int, columns string) (Rows, error)

	// Stored reads columns of those objects that there are.
	Stored(ctx context.Context, env domain.Environment, refs []domain.Ref, columns string) (Rows, error)

	// List is what a query gets for a list of texts: see In.
	List(texts []string) any

	// In is the condition that what stands before it is one of the texts of a parameter.
	In(parameter string) string

	// ForUpdate is what a query ends with that locks the rows that it finds.
	ForUpdate() string

	// Rejects reports whether an error says that a value cannot be stored, now or later.
	Rejects(err error) bool
}

// Querier reads rows. Parameters are $1, $2, …
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (Rows, error)
}

// Tx is a transaction.
type Tx interface {
	Querier
	Exec(ctx context.Context, query string, args ...any) (changed int64, err error)

	// Insert and Update run for many rows, and report which of them took effect.
	Insert(ctx context.Context, statement Insert, rows [][]any) (done []bool, err error)
	Update(ctx context.Context, statement Update, rows [][]any) (done []bool, err error)
}

// Rows are what a query found. They must be closed before the next query of the same
// transaction.
type Rows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
	Close() error
}

// Store implements [store.Store] but for what [Database] is asked for by its owner:
// claims and Ping.
type Store struct {
	db      Database
	version int64 // of the tables, that this program knows
	saves   group[save, store.Saved]
	actions group[actionSave, int64]
}

// New returns the store of a database.
func New(db Database) *Store {
	s := &Store{db: db}
	s.saves.commit, s.actions.commit = s.commitSaves, s.commitActions
	return s
}

// pack compresses a body. Speed goes over size: it is on the way of every webhook, and
// takes a fifth of the time of zstd.
func pack(body []byte) []byte { return s2.Encode(nil, body) }

// maxBody is far more than any body is long: what says that it is longer is damaged.
const maxBody = 64 << 20

func unpack(packed []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(packed); err != nil || n > maxBody {
		return nil, errors.New("the body is damaged")
	}
	return s2.Decode(nil, packed)
}

// collect reads all rows, and closes them.
func collect[T any](rows Rows, err error, scan func(Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// one reads the first row of a query into values, if there is one.
func one(ctx context.Context, q Querier, query string, args []any, into ...any) (found bool, err error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, rows.Err()
	}
	if err := rows.Scan(into...); err != nil {
		return false, err
	}
	return true, rows.Err()
}

// Resume implements [store.Store].
func (s *Store) Resume(ctx context.Context) error {
	return s.db.Tx(ctx, func(tx Tx) error {
		rows, err := tx.Query(ctx, `SELECT 'advance', environment, object_type, object_id, '', 0 FROM events WHERE state = 'waiting' GROUP BY environment, object_type, object_id
			UNION ALL SELECT 'perform', environment, '', '', id, next_attempt_at FROM actions WHERE sequence IN
				(SELECT min(sequence) FROM actions WHERE state = 'waiting' GROUP BY environment, decision_id)`)
		jobs, err := collect(rows, err, func(rows Rows) (store.Job, error) {
			var job store.Job
			var at int64
			err := rows.Scan(&job.Kind, &job.Environment, &job.Object.Type, &job.Object.ID, &job.Action, &at)
			job.At = moment(at)
			return job, err
		})
		if err != nil {
			return fmt.Errorf("find pending work: %w", err)
		}
		return s.db.Enqueue(ctx, tx, jobs)
	})
}

// micros writes a moment as the tables keep it: zero for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func encode(v any) string {
	b, _ := json.Marshal(v) // maps, slices and structs of texts
	return string(b)
}

func limit(f store.Filter) int {
	if f.Limit <= 0 {
		return 50
	}
	return min(f.Limit, 100)
}

// list reads one page. The columns must start with sequence.
func list[T any](ctx context.Context, q Querier, columns, table string, env domain.Environment, f store.Filter, scan func(Rows, *int64) (T, error)) (store.Page[T], error) {
	query := "SELECT " + columns + " FROM " + table + " WHERE environment = $1"
	args := []any{env}
	narrow := func(condition string, value any) {
		args = append(args, value)
		query += fmt.Sprintf(" AND "+condition, len(args))
	}
	if !f.Object.IsZero() {
		id := "object_id"
		if table == "objects" {
			id = "id"
		}
		narrow(id+" = $%d", f.Object.ID)
	}
	switch f.State {
	case "":
	case string(domain.EventWaiting), string(domain.EventPoison), string(domain.DeliveryFailed):
		query += " AND state = '" + f.State + "'" // there are indexes of these alone
	default:
		narrow("state = $%d", f.State)
	}
	if f.Event != "" && table == "notifications" {
		narrow("event_id = $%d", f.Event)
	}
	if table == "deliveries" {
		if f.Endpoint != "" {
			narrow("endpoint = $%d", f.Endpoint)
		}
		if f.Notification != "" {
			narrow("notification = $%d", f.Notification)
		}
	}
	if f.Before > 0 {
		narrow("sequence < $%d", f.Before)
	}
	if f.After > 0 {
		narrow("sequence > $%d", f.After)
	}
	order := "DESC"
	if f.Oldest {
		order = "ASC"
	}
	n := limit(f)
	args = append(args, n+1)
	rows, err := q.Query(ctx, query+fmt.Sprintf(" ORDER BY sequence %s LIMIT $%d", order, len(args)), args...)
	type numbered struct {
		row      T
		sequence int64
	}
	found, err := collect(rows, err, func(rows Rows) (numbered, error) {
		var r numbered
		var err error
		r.row, err = scan(rows, &r.sequence)
		return r, err
	})
	var page store.Page[T]
	if err != nil {
		return page, fmt.Errorf("list %s: %w", table, err)
	}
	for i, r := range found {
		if i == n {
			page.Next = found[i-1].sequence
			break
		}
		page.Rows = append(page.Rows, r.row)
	}
	return page, nil
}
