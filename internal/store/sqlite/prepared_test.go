package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"
)

// newTable opens a database with one table and one connection.
func newTable(t testing.TB) *sql.DB {
	t.Helper()
	db, err := open("file:" + filepath.Join(t.TempDir(), "statements.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db.SetMaxOpenConns(1)
	exec(t, db, "CREATE TABLE numbers (n INTEGER PRIMARY KEY); INSERT INTO numbers VALUES (1), (2), (3)")
	return db
}

func exec(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// numbers reads rows with a statement, and for each row again with the same statement.
func numbers(t *testing.T, q interface {
	Query(string, ...any) (*sql.Rows, error)
}, depth int) (found int) {
	t.Helper()
	rows, err := q.Query("SELECT n FROM numbers")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		found++
		if depth > 1 {
			found += numbers(t, q, depth-1)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAStatementInUseIsNotReused(t *testing.T) {
	tx, err := newTable(t).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for range 3 {
		if n := numbers(t, tx, 3); n != 3+9+27 {
			t.Errorf("%d rows were read", n)
		}
	}
}

func TestAFailedStatementWorksTheNextTime(t *testing.T) {
	db := newTable(t)
	const insert = "INSERT INTO numbers VALUES (?)"
	for n := 4; n < 10; n++ {
		if _, err := db.Exec(insert, 1); err == nil {
			t.Fatal("a number was inserted twice")
		}
		exec(t, db, insert, n)
	}
	if n := numbers(t, db, 1); n != 9 {
		t.Errorf("there are %d rows", n)
	}
}

func TestStatementsSurviveChangesOfTheTables(t *testing.T) {
	db := newTable(t)
	before := numbers(t, db, 1)
	exec(t, db, "ALTER TABLE numbers ADD COLUMN name TEXT")
	exec(t, db, "CREATE TABLE others (n); DROP TABLE others")
	if after := numbers(t, db, 1); after != before {
		t.Errorf("%d rows, and %d before", after, before)
	}
}

func TestUnreadRowsDoNotBlockOtherStatements(t *testing.T) {
	db := newTable(t)
	for range maxIdle + 5 {
		rows, err := db.Query("SELECT n FROM numbers")
		if err != nil || !rows.Next() {
			t.Fatal("no row", err)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		exec(t, db, "DELETE FROM numbers WHERE n = 3")
		exec(t, db, "INSERT INTO numbers VALUES (3)")
	}
}

func TestALimitThatIsAParameterIsObeyed(t *testing.T) {
	db := newTable(t)
	for _, limit := range []int{2, 1, 0, -1, 3} {
		var found int
		if err := db.QueryRow("SELECT count(*) FROM (SELECT n FROM numbers ORDER BY n LIMIT $1)", limit).Scan(&found); err != nil {
			t.Fatal(err)
		}
		want := limit
		if limit < 0 { // SQLite: no limit
			want = 3
		}
		if found != want {
			t.Errorf("limit %d: %d rows, want %d", limit, found, want)
		}
	}
}

// BenchmarkALimitThatChanges prints how much longer a query takes whose limit changes each
// time.
func BenchmarkALimitThatChanges(b *testing.B) {
	db := newTable(b)
	read := func(times, limits int) time.Duration {
		began := time.Now()
		for i := range times {
			rows, err := db.Query("SELECT n FROM numbers WHERE n IN (SELECT n FROM numbers WHERE n > 0 ORDER BY n LIMIT $1)", 1+i%limits)
			if err != nil {
				b.Fatal(err)
			}
			if err := rows.Close(); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(began)
	}
	for b.Loop() {
		fixed, changing := read(2000, 1), read(2000, 3)
		b.ReportMetric(changing.Seconds()/fixed.Seconds(), "times-a-fixed-limit")
	}
}
