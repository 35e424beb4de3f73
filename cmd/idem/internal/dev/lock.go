package dev

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// lock takes a data folder for this process alone. Two services on one folder would
// each carry out what the other's sandbox is meant to see. The lock is one of SQLite's:
// it ends with the process, however that ends, on every system.
func lock(ctx context.Context, data string) (unlock func(), err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "dev.lock")+"?_txlock=exclusive")
	if err != nil {
		return nil, fmt.Errorf("open the lock of %s: %w", data, err)
	}
	tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		db.Close()
		var refused *sqlite.Error
		if errors.As(err, &refused) && refused.Code() == sqlite3.SQLITE_BUSY {
			return nil, fmt.Errorf("%s is in use by another `idem dev`: stop that one, or name another folder with --data", data)
		}
		return nil, fmt.Errorf("lock the data folder %s: %w", data, err)
	}
	return func() {
		_ = tx.Rollback() // nothing was written
		db.Close()
	}, nil
}
