// Package sqlite keeps the service's rows in one file, for one node. It passes the
// suite in storetest.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Queue runs the jobs of this database: it inserts them with the data.
type Queue interface {
	Insert(ctx context.Context, tx *sql.Tx, jobs []store.Job) error
}

// DB is the database. It implements [store.Store].
type DB struct {
	write *sql.DB // one connection: SQLite has one writer at a time
	read  *sql.DB
	queue Queue
	zip   *zstd.Encoder
	unzip *zstd.Decoder

	stop    context.CancelFunc // ends the checkpoints
	running sync.WaitGroup
}

var _ store.Store = (*DB)(nil)

// pragmas are set on every connection.
//
//   - WAL lets readers go on while the writer writes.
//   - synchronous=FULL makes a commit survive a power cut: a 200 promises that.
//   - busy_timeout covers the moments in which a checkpoint holds the lock.
//   - wal_autocheckpoint, in pages, is raised: checkpoint does this beside the commits,
//     and a commit pays for it only if the writes never pause.
const pragmas = "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(ON)&_pragma=wal_autocheckpoint(16000)"

// Open opens the database in a file, and makes its tables where they are missing.
func Open(ctx context.Context, path string) (*DB, error) {
	write, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&"+pragmas)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", "file:"+path+"?"+pragmas+"&_pragma=query_only(ON)")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), write.Close())
	}
	read.SetMaxOpenConns(8)
	db := &DB{write: write, read: read}
	// Speed over size: bodies are compressed on the way of every webhook.
	db.zip, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
	db.unzip, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(64<<20))
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	checkpoints, stop := context.WithCancel(context.WithoutCancel(ctx))
	db.stop = stop
	db.running.Go(func() { db.checkpoint(checkpoints) })
	return db, nil
}

// checkpoint moves what the log holds into the database, once a second.
func (db *DB) checkpoint(ctx context.Context) {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			// Where it cannot, the next one can, or the one that a commit pays for.
			_, _ = db.read.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
		}
	}
}

// UseQueue sets what runs the jobs. Without a queue, jobs are dropped.
func (db *DB) UseQueue(q Queue) { db.queue = q }

// Writer is the connection that writes, for the queue.
func (db *DB) Writer() *sql.DB { return db.write }

// Close closes the database.
func (db *DB) Close() error {
	if db.stop != nil {
		db.stop()
	}
	db.running.Wait()
	db.unzip.Close()
	return errors.Join(db.read.Close(), db.write.Close())
}

func (db *DB) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.write, files)
	if err != nil {
		return fmt.Errorf("prepare the tables: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the database: %w", err)
	}
	if current > target {
		return store.ErrNewer
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	return nil
}

// tx runs f in a transaction that commits when f returns nil.
func (db *DB) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer tx.Rollback() // without effect after a commit
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (db *DB) enqueue(ctx context.Context, tx *sql.Tx, jobs []store.Job) error {
	if db.queue == nil || len(jobs) == 0 {
		return nil
	}
	return db.queue.Insert(ctx, tx, jobs)
}

// Resume implements [store.Store].
func (db *DB) Resume(ctx context.Context) error {
	return db.tx(ctx, func(tx *sql.Tx) error {
		var jobs []store.Job
		rows, err := tx.QueryContext(ctx, `SELECT 'advance', environment, object_type, object_id, '', 0 FROM events WHERE state = 'waiting' GROUP BY environment, object_type, object_id
			UNION ALL SELECT 'perform', environment, '', '', id, next_attempt_at FROM actions WHERE sequence IN
				(SELECT min(sequence) FROM actions WHERE state = 'waiting' GROUP BY environment, decision_id)`)
		if err != nil {
			return fmt.Errorf("find what waits: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var job store.Job
			var at int64
			if err := rows.Scan(&job.Kind, &job.Environment, &job.Object.Type, &job.Object.ID, &job.Action, &at); err != nil {
				return fmt.Errorf("find what waits: %w", err)
			}
			job.At = moment(at)
			jobs = append(jobs, job)
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("find what waits: %w", err)
		}
		return db.enqueue(ctx, tx, jobs)
	})
}

// Ping implements [store.Store].
func (db *DB) Ping(ctx context.Context) error {
	return db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "CREATE TABLE ping (x); DROP TABLE ping")
		return err
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

// list reads one page, newest first. The query ends in conditions; columns must
// start with sequence.
func list[T any](ctx context.Context, db *DB, columns, table string, env domain.Environment, f store.Filter, scan func(*sql.Rows, *int64) (T, error)) (store.Page[T], error) {
	query := "SELECT " + columns + " FROM " + table + " WHERE environment = ?"
	args := []any{env}
	if !f.Object.IsZero() {
		id := "object_id"
		if table == "objects" {
			id = "id"
		}
		query += " AND " + id + " = ?"
		args = append(args, f.Object.ID)
	}
	if f.State != "" {
		query += " AND state = ?"
		args = append(args, f.State)
	}
	if f.Before > 0 {
		query += " AND sequence < ?"
		args = append(args, f.Before)
	}
	n := limit(f)
	rows, err := db.read.QueryContext(ctx, query+" ORDER BY sequence DESC LIMIT ?", append(args, n+1)...)
	if err != nil {
		return store.Page[T]{}, fmt.Errorf("list %s: %w", table, err)
	}
	defer rows.Close()
	var page store.Page[T]
	var last int64
	for rows.Next() {
		var sequence int64
		row, err := scan(rows, &sequence)
		if err != nil {
			return page, fmt.Errorf("list %s: %w", table, err)
		}
		if len(page.Rows) == n {
			page.Next = last
			break
		}
		page.Rows = append(page.Rows, row)
		last = sequence
	}
	return page, rows.Err()
}
