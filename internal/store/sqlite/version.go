package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/idemhq/idem/internal/store/sqlstore"
)

// Versions returns the version of the database in a file, 0 if there is none yet, and
// the version that this program would migrate it to. It changes nothing.
func Versions(ctx context.Context, path string) (current, wanted int64, err error) {
	if wanted, err = sqlstore.NewestMigration(migrations); err != nil {
		return 0, 0, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, wanted, nil
	}
	db, err := open("file:" + path + "?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return 0, wanted, err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&current); err != nil {
		return 0, wanted, fmt.Errorf("read the version of the database: %w", err)
	}
	return current, wanted, nil
}
