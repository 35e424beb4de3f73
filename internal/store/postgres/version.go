package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/idemhq/idem/internal/store/sqlstore"
)

// Versions returns the version of a database, 0 if it has no tables yet, and the version
// that this program would migrate it to. It changes nothing.
func Versions(ctx context.Context, url string) (current, wanted int64, err error) {
	if wanted, err = sqlstore.NewestMigration(migrations); err != nil {
		return 0, 0, err
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return 0, wanted, errors.New("the address of the database cannot be read")
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // it works through any pooler
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return 0, wanted, fmt.Errorf("connect to the database: %w", withoutAddress(err))
	}
	defer conn.Close(ctx)
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&there); err != nil {
		return 0, wanted, fmt.Errorf("look for the tables: %w", withoutAddress(err))
	}
	if !there {
		return 0, wanted, nil
	}
	if err := conn.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&current); err != nil {
		return 0, wanted, fmt.Errorf("read the version of the database: %w", withoutAddress(err))
	}
	return current, wanted, nil
}
