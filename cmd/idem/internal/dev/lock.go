package dev

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lock takes a data folder for this process alone. Two services on one folder would each
// perform what the other's sandbox is meant to see. The lock ends with the process,
// however that ends.
func lock(data string) (unlock func(), err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	held := flock.New(filepath.Join(data, "dev.lock"), flock.SetPermissions(0o600))
	switch taken, err := held.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock the data folder %s: %w", data, err)
	case !taken:
		return nil, fmt.Errorf("%s is in use by another `idem dev`: stop that one, or name another folder with --data", data)
	}
	return func() { _ = held.Close() }, nil // the process ends next, and the lock with it
}
