package rotate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"

	"github.com/idemhq/idem/internal/atomicfile"
)

// Status is the result of a step.
type Status struct {
	Done bool          // no rotation is under way
	Did  string        // what the step did; empty if it only looked
	Next string        // what comes next; empty if Done
	Wait time.Duration // how long to wait before the next step
}

// lockInterval is how often a step tries to lock the place.
const lockInterval = 100 * time.Millisecond

// locked calls f while no other process takes a step for the same place.
func locked(ctx context.Context, place Place, f func() (Status, error)) (Status, error) {
	lock := flock.New(place.state() + ".rotation.lock")
	if _, err := lock.TryLockContext(ctx, lockInterval); err != nil {
		return Status{}, fmt.Errorf("lock %s: %w", place, err)
	}
	defer lock.Close()
	return f()
}

// load reads the state of a rotation. Without a state file nothing changes.
func load(place Place, into any) error {
	b, err := os.ReadFile(statePath(place))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the state of the rotation: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s is not the state of a rotation: delete it to start over", statePath(place))
	}
	return nil
}

func save(place Place, state any) error {
	b, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the state of the rotation: %w", err)
	}
	if err := atomicfile.Write(statePath(place), append(b, '\n')); err != nil {
		return fmt.Errorf("write the state of the rotation: %w", err)
	}
	return nil
}

func statePath(place Place) string { return place.state() + ".rotation.json" }

// digest identifies a key or a secret without telling it. They are random, so that a hash
// of one cannot be reversed.
func digest(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}
