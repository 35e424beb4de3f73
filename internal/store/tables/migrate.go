package tables

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"

	"github.com/idemhq/idem/internal/store"
)

// Migrate brings a database to the version of this program. One that is ahead of it is
// [store.ErrNewer], and left as it is.
func Migrate(ctx context.Context, p *goose.Provider) error {
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the database: %w", err)
	}
	if current > target {
		return store.ErrNewer
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	return nil
}
