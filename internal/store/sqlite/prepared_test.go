package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// newTable opens a database with one table and one connection.
func newTable(t *testing.T) *sql.DB {
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

func exec(t *testing.T, db *sql.DB, query string, args ...any) {
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
