package faulttest

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/jackc/pgx/v5"

	"github.com/idemhq/idem/internal/pgtest"
	"github.com/idemhq/idem/internal/proxytest"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/sqlite"
)

// rows reads the rows of a stopped service.
type rows interface {
	store.Store
	Close() error
}

// database is the database of a service.
type database struct {
	env     []string         // the service's environment variables
	shared  bool             // supports several nodes
	network *toxiproxy.Proxy // in front of the database; nil if there is none
	open    func(context.Context) (rows, error)
	exec    func(ctx context.Context, statement string) error
}

// server is the PostgreSQL server of these tests.
var server *pgtest.Server

// onEach runs a test on both databases in parallel.
func onEach(t *testing.T, test func(t *testing.T, db database)) {
	t.Run("SQLite", func(t *testing.T) {
		skipShort(t)
		t.Parallel()
		test(t, inFolder(t.TempDir()))
	})
	onPostgres(t, test)
}

// skipShort skips tests that kill processes and wait.
func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: processes are killed")
	}
}

// onPostgres runs a test on PostgreSQL.
func onPostgres(t *testing.T, test func(t *testing.T, db database)) {
	t.Run("PostgreSQL", func(t *testing.T) {
		skipShort(t)
		t.Parallel()
		test(t, onServer(t, server))
	})
}

// inFolder returns a SQLite database in a folder.
func inFolder(folder string) database {
	path := filepath.Join(folder, "idem.db")
	return database{
		env:  []string{"IDEM_DATA_DIR=" + folder},
		open: func(ctx context.Context) (rows, error) { return sqlite.Open(ctx, path) },
		exec: func(ctx context.Context, statement string) error {
			db, err := sqlite.Open(ctx, path)
			if err != nil {
				return err
			}
			_, err = db.Writer().ExecContext(ctx, statement)
			return errors.Join(err, db.Close())
		},
	}
}

// onServer returns an empty PostgreSQL database behind a proxy of its own. The test itself
// bypasses the proxy.
func onServer(t *testing.T, server *pgtest.Server) database {
	t.Helper()
	url := server.Database(t)
	network := proxytest.New(t, server.Address())
	return database{
		env:     []string{"IDEM_DATABASE_URL=" + strings.Replace(url, server.Address(), network.Listen, 1), "IDEM_DATA_DIR=" + t.TempDir()},
		shared:  true,
		network: network,
		open:    func(ctx context.Context) (rows, error) { return postgres.Open(ctx, url) },
		exec: func(ctx context.Context, statement string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			_, err = conn.Exec(ctx, statement)
			return errors.Join(err, conn.Close(ctx))
		},
	}
}
