package sqlstore

import (
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// NewestMigration returns the version that the newest migration in the folder "migrations"
// leads to.
func NewestMigration(files fs.FS) (newest int64, err error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return 0, fmt.Errorf("list the migrations: %w", err)
	}
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("read the version of migration %s: %w", name, err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
