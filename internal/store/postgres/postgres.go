// Package postgres stores the service's rows in PostgreSQL, for any number of nodes.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Queue inserts jobs in the transactions of this database.
type Queue interface {
	Insert(ctx context.Context, tx pgx.Tx, jobs []store.Job) error
}

// DB is the database. It implements [store.Store].
type DB struct {
	*sqlstore.Store
	pool   *pgxpool.Pool
	queue  Queue
	node   string
	tokens tokens
	clock  clock

	stop    context.CancelFunc // stops the background work
	running sync.WaitGroup
}

var (
	_ store.Store       = (*DB)(nil)
	_ sqlstore.Database = (*DB)(nil)
)

const maxConnections = 20 // per node; PostgreSQL's default limit is 100 in total

// Open connects to a database and runs its migrations on one node while the others wait.
func Open(ctx context.Context, url string) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("open the database: the URL is not a PostgreSQL URL") // the parser's error contains the URL with the password
	}
	if config.MaxConns < maxConnections {
		config.MaxConns = maxConnections
	}
	// Do not keep plans: a plan from when a table was small reads the whole table until
	// PostgreSQL analyzes it. This also works through a pooler that shares connections
	// between transactions.
	if config.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", withoutAddress(err))
	}
	db := &DB{pool: pool, node: domain.NewID("node")}
	db.Store = sqlstore.New(db)
	if err := errors.Join(db.migrate(ctx), db.heartbeat(ctx), db.partitionAtStart(ctx)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	db.stop = stop
	db.running.Go(func() { db.maintain(beside) })
	return db, nil
}

// withoutAddress keeps PostgreSQL's message and drops the address and user.
func withoutAddress(err error) error {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said
	}
	return errors.New("no answer: check that it is running and that the address is right")
}

// UseQueue sets the queue. Without a queue, jobs are dropped.
func (db *DB) UseQueue(q Queue) { db.queue = q }

// Pool returns the connections, for the queue.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Close closes all connections.
func (db *DB) Close() error {
	if db.stop != nil {
		db.stop()
	}
	db.running.Wait()
	db.pool.Close()
	return nil
}

// migrate runs the migrations, on one node at a time.
func (db *DB) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	conn := stdlib.OpenDBFromPool(db.pool)
	defer conn.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, files)
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	return db.Exclusively(ctx, "migrations", func() error { return db.Migrate(ctx, provider) })
}

// Exclusively runs f while no other node runs one of the same name. The lock belongs to a
// separate transaction, so it works through a pooler that shares connections.
func (db *DB) Exclusively(ctx context.Context, name string, f func() error) error {
	return pgx.BeginTxFunc(ctx, db.pool, ownTx, func(tx pgx.Tx) error {
		if err := db.Lock(ctx, transaction{tx}, []string{name}); err != nil {
			return fmt.Errorf("wait for other nodes: %w", err)
		}
		return f()
	})
}

// transaction is a [sqlstore.Tx].
type transaction struct{ pgx.Tx }

// Query implements [sqlstore.Querier].
func (t transaction) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	found, err := t.Tx.Query(ctx, query, args...)
	return rows{found}, err
}

// Exec implements [sqlstore.Tx].
func (t transaction) Exec(ctx context.Context, query string, args ...any) (changed int64, err error) {
	tag, err := t.Tx.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

// rows are [sqlstore.Rows].
type rows struct{ pgx.Rows }

// Close implements [sqlstore.Rows].
func (r rows) Close() error {
	r.Rows.Close()
	return nil
}

// Query implements [sqlstore.Querier].
func (db *DB) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	found, err := db.pool.Query(ctx, query, args...)
	return rows{found}, err
}

// tries is how often a transaction runs if it conflicts with others.
const tries = 5

// ownTx are the options of all transactions that write. They name the isolation level and
// the access mode: a database or a user can have another default, with which a transaction
// that has waited for a lock does not see what the other one has committed.
var ownTx = pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite}

// begin starts a transaction like ownTx that uses indexes, as all statements of the service
// should. Without statistics of a new table or partition, PostgreSQL estimates that each key
// matches a large part of the rows, and would read the whole table.
const begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"

// Tx implements [sqlstore.Database].
func (db *DB) Tx(ctx context.Context, f func(sqlstore.Tx) error) (err error) {
	for range tries {
		err = pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{BeginQuery: begin}, func(tx pgx.Tx) error { return f(transaction{tx}) })
		var said *pgconn.PgError
		if !errors.As(err, &said) || said.Code != "40P01" && said.Code != "40001" { // a deadlock, or transactions that cannot be serialized
			return err
		}
	}
	return err
}

// Append implements [sqlstore.Database]. IS TRUE keeps PostgreSQL from turning the
// condition into a join, which would compare all pairs of rows, since begin disables the
// other kinds of join.
func (db *DB) Append(ctx context.Context, tx sqlstore.Tx, events []sqlstore.EventRow) ([]bool, error) {
	first := map[[2]string]int{} // a batch may contain an event twice
	var c columns
	for i, r := range events {
		key := [2]string{r.Environment, r.ID}
		if _, twice := first[key]; twice {
			continue
		}
		first[key] = i
		c.add(r)
	}
	fresh := make([]bool, len(events))
	stored, err := mark(ctx, tx, first, fresh, `WITH given AS (
			SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[], $10::bigint[], $11::text[], $12::text[])
				AS g (environment, id, name, created_at, object_type, object_id, body, headers, via, received_at, state, reason)),
		fresh AS (
			INSERT INTO event_keys (environment, id, received_at) SELECT environment, id, received_at FROM given ORDER BY environment, id
			ON CONFLICT DO NOTHING RETURNING environment, id)
		INSERT INTO events (environment, id, name, created_at, object_type, object_id, body, headers, via, received_at, state, reason)
			SELECT * FROM given WHERE ((environment, id) IN (SELECT environment, id FROM fresh)) IS TRUE RETURNING environment, id`,
		c.environment, c.id, c.name, c.createdAt, c.objectType, c.objectID, c.body, c.headers, c.via, c.receivedAt, c.state, c.reason)
	if err != nil || stored == len(first) {
		return fresh, err
	}
	_, err = mark(ctx, tx, first, fresh, `UPDATE events e SET via = g.via, state = g.state, reason = g.reason
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS g (environment, id, via, state, reason)
		WHERE g.via = 'webhook' AND e.via = 'history' AND e.environment = g.environment AND e.id = g.id RETURNING e.environment, e.id`,
		c.environment, c.id, c.via, c.state, c.reason)
	return fresh, err
}

// columns are the rows of events as one list per column.
type columns struct {
	environment, id, name, objectType, objectID, headers, via, state, reason []string
	createdAt, receivedAt                                                    []int64
	body                                                                     [][]byte
}

func (c *columns) add(r sqlstore.EventRow) {
	c.environment, c.id, c.name = append(c.environment, r.Environment), append(c.id, r.ID), append(c.name, r.Name)
	c.createdAt, c.objectType, c.objectID = append(c.createdAt, r.CreatedAt), append(c.objectType, r.ObjectType), append(c.objectID, r.ObjectID)
	c.body, c.headers, c.via = append(c.body, r.Body), append(c.headers, r.Headers), append(c.via, r.Via)
	c.receivedAt, c.state = append(c.receivedAt, r.ReceivedAt), append(c.state, r.State)
	c.reason = append(c.reason, r.Reason)
}

// mark runs a query that returns the environments and ids of events, and sets their entries
// in fresh. first maps each event to its index.
func mark(ctx context.Context, tx sqlstore.Tx, first map[[2]string]int, fresh []bool, query string, args ...any) (marked int, err error) {
	found, err := tx.Query(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	defer found.Close()
	for found.Next() {
		var key [2]string
		if err := found.Scan(&key[0], &key[1]); err != nil {
			return marked, err
		}
		fresh[first[key]] = true
		marked++
	}
	return marked, found.Err()
}

// Enqueue implements [sqlstore.Database].
func (db *DB) Enqueue(ctx context.Context, tx sqlstore.Tx, jobs []store.Job) error {
	if db.queue == nil || len(jobs) == 0 {
		return nil
	}
	return db.queue.Insert(ctx, tx.(transaction).Tx, jobs)
}

// Lock implements [sqlstore.Database] with advisory locks that end with the transaction.
// They are always taken in the same order.
func (db *DB) Lock(ctx context.Context, tx sqlstore.Tx, names []string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended(name, 0) AS key FROM unnest($1::text[]) AS name ORDER BY key) AS keys", names)
	return err
}

// List implements [sqlstore.Database].
func (db *DB) List(texts []string) any { return texts }

// In implements [sqlstore.Database].
func (db *DB) In(parameter string) string { return "= ANY (" + parameter + "::text[])" }

// Each implements [sqlstore.Database].
func (db *DB) Each(parameter string) string {
	return "unnest(" + parameter + "::text[]) AS each (value)"
}

// ForUpdate implements [sqlstore.Database].
func (db *DB) ForUpdate() string { return " FOR UPDATE" }

// Waiting implements [sqlstore.Database].
func (db *DB) Waiting(ctx context.Context, env domain.Environment, refs []domain.Ref, limit int, columns string) (sqlstore.Rows, error) {
	types, ids := split(refs)
	return db.Query(ctx, `SELECT `+columns+` FROM unnest($2::text[], $3::text[]) AS wanted (wanted_type, wanted_id) CROSS JOIN LATERAL
		(SELECT * FROM events WHERE environment = $1 AND object_id = wanted_id AND object_type = wanted_type AND state = 'waiting' ORDER BY sequence LIMIT $4) AS waiting`,
		env, types, ids, limit)
}

// Newest implements [sqlstore.Database].
func (db *DB) Newest(ctx context.Context, env domain.Environment, table, columns string, objects []string, first int64, limit int) (sqlstore.Rows, error) {
	return db.Query(ctx, `SELECT `+columns+` FROM unnest($2::text[]) AS given (about) CROSS JOIN LATERAL
		(SELECT * FROM `+table+` WHERE environment = $1 AND object_id = about AND object_id <> '' AND sequence <= $3 ORDER BY sequence DESC LIMIT $4) AS newest ORDER BY newest.sequence DESC LIMIT $4`,
		env, objects, first, limit)
}

// Stored implements [sqlstore.Database].
func (db *DB) Stored(ctx context.Context, env domain.Environment, refs []domain.Ref, columns string) (sqlstore.Rows, error) {
	types, ids := split(refs)
	return db.Query(ctx, `SELECT `+columns+` FROM unnest($2::text[], $3::text[]) AS wanted (wanted_type, wanted_id) CROSS JOIN LATERAL
		(SELECT * FROM objects WHERE environment = $1 AND type = wanted_type AND id = wanted_id LIMIT 1) AS stored`, env, types, ids)
}

func split(refs []domain.Ref) (types, ids []string) {
	for _, ref := range refs {
		types, ids = append(types, ref.Type), append(ids, ref.ID)
	}
	return types, ids
}

// CommitLimits implements [sqlstore.Database]. One transaction is prepared while another
// one waits for the disk.
func (db *DB) CommitLimits() sqlstore.CommitLimits {
	return sqlstore.CommitLimits{Parallel: 2, Size: 1024}
}

// Rejects implements [sqlstore.Database]: invalid data, a violated constraint, or a value
// that is too long for an index.
func (db *DB) Rejects(err error) bool {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return false
	}
	return strings.HasPrefix(said.Code, "22") || strings.HasPrefix(said.Code, "23") || strings.HasPrefix(said.Code, "54")
}

// Ping implements [store.Store].
func (db *DB) Ping(ctx context.Context) error { return db.heartbeat(ctx) }
