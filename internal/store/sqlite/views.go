package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/idemhq/idem/internal/store/sqlstore"
)

// Snapshot implements [sqlstore.Database]: a transaction sees the database as it was at its
// first query.
func (db *DB) Snapshot(ctx context.Context, f func(sqlstore.Querier) error) error {
	tx, err := db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer tx.Rollback() // it has changed nothing
	return f(&transaction{Tx: tx})
}

// Moment implements [sqlstore.Database]. The views have texts that sort like their times.
func (db *DB) Moment(at time.Time) any { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }
