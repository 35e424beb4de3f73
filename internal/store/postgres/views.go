package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/idemhq/idem/internal/store/sqlstore"
)

// Snapshot implements [sqlstore.Database].
func (db *DB) Snapshot(ctx context.Context, f func(sqlstore.Querier) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, db.pool, options, func(tx pgx.Tx) error { return f(transaction{tx}) })
}

// Moment implements [sqlstore.Database].
func (db *DB) Moment(at time.Time) any { return at }
