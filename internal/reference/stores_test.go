package reference

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/pgtest"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/queue"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
	"github.com/idemhq/idem/internal/telemetry"
)

var server *pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m, &server)) }

// testTimeout is how long the tests wait for work to be finished.
const testTimeout = 2 * time.Minute

// node is an advancer with a database and a queue.
type node struct {
	store.Store
	advancer *advance.Advancer
}

func (n *node) work() queue.Workers {
	return queue.Workers{
		Advance: func(ctx context.Context, env domain.Environment, refs []domain.Ref) error {
			return n.advancer.Advance(ctx, env, refs)
		},
		Read: func(ctx context.Context, env domain.Environment, ref domain.Ref, failures int) error {
			return n.advancer.Read(ctx, env, ref, failures)
		},
		Perform: func(context.Context, domain.Environment, string) error { return nil }, // actions have no effect in these worlds
	}
}

func (n *node) use(s store.Store, p *persona, real *policy.Policy) {
	environments := map[domain.Environment]advance.Deps{domain.Sandbox: {Reader: p, Policy: real}}
	n.Store, n.advancer = s, advance.New(s, environments, telemetry.New(), slog.New(slog.DiscardHandler), time.Now)
}

// openSQLite opens an empty database whose commits do not wait for the disk, since these tests
// make thousands and kill nothing.
func openSQLite(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlitetest.New(t))
	must(t, err)
	_, err = db.Writer().ExecContext(t.Context(), "PRAGMA synchronous = OFF") // of the only connection that writes
	must(t, err)
	return db
}

// onSQLite returns a node with its own database.
func onSQLite(t *testing.T, p *persona, real *policy.Policy) *node {
	t.Helper()
	db := openSQLite(t)
	n := &node{}
	n.use(db, p, real)
	q, err := queue.SQLite(t.Context(), db.Writer(), slog.New(slog.DiscardHandler), n.work())
	must(t, err)
	db.UseQueue(q)
	run(t, q, db)
	return n
}

// onPostgreSQL returns a node with a shared database.
func onPostgreSQL(t *testing.T, url string, p *persona, real *policy.Policy) *node {
	t.Helper()
	db, err := postgres.Open(t.Context(), url)
	must(t, err)
	n := &node{}
	n.use(db, p, real)
	q, err := queue.Postgres(t.Context(), db.Pool(), slog.New(slog.DiscardHandler), n.work(), db.Now)
	must(t, err)
	db.UseQueue(q)
	run(t, q, db)
	return n
}

func run(t *testing.T, q interface {
	Start(context.Context) error
	Stop(context.Context) error
}, db interface{ Close() error }) {
	t.Helper()
	must(t, q.Start(context.WithoutCancel(t.Context())))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
		defer cancel()
		if err := errors.Join(q.Stop(ctx), db.Close()); err != nil {
			t.Error(err)
		}
	})
}

// inOrder is a node whose jobs the test runs itself, one after the other.
type inOrder struct {
	node
	jobs []store.Job
}

// Insert records jobs.
func (o *inOrder) Insert(_ context.Context, _ *sql.Tx, jobs []store.Job) error {
	o.jobs = append(o.jobs, jobs...)
	return nil
}

// Committed has nothing to wake.
func (*inOrder) Committed([]store.Job) {}

func newInOrder(t *testing.T, p *persona, real *policy.Policy) *inOrder {
	t.Helper()
	db := openSQLite(t)
	t.Cleanup(func() { must(t, db.Close()) })
	o := &inOrder{}
	o.use(db, p, real)
	db.UseQueue(o)
	return o
}

// deliver stores events and runs jobs until none are left.
func (o *inOrder) deliver(t *testing.T, events ...domain.Event) {
	t.Helper()
	_, err := o.AppendEvents(t.Context(), events)
	must(t, err)
	for len(o.jobs) > 0 {
		job := o.jobs[0]
		o.jobs = o.jobs[1:]
		switch job.Kind {
		case store.JobAdvance:
			must(t, o.advancer.Advance(t.Context(), job.Environment, []domain.Ref{job.Object}))
		case store.JobRead:
			must(t, o.advancer.Read(t.Context(), job.Environment, job.Object, 0))
		}
	}
}

// settle waits until no event is waiting.
func settle(t *testing.T, s store.Store) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); ; time.Sleep(20 * time.Millisecond) {
		backlog, err := s.Backlog(t.Context(), domain.Sandbox)
		must(t, err)
		if backlog.Poison > 0 {
			t.Fatalf("events were set aside: %+v", backlog)
		}
		if backlog.Waiting == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still waiting: %+v", backlog)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// all returns all rows of a list, oldest first.
func all[T any](t *testing.T, list func(context.Context, domain.Environment, store.Filter) (store.Page[T], error)) (rows []T) {
	t.Helper()
	for row, err := range store.All(t.Context(), list, domain.Sandbox, store.Filter{Limit: 100}) {
		must(t, err)
		rows = append(rows, row)
	}
	for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
		rows[i], rows[j] = rows[j], rows[i]
	}
	return rows
}

// mail delivers events to nodes in any order, late, and some twice.
type mail struct {
	mu      sync.Mutex
	waiting []event
}

func (m *mail) add(events []event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting = append(m.waiting, events...)
}

// take returns some pending events, and keeps some of them for a second delivery.
func (m *mail) take(d *draw, n int) (taken []event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d.Shuffle(len(m.waiting), func(i, j int) { m.waiting[i], m.waiting[j] = m.waiting[j], m.waiting[i] })
	n = min(n, len(m.waiting))
	taken, m.waiting = m.waiting[:n:n], m.waiting[n:]
	for _, e := range taken {
		if d.chance(10) {
			m.waiting = append(m.waiting, e)
		}
	}
	return taken
}

func (m *mail) empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.waiting) == 0
}
