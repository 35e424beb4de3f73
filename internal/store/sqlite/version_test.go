package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/idemhq/idem/internal/store/sqlite"
)

func TestTheVersionOfADatabaseIsToldWithoutAChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idem.db")
	current, wanted, err := sqlite.Versions(t.Context(), path)
	if err != nil || current != 0 || wanted == 0 {
		t.Errorf("without a database: %d of %d, error %v", current, wanted, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file now: %v", err)
	}
	open(t, path) // it stays open: a service runs
	if current, _, err := sqlite.Versions(t.Context(), path); err != nil || current != wanted {
		t.Errorf("after the migrations: %d of %d, error %v", current, wanted, err)
	}
}

func TestAFileThatIsNoDatabaseHasNoVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idem.db")
	if err := os.WriteFile(path, []byte("no database, and long enough to be looked at as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sqlite.Versions(t.Context(), path); err == nil {
		t.Error("it has one")
	}
}
