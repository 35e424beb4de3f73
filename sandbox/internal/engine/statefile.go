package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Load makes the sandbox hold what a file does that [Engine.Keep] wrote. A file that
// is not there changes nothing. The clock goes on from the wall's time, or from where
// it was if that is later.
func (s *Engine) Load(file string) error {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sandbox: read the state: %w", err)
	}
	defer f.Close()
	return s.restore(f, true)
}

// Keep writes what the sandbox holds into a file, whenever something changed, until
// the context ends; then once more. What changed in the last seconds before a crash
// is lost. The file holds API keys and secrets of webhooks: only its owner may read it.
func (s *Engine) Keep(ctx context.Context, file string) error {
	kept := -1
	for pause := 2 * time.Second; ; {
		over := false
		select {
		case <-ctx.Done():
			over = true
		case <-time.After(pause):
		}
		s.Mu.Lock()
		changes := s.changes
		s.Mu.Unlock()
		if changes != kept {
			started := time.Now()
			if err := s.save(file); err != nil {
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

// save replaces a file: it is the one before, or the new one.
func (s *Engine) save(file string) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("sandbox: keep the state: %w", err)
	}
	defer os.Remove(f.Name()) // gone when all went well
	defer f.Close()
	if err := s.Snapshot(f); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sandbox: keep the state: %w", err)
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return fmt.Errorf("sandbox: keep the state: %w", err)
	}
	return nil
}
