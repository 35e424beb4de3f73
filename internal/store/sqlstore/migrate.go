package sqlstore

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"

	"github.com/idemhq/idem/internal/store"
)

// Migrate migrates a database to this program's version. A database with a newer version is
// left unchanged, and the error is [store.ErrNewer].
func (s *Store) Migrate(ctx context.Context, p *goose.Provider) error {
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the database: %w", err)
	}
	if current > target {
		return store.ErrNewer
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("run migrations: %w", err)
	}
	s.version = target
	return nil
}

// CheckVersion implements [store.Store].
func (s *Store) CheckVersion(ctx context.Context) error {
	var current int64
	if _, err := one(ctx, s.db, "SELECT coalesce(max(version_id), 0) FROM goose_db_version", nil, &current); err != nil {
		return fmt.Errorf("read the version of the database: %w", err)
	}
	if current > s.version {
		return store.ErrNewer
	}
	return nil
}
