package service

import (
	"context"
	"path/filepath"

	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/sqlite"
)

// DatabaseVersions returns the version of the configured database, or 0 if it has no tables
// yet, and the version that this program would migrate it to. It changes nothing, and can
// be used while a service is running.
func DatabaseVersions(ctx context.Context, cfg Config) (current, wanted int64, err error) {
	if cfg.DatabaseURL != "" {
		return postgres.Versions(ctx, cfg.DatabaseURL.Reveal())
	}
	return sqlite.Versions(ctx, filepath.Join(cfg.DataDir, "idem.db"))
}
