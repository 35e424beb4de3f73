// Package sqlitetest gives tests SQLite databases that are migrated already. Running all
// migrations takes tens of milliseconds of processor time, which hundreds of tests would pay.
package sqlitetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/idemhq/idem/internal/queue"
	"github.com/idemhq/idem/internal/store/sqlite"
)

const name = "idem.db" // as the service names it

// New returns the path of a new, empty database with all tables, those of the queue too. It
// is alone in its folder.
func New(t testing.TB) string {
	t.Helper()
	path, err := In(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// In is [New] for examples: it puts the database into a folder.
func In(folder string) (path string, err error) {
	content, err := migrated()
	if err != nil {
		return "", fmt.Errorf("make a migrated database: %w", err)
	}
	path = filepath.Join(folder, name)
	return path, os.WriteFile(path, content, 0o600)
}

// migrated is the content of a new database. It is made once in a process and never changes.
var migrated = sync.OnceValues(func() (content []byte, err error) {
	folder, err := os.MkdirTemp("", "sqlitetest")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, name)
	db, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	_, err = queue.SQLite(context.Background(), db.Writer(), slog.New(slog.DiscardHandler), queue.Workers{})
	if err := errors.Join(err, db.Close()); err != nil { // closing moves the write-ahead log into the file
		return nil, err
	}
	return os.ReadFile(path)
})
