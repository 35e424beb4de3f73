package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/idemhq/idem/internal/queue"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/internal/vault"
)

// database stores the service's rows.
type database interface {
	store.Store
	Now() time.Time // by the clock that all nodes share
	UseVault(context.Context, vault.Vault) error
	SealResults(context.Context) error
	Close() error
}

// jobs runs the jobs that are stored in a database.
type jobs interface {
	Start(context.Context) error
	Stop(context.Context) error
}

// sharedDatabase is a database of one or more nodes.
type sharedDatabase interface {
	database
	Nodes(context.Context) (int, error)
	Prune(ctx context.Context, before time.Time) (dropped []string, err error)
}

// databaseServer is a kind of database server.
type databaseServer struct {
	schemes  []string // with which its addresses begin
	open     func(context.Context, Config, *slog.Logger, queue.Workers) (database, jobs, error)
	versions func(ctx context.Context, address string) (current, wanted int64, err error)
}

// databaseServers returns the kinds of database servers. Without an address, the database is SQLite in
// the data folder.
func databaseServers() []databaseServer {
	return []databaseServer{
		{[]string{"postgres://", "postgresql://"}, openPostgres, postgres.Versions},
	}
}

// errNoServer is the error for an address of no kind of server. It does not repeat the address,
// which can contain a password.
var errNoServer = errors.New("it must begin with postgres://; leave it out for SQLite in data_dir")

// serverAt returns the kind of server that an address leads to.
func serverAt(address Secret) (databaseServer, error) {
	for _, s := range databaseServers() {
		if slices.ContainsFunc(s.schemes, func(scheme string) bool { return strings.HasPrefix(address.Reveal(), scheme) }) {
			return s, nil
		}
	}
	return databaseServer{}, errNoServer
}

// DatabaseVersions returns the version of the configured database, or 0 if it has no tables
// yet, and the version that this program would migrate it to. It changes nothing, and can
// be used while a service is running.
func DatabaseVersions(ctx context.Context, cfg Config) (current, wanted int64, err error) {
	if cfg.DatabaseURL == "" {
		return sqlite.Versions(ctx, cfg.sqliteFile())
	}
	at, err := serverAt(cfg.DatabaseURL)
	if err != nil {
		return 0, 0, err
	}
	return at.versions(ctx, cfg.DatabaseURL.Reveal())
}

func (c Config) sqliteFile() string { return filepath.Join(c.DataDir, "idem.db") }

// openDatabase opens the configured database and prepares its job queue.
func openDatabase(ctx context.Context, cfg Config, logger *slog.Logger, work queue.Workers) (database, jobs, error) {
	if cfg.DatabaseURL == "" {
		return openSQLite(ctx, cfg, logger, work)
	}
	at, err := serverAt(cfg.DatabaseURL)
	if err != nil {
		return nil, nil, err
	}
	return at.open(ctx, cfg, logger, work)
}

func openSQLite(ctx context.Context, cfg Config, logger *slog.Logger, work queue.Workers) (database, jobs, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("create the data folder (data_dir, IDEM_DATA_DIR): %w", err)
	}
	db, err := sqlite.Open(ctx, cfg.sqliteFile())
	if err != nil {
		return nil, nil, err
	}
	q, err := queue.SQLite(ctx, db.Writer(), logger, work)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	db.UseQueue(q)
	return db, q, nil
}

func openPostgres(ctx context.Context, cfg Config, logger *slog.Logger, work queue.Workers) (database, jobs, error) {
	db, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal())
	if err != nil {
		return nil, nil, fmt.Errorf("the database (database_url, IDEM_DATABASE_URL): %w", err)
	}
	var q jobs
	err = db.Exclusively(ctx, "migrations of the queue", func() error {
		made, err := queue.Postgres(ctx, db.Pool(), logger, work, db.Now)
		if err == nil {
			db.UseQueue(made)
			q = made
		}
		return err
	})
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, q, nil
}

// claim makes this process the only one that serves from a SQLite folder, because the
// store's keyed locks work only within one process. The claim ends with release or with the
// process. Commands that only store events and jobs need no claim.
func (s *Service) claim() (release func() error, err error) {
	if s.cfg.DatabaseURL != "" {
		return func() error { return nil }, nil
	}
	lock := flock.New(filepath.Join(s.cfg.DataDir, "serving.lock"))
	switch claimed, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock the data folder (data_dir, IDEM_DATA_DIR): %w", err)
	case !claimed:
		return nil, fmt.Errorf("another process uses the data folder %s: stop it, choose another folder (data_dir, IDEM_DATA_DIR), or use PostgreSQL for several nodes (database_url, IDEM_DATABASE_URL)", s.cfg.DataDir)
	}
	return lock.Close, nil
}

// maintain tells the rate limiters how many nodes share the limit, and prunes old events,
// until ctx ends. It does nothing for SQLite, which has one node and keeps all events.
func (s *Service) maintain(ctx context.Context) {
	db, shared := s.db.(sharedDatabase)
	if !shared {
		return
	}
	look, forget := time.NewTicker(5*time.Second), time.NewTicker(6*time.Hour)
	defer look.Stop()
	defer forget.Stop()
	for {
		if nodes, err := db.Nodes(ctx); err == nil { // on an error, keep the last known number
			for _, limiter := range s.limiters {
				limiter.ShareAmong(nodes)
			}
			s.metrics.Nodes.Set(float64(nodes))
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case now := <-forget.C:
			s.prune(ctx, db, now)
		}
	}
}

func (s *Service) prune(ctx context.Context, db sharedDatabase, now time.Time) {
	if s.cfg.Retention == 0 {
		return
	}
	dropped, err := db.Prune(ctx, now.Add(-s.cfg.Retention))
	if err != nil {
		s.logger.ErrorContext(ctx, "pruning old events failed; retrying in six hours", "error", err)
	}
	if len(dropped) > 0 {
		s.logger.InfoContext(ctx, "old events pruned", "partitions", dropped)
	}
}
