package sqlitetest_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/idemhq/idem/internal/queue"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
)

func TestANewDatabaseIsMigratedAndAlone(t *testing.T) {
	path := sqlitetest.New(t)
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("the folder has %v, error %v", files, err)
	}
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables := func() (names int) {
		if err := db.Writer().QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema").Scan(&names); err != nil {
			t.Fatal(err)
		}
		return names
	}
	before := tables()
	if _, err := queue.SQLite(t.Context(), db.Writer(), slog.New(slog.DiscardHandler), queue.Workers{}); err != nil {
		t.Fatal(err)
	}
	if after := tables(); before == 0 || after != before {
		t.Errorf("opening it made %d tables and indexes out of %d", after, before)
	}
}
