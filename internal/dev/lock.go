package dev

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // whose locks end with the process, on every system
)

// lock takes a data folder for this process alone. Two services on one folder would
// each carry out what the other's sandbox is meant to see.
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
		return nil, fmt.Errorf("%s is in use by another `idem dev`: stop that one, or name another folder (%w)", data, err)
	}
	return func() {
		_ = tx.Rollback() // nothing was written
		db.Close()
	}, nil
}
