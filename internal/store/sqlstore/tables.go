// Package sqlstore contains the queries on the service's tables, in SQL that SQLite and
// PostgreSQL share. [Database] is what differs. Each database implements it in a package of
// its own.
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
	"github.com/idemhq/idem/internal/vault"
)

// Database is the part of the store that differs between databases.
type Database interface {
	Querier

	// Tx runs f in a transaction that commits if f returns nil. If the transaction
	// conflicts with another one, it may run f again.
	Tx(ctx context.Context, f func(Tx) error) error

	// Append stores new events, as described at [store.Store], and reports which were new.
	Append(ctx context.Context, tx Tx, events []EventRow) (fresh []bool, err error)

	// Enqueue inserts jobs that run after the commit.
	Enqueue(ctx context.Context, tx Tx, jobs []store.Job) error

	// Lock locks names exclusively until the transaction ends.
	Lock(ctx context.Context, tx Tx, names []string) error

	// Waiting reads columns of up to limit waiting events of each object, ordered by
	// sequence.
	Waiting(ctx context.Context, env domain.Environment, refs []domain.Ref, limit int, columns string) (Rows, error)

	// Newest reads columns of up to limit rows of a table about each object, the newest of
	// those whose sequence is at most first. The tables are events, decisions, actions and
	// audit.
	Newest(ctx context.Context, env domain.Environment, table, columns string, objects []string, first int64, limit int) (Rows, error)

	// Stored reads columns of the objects that exist.
	Stored(ctx context.Context, env domain.Environment, refs []domain.Ref, columns string) (Rows, error)

	// List converts strings to the value of a list parameter: see In.
	List(texts []string) any

	// In returns a condition, to be appended to an expression, that it is in the list of a
	// parameter.
	In(parameter string) string

	// Each returns a table with one column, value, of the list of a parameter.
	Each(parameter string) string

	// Snapshot runs f with a querier whose queries all see the same state.
	Snapshot(ctx context.Context, f func(Querier) error) error

	// Moment converts a time to a parameter that can be compared with a column of a view.
	Moment(at time.Time) any

	// ForUpdate returns the end of a query that locks the rows it finds.
	ForUpdate() string

	// CommitLimits bound the transactions in which several workers save together.
	CommitLimits() CommitLimits

	// Rejects reports whether an error means that a value can never be stored.
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

	// Insert and Update run a statement for many rows, and report which of them took
	// effect.
	Insert(ctx context.Context, statement Insert, rows [][]any) (done []bool, err error)
	Update(ctx context.Context, statement Update, rows [][]any) (done []bool, err error)
}

// Rows are the result of a query. Close them before the next query of the same transaction.
type Rows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
	Close() error
}

// Store implements [store.Store] except for claims and Ping, which each database
// implements.
type Store struct {
	db      Database
	version int64 // version of the tables that this program uses
	vault   vault.Vault
	saves   group[save, store.Saved]
	actions group[actionSave, int64]
}

// New returns the store of a database.
func New(db Database) *Store {
	s := &Store{db: db}
	s.saves.limits, s.actions.limits = db.CommitLimits(), db.CommitLimits()
	s.saves.commit, s.saves.size = s.commitSaves, func(call save) int { return len(call.advances) }
	s.actions.commit, s.actions.size = s.commitActions, func(actionSave) int { return 1 }
	return s
}

// pack compresses a body. It runs for every webhook, so speed matters more than size: s2
// takes a fifth of the time of zstd.
func pack(body []byte) []byte { return s2.Encode(nil, body) }

// maxBody is more than the length of any body; data that claims to be longer is corrupt.
const maxBody = 64 << 20

func unpack(packed []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(packed); err != nil || n > maxBody {
		return nil, errors.New("the body is damaged")
	}
	return s2.Decode(nil, packed)
}

// collect reads and closes rows.
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

// one reads the first row of a query, if there is one.
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

// micros converts a time to the tables' format; zero means none.
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
	b, _ := json.Marshal(v) // cannot fail: maps, slices and structs of strings
	return string(b)
}

func limit(f store.Filter) int {
	if f.Limit <= 0 {
		return 50
	}
	return min(f.Limit, 100)
}

// list reads a page. The columns must start with sequence.
func list[T any](ctx context.Context, q Querier, columns, table string, env domain.Environment, f store.Filter, scan func(Rows, *int64) (T, error)) (store.Page[T], error) {
	query := "SELECT " + columns + " FROM " + table + " WHERE environment = $1"
	args := []any{env}
	narrow := func(condition string, value any) {
		args = append(args, value)
		query += fmt.Sprintf(" AND "+condition, len(args))
	}
	if f.Cases && table == "objects" {
		query += " AND type = 'case'" // they have a partial index
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
		query += " AND state = '" + f.State + "'" // these states have partial indexes
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
	if table == "verifications" {
		if f.Reference != "" {
			narrow("reference_id = $%d", f.Reference)
		}
		if f.Flow != "" {
			narrow("flow = $%d", f.Flow)
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
