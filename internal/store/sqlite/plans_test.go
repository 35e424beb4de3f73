package sqlite

import (
	"context"
	"database/sql"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/storetest"
)

// queued is a queue that only records jobs.
type queued struct{ jobs *storetest.Jobs }

func (q queued) Insert(_ context.Context, _ *sql.Tx, jobs []store.Job) error {
	q.jobs.Add(jobs)
	return nil
}

func (queued) Committed([]store.Job) {}

// ours matches the tables that grow.
var ours = regexp.MustCompile(`\b(events|objects|relations|decisions|actions|notifications|deliveries|audit|subjects|verifications)\b`)

// grows reports whether the number of rows that a step of a query plan reads grows with the
// environment.
func grows(query, step string) bool {
	if !ours.MatchString(step) {
		return false
	}
	_, index, _ := strings.Cut(step, "INDEX ")
	index, _, _ = strings.Cut(index, " ")
	switch {
	case slices.Contains([]string{"events_waiting", "events_poison", "events_retried", "deliveries_waiting", "deliveries_open", "deliveries_failed"}, index):
		return false // these tables contain only unfinished work
	case strings.HasSuffix(index, "_by_sequence"), strings.Contains(step, "audit USING PRIMARY KEY (environment=?"):
		return !strings.Contains(query, "LIMIT") || strings.Contains(query, "object_id =") // with a limit, a page is read from one end, unless it is about some objects
	case strings.HasPrefix(step, "SCAN"):
		return true
	default:
		return strings.HasSuffix(step, "(environment=?)")
	}
}

// whole are the queries that may read all rows, and when they run.
var whole = map[string]string{
	"FROM actions WHERE sequence IN": "when the service starts: those that wait are found by their state",
}

// TestNoQueryReadsAllRows checks SQLite's plans of all queries that the store's suite has
// caused. SQLite has no statistics here, so its plans do not depend on the number of rows.
func TestNoQueryReadsAllRows(t *testing.T) {
	queries := map[string]bool{}
	empty := migrated(t)
	open := func(t *testing.T) *DB {
		path := filepath.Join(t.TempDir(), "idem.db")
		if err := os.WriteFile(path, empty, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			for _, pool := range []*sql.DB{db.read, db.write} {
				for _, query := range kept(t, pool) {
					queries[query] = true
				}
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return db
	}
	storetest.Run(t, func(t *testing.T) (store.Store, *storetest.Jobs) {
		db, jobs := open(t), &storetest.Jobs{}
		db.UseQueue(queued{jobs})
		return db, jobs
	})
	t.Run("lists", func(t *testing.T) {
		db := open(t)
		for _, f := range []store.Filter{{}, {Object: domain.Ref{ID: "inq_1"}}, {State: "waiting"}, {Event: "evt_1"}, {Before: 7}, {After: 7, Oldest: true}} {
			_, events := db.Events(t.Context(), domain.Sandbox, f)
			_, objects := db.Objects(t.Context(), domain.Sandbox, f)
			_, notifications := db.Notifications(t.Context(), domain.Sandbox, f)
			_, actions := db.Actions(t.Context(), domain.Sandbox, f)
			f.State = ""
			_, decisions := db.Decisions(t.Context(), domain.Sandbox, f)
			for _, err := range []error{events, objects, notifications, actions, decisions} {
				if err != nil {
					t.Error(err)
				}
			}
		}
	})

	db := open(t)
	asked := 0
	for _, query := range slices.Sorted(maps.Keys(queries)) {
		verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
		if !ours.MatchString(query) || !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, verb) || migrates(query) {
			continue
		}
		asked++
		for _, step := range plan(t, db, query) {
			if grows(query, step) && !slices.ContainsFunc(slices.Collect(maps.Keys(whole)), func(part string) bool { return strings.Contains(query, part) }) {
				t.Errorf("%s\n\t%s", query, step)
			}
		}
	}
	if asked < 50 {
		t.Errorf("only %d queries ran", asked)
	}
}

// migrated is the content of a new database. Migrating one takes longer than most tests of
// the suite.
func migrated(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "idem.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil { // moves the write-ahead log into the file
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// migrates reports whether a query belongs to a migration.
func migrates(query string) bool {
	files, _ := migrations.ReadDir("migrations")
	for _, file := range files {
		text, err := migrations.ReadFile("migrations/" + file.Name())
		if err != nil || strings.Contains(string(text), strings.TrimSpace(query)) {
			return true
		}
	}
	return false
}

// kept returns the queries that a pool's connections have run.
func kept(t *testing.T, pool *sql.DB) []string {
	var queries []string
	ctx := context.WithoutCancel(t.Context())
	for range pool.Stats().OpenConnections {
		c, err := pool.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() // after all connections were asked
		err = c.Raw(func(driver any) error {
			queries = slices.AppendSeq(queries, maps.Keys(driver.(*connection).idle))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return queries
}

func plan(t *testing.T, db *DB, query string) []string {
	t.Helper()
	args := make([]any, strings.Count(query, "$"))
	for i := range args {
		args[i] = "x"
	}
	rows, err := db.write.Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	return steps
}
