package listen

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/idemhq/idem/cmd/idem/internal/follow"
	"github.com/idemhq/idem/internal/atomicfile"
)

// state is what the file stores between runs.
type state struct {
	Source   string          `json:"source"` // where the events come from
	Position follow.Position `json:"position"`
	Open     []open          `json:"open"` // not accepted yet

	fresh bool // there was no file
}

// open is a delivery that was not accepted yet.
type open struct {
	Event string `json:"event"`
	URL   string `json:"url"`
}

// file is a state file, locked by this process.
type file struct {
	path string
	lock *flock.Flock
}

// openFile locks and reads a file. If the file does not exist, the state starts at begin.
func openFile(path, source string, begin time.Time) (*file, state, error) {
	s := state{Source: source, Position: follow.Position{Start: begin}, fresh: true}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, s, fmt.Errorf("make the folder of the state file: %w", err)
	}
	lock := flock.New(path + ".lock")
	held, err := lock.TryLock()
	if err != nil {
		return nil, s, fmt.Errorf("lock the state file: %w", err)
	}
	if !held {
		return nil, s, fmt.Errorf("%s is in use by another `idem listen`: choose another file with --state", path)
	}
	if err := read(path, source, &s); err != nil {
		return nil, s, errors.Join(err, lock.Unlock())
	}
	return &file{path, lock}, s, nil
}

func read(path, source string, s *state) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the state file: %w", err)
	}
	var kept state
	if err := json.Unmarshal(b, &kept); err != nil {
		return fmt.Errorf("%s is not a state file: delete it to begin anew, or choose another with --state", path)
	}
	if kept.Source != source {
		return fmt.Errorf("%s is about the events of %s: choose another file for %s with --state", path, kept.Source, source)
	}
	*s = kept
	return nil
}

// save replaces the whole file, so a crash leaves either the old or the new one.
func (f *file) save(s state) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write the state file: %w", err)
	}
	if err := atomicfile.Write(f.path, b); err != nil {
		return fmt.Errorf("write the state file: %w", err)
	}
	return nil
}

func (f *file) close() error { return f.lock.Unlock() }
