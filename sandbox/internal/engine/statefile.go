package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/idemhq/idem/internal/atomicfile"
)

// Load restores the state that [Engine.Keep] wrote to a file. If there is no file, nothing
// changes. The clock keeps the present time, or takes the file's if that is later.
func (e *Engine) Load(file string) error {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sandbox: read the state: %w", err)
	}
	defer f.Close()
	return e.restore(f, true)
}

// Keep saves the sandbox in a file while something changes, until the context ends; then it
// saves once more. A crash loses the changes of the last seconds. The file contains API
// keys and secrets of webhooks, so only its owner may read it.
func (e *Engine) Keep(ctx context.Context, file string) error {
	kept := int64(-1)
	for pause := 2 * time.Second; ; {
		over := false
		select {
		case <-ctx.Done():
			over = true
		case <-time.After(pause):
		}
		changes := e.changes.Load()
		if changes != kept {
			started := time.Now()
			if err := e.save(file); err != nil {
				return err
			}
			kept = changes
			pause = max(2*time.Second, 20*time.Since(started)) // everything waits while a snapshot is taken
		}
		if over {
			return nil
		}
	}
}

// save replaces the file. A crash leaves the old file or the new one.
func (e *Engine) save(file string) error {
	if err := atomicfile.Stream(file, e.Snapshot); err != nil {
		return fmt.Errorf("sandbox: keep the state: %w", err)
	}
	return nil
}
