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
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/sqlite"
)

// rows are the rows of a service that does not run.
type rows interface {
	store.Store
	Close() error
}

// database is where a service keeps its rows.
type database struct {
	env     []string         // settings of the service
	shared  bool             // takes several nodes
	network *toxiproxy.Proxy // in front of it; nil where there is none
	open    func(context.Context) (rows, error)
	exec    func(ctx context.Context, statement string) error
}

// server is the PostgreSQL of these tests.
var server *pgtest.Server

// onEach runs a proof on each database, both at a time.
func onEach(t *testing.T, prove func(t *testing.T, db database)) {
	t.Run("SQLite", func(t *testing.T) {
		skipShort(t)
		t.Parallel()
		prove(t, inFolder(t.TempDir()))
	})
	onPostgres(t, prove)
}

// skipShort skips what kills and waits.
func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: processes are killed")
	}
}

// onPostgres runs a proof on PostgreSQL.
func onPostgres(t *testing.T, prove func(t *testing.T, db database)) {
	t.Run("PostgreSQL", func(t *testing.T) {
		skipShort(t)
		t.Parallel()
		prove(t, onServer(t, server))
	})
}

// inFolder is SQLite in a folder.
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

// onServer is an empty database of a PostgreSQL, behind a network of its own. The test
// itself bypasses the network.
func onServer(t *testing.T, server *pgtest.Server) database {
	t.Helper()
	url := server.Database(t)
	network := newNetwork(t, server.Address())
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
