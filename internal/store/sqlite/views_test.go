package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/storetest"
)

// columns returns the names of a view's columns.
func columns(t *testing.T, db *sql.DB, view string) (names []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+view+" LIMIT 0")
	if err != nil {
		t.Errorf("the view %s is broken: %v", view, err)
		return nil
	}
	defer rows.Close()
	if names, err = rows.Columns(); err != nil {
		t.Fatal(err)
	}
	return names
}

func TestTheViewsHaveTheirColumnsAlsoWhenTablesChange(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "idem.db")).Writer()
	check := func(when string) {
		for _, v := range store.Views() {
			var want []string
			for _, column := range v.Columns {
				want = append(want, column.Name)
			}
			if got := columns(t, db, store.ViewPrefix+v.Name); !slices.Equal(got, want) {
				t.Errorf("%s, the view %s has the columns %v, want %v", when, v.Name, got, want)
			}
		}
	}
	check("after the migrations")
	if _, err := db.ExecContext(t.Context(), storetest.ExampleQuery(t)); err != nil {
		t.Errorf("the example in docs/sql.md: %v", err)
	}
	for _, change := range []string{
		"ALTER TABLE subjects ADD COLUMN verdict_text TEXT", "ALTER TABLE subjects RENAME COLUMN since TO changed_at", "ALTER TABLE objects RENAME COLUMN as_of TO of",
		"ALTER TABLE decisions ADD COLUMN rule_id TEXT", "ALTER TABLE events RENAME TO inbox",
	} {
		if _, err := db.ExecContext(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	check("after changes of tables")
	if _, err := db.ExecContext(t.Context(), "DELETE FROM idem_events"); err == nil {
		t.Error("a view can be changed")
	}
}
