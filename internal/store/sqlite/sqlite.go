// Package sqlite stores the service's rows in one file, for one node.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Queue inserts jobs in the transactions of this database.
type Queue interface {
	Insert(ctx context.Context, tx *sql.Tx, jobs []store.Job) error
	Committed(jobs []store.Job) // by a transaction that inserted them
}

// DB is the database. It implements [store.Store].
type DB struct {
	*sqlstore.Store
	write *sql.DB // one connection, since SQLite has one writer at a time
	read  *sql.DB
	queue Queue
	claims

	stop    context.CancelFunc // stops the checkpoints
	running sync.WaitGroup
}

var (
	_ store.Store       = (*DB)(nil)
	_ sqlstore.Database = (*DB)(nil)
)

// pragmas are set on every connection.
//
//   - WAL lets readers continue during a write.
//   - synchronous=FULL makes commits survive a power failure, which a 200 promises.
//   - busy_timeout covers the moments in which a checkpoint holds the lock.
//   - wal_autocheckpoint, in pages, is high: checkpoint runs in the background, and a
//     commit runs one only if the writes never pause.
const pragmas = "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(ON)&_pragma=wal_autocheckpoint(16000)"

const readers = 8 // connections

// Open opens the database in a file and runs its migrations.
func Open(ctx context.Context, path string) (*DB, error) {
	if err := private(path); err != nil {
		return nil, err
	}
	write, err := open("file:" + path + "?_txlock=immediate&" + pragmas)
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := open("file:" + path + "?" + pragmas + "&_pragma=query_only(ON)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers) // opening one takes milliseconds: it reads the schema, and prepares its statements
	db := &DB{write: write, read: read}
	db.Store = sqlstore.New(db)
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	checkpoints, stop := context.WithCancel(context.WithoutCancel(ctx))
	db.stop = stop
	db.running.Go(func() { db.checkpoint(checkpoints) })
	return db, nil
}

// private makes a new database that only its owner can read, also in a folder that others
// can read. SQLite gives its other files the mode of the database. An existing one keeps its
// mode.
func private(path string) error {
	// An existing file is not opened: closing it would release the locks that SQLite holds
	// on it for this process.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return f.Close()
}

// checkpoint moves the write-ahead log into the database once a second.
func (db *DB) checkpoint(ctx context.Context) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			// After a failure, the next checkpoint or a commit does it.
			_, _ = db.read.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
		}
	}
}

// UseQueue sets the queue. Without a queue, jobs are dropped.
func (db *DB) UseQueue(q Queue) { db.queue = q }

// Writer returns the connection for writing, for the queue.
func (db *DB) Writer() *sql.DB { return db.write }

// Close closes the database.
func (db *DB) Close() error {
	if db.stop != nil {
		db.stop()
	}
	db.running.Wait()
	return errors.Join(db.read.Close(), db.write.Close())
}

func (db *DB) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.write, files)
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	return db.Migrate(ctx, provider)
}

// Tx implements [sqlstore.Database].
func (db *DB) Tx(ctx context.Context, f func(sqlstore.Tx) error) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer tx.Rollback() // no effect after a commit
	t := &transaction{Tx: tx}
	if err := f(t); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if len(t.jobs) > 0 {
		db.queue.Committed(t.jobs)
	}
	return nil
}

// transaction is a [sqlstore.Tx].
type transaction struct {
	*sql.Tx
	jobs []store.Job // that it inserted
}

// Query implements [sqlstore.Querier].
func (t *transaction) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	return t.QueryContext(ctx, query, args...)
}

// Exec implements [sqlstore.Tx].
func (t *transaction) Exec(ctx context.Context, query string, args ...any) (changed int64, err error) {
	res, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Insert implements [sqlstore.Tx].
func (t *transaction) Insert(ctx context.Context, statement sqlstore.Insert, rows [][]any) ([]bool, error) {
	return t.each(ctx, statement.One(), rows)
}

// Update implements [sqlstore.Tx].
func (t *transaction) Update(ctx context.Context, statement sqlstore.Update, rows [][]any) ([]bool, error) {
	return t.each(ctx, statement.One(), rows)
}

func (t *transaction) each(ctx context.Context, query string, rows [][]any) ([]bool, error) {
	done := make([]bool, len(rows))
	for i := range rows {
		changed, err := t.Exec(ctx, query, rows[i]...)
		if err != nil {
			return nil, err
		}
		done[i] = changed > 0
	}
	return done, nil
}

// Query implements [sqlstore.Querier].
func (db *DB) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	return db.read.QueryContext(ctx, query, args...)
}

// Append implements [sqlstore.Database].
func (db *DB) Append(ctx context.Context, tx sqlstore.Tx, events []sqlstore.EventRow) ([]bool, error) {
	insert, err := tx.(*transaction).PrepareContext(ctx, `INSERT INTO events (environment, id, name, created_at, object_type, object_id, body, headers, via, received_at, state, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (environment, id)
			DO UPDATE SET via = excluded.via, state = excluded.state, reason = excluded.reason, received_at = excluded.received_at WHERE events.via = 'history' AND excluded.via = 'webhook'`)
	if err != nil {
		return nil, err
	}
	defer insert.Close()
	fresh := make([]bool, len(events))
	for i, r := range events {
		res, err := insert.ExecContext(ctx, r.Environment, r.ID, r.Name, r.CreatedAt, r.ObjectType, r.ObjectID, r.Body, r.Headers, r.Via, r.ReceivedAt, r.State, r.Reason)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", r.ID, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return nil, err
		}
		fresh[i] = n == 1
	}
	return fresh, nil
}

// Enqueue implements [sqlstore.Database].
func (db *DB) Enqueue(ctx context.Context, tx sqlstore.Tx, jobs []store.Job) error {
	if db.queue == nil || len(jobs) == 0 {
		return nil
	}
	t := tx.(*transaction)
	t.jobs = append(t.jobs, jobs...)
	return db.queue.Insert(ctx, t.Tx, jobs)
}

// Lock implements [sqlstore.Database]: there is one writer.
func (db *DB) Lock(context.Context, sqlstore.Tx, []string) error { return nil }

// List implements [sqlstore.Database].
func (db *DB) List(texts []string) any {
	list, _ := json.Marshal(texts) // cannot fail: they are strings
	return string(list)
}

// In implements [sqlstore.Database].
func (db *DB) In(parameter string) string {
	return "IN (SELECT value FROM json_each(" + parameter + "))"
}

// Each implements [sqlstore.Database].
func (db *DB) Each(parameter string) string { return "json_each(" + parameter + ")" }

// ForUpdate implements [sqlstore.Database]: there is one writer.
func (db *DB) ForUpdate() string { return "" }

// Waiting implements [sqlstore.Database].
func (db *DB) Waiting(ctx context.Context, env domain.Environment, refs []domain.Ref, limit int, columns string) (sqlstore.Rows, error) {
	found := &chain{}
	for _, ref := range refs {
		found.queries = append(found.queries, func() (sqlstore.Rows, error) {
			// Otherwise SQLite would use the index of all events of an object, of which
			// there may be very many.
			return db.Query(ctx, "SELECT "+columns+" FROM events INDEXED BY events_waiting WHERE environment = $1 AND object_id = $2 AND object_type = $3 AND state = 'waiting' ORDER BY sequence LIMIT $4",
				env, ref.ID, ref.Type, limit)
		})
	}
	return found, nil
}

// Newest implements [sqlstore.Database]. Without INDEXED BY, SQLite can prefer the primary key
// of the audit trail, and would read the entries about everybody.
func (db *DB) Newest(ctx context.Context, env domain.Environment, table, columns string, objects []string, first int64, limit int) (sqlstore.Rows, error) {
	found := &chain{}
	for _, id := range objects {
		found.queries = append(found.queries, func() (sqlstore.Rows, error) {
			return db.Query(ctx, "SELECT "+columns+" FROM "+table+" INDEXED BY "+table+"_of_object WHERE environment = $1 AND object_id = $2 AND object_id <> '' AND sequence <= $3 ORDER BY sequence DESC LIMIT $4",
				env, id, first, limit)
		})
	}
	return found, nil
}

// Stored implements [sqlstore.Database].
func (db *DB) Stored(ctx context.Context, env domain.Environment, refs []domain.Ref, columns string) (sqlstore.Rows, error) {
	found := &chain{}
	for _, ref := range refs {
		found.queries = append(found.queries, func() (sqlstore.Rows, error) {
			return db.Query(ctx, "SELECT "+columns+" FROM objects WHERE environment = $1 AND type = $2 AND id = $3", env, ref.Type, ref.ID)
		})
	}
	return found, nil
}

// chain concatenates the rows of several queries.
type chain struct {
	queries []func() (sqlstore.Rows, error)
	current sqlstore.Rows
	err     error
}

// Next implements [sqlstore.Rows].
func (c *chain) Next() bool {
	for {
		if c.current != nil {
			if c.current.Next() {
				return true
			}
			c.err = errors.Join(c.current.Err(), c.current.Close())
			c.current = nil
		}
		if c.err != nil || len(c.queries) == 0 {
			return false
		}
		c.current, c.err = c.queries[0]()
		c.queries = c.queries[1:]
		if c.err != nil {
			c.current = nil
			return false
		}
	}
}

// Scan implements [sqlstore.Rows].
func (c *chain) Scan(into ...any) error { return c.current.Scan(into...) }

// Err implements [sqlstore.Rows].
func (c *chain) Err() error { return c.err }

// Close implements [sqlstore.Rows].
func (c *chain) Close() error {
	if c.current == nil {
		return nil
	}
	return c.current.Close()
}

// CommitLimits implements [sqlstore.Database]. There is one writer: intake waits for its
// transaction before it can answer a webhook.
func (db *DB) CommitLimits() sqlstore.CommitLimits {
	return sqlstore.CommitLimits{Parallel: 1, Size: 128}
}

// Rejects implements [sqlstore.Database].
func (db *DB) Rejects(err error) bool {
	var said *sqlite.Error
	if !errors.As(err, &said) {
		return false
	}
	switch said.Code() & 0xff {
	case sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE:
		return true
	default:
		return false
	}
}

// Now returns this machine's time, since only one process uses a database.
func (db *DB) Now() time.Time { return time.Now() }

// Ping implements [store.Store].
func (db *DB) Ping(ctx context.Context) error {
	return db.Tx(ctx, func(tx sqlstore.Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE ping (x); DROP TABLE ping")
		return err
	})
}
