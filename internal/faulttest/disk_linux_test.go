package faulttest

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/store/sqlite"
)

// TestAFullDiskLosesNothing fills a small disk while people arrive, and then frees space.
// The service rejects what it cannot store, and continues without a restart.
func TestAFullDiskLosesNothing(t *testing.T) {
	skipShort(t)
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("a small disk cannot be mounted here (%v): service.TestNoWebhookIsAnswered200WhileTheDatabaseCannotWrite limits the database instead", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	w := newWorld(t, database{
		env:  []string{"IDEM_DATA_DIR=" + disk},
		open: func(ctx context.Context) (rows, error) { return sqlite.Open(ctx, filepath.Join(disk, "idem.db")) },
		exec: func(ctx context.Context, statement string) error { return nil }, // no connection is killed
	})
	end := w.arrivals(50 * time.Millisecond)
	eventually(t, time.Minute, func() bool { return w.people() > 10 }, func() string { return "people came" })
	filler := filepath.Join(disk, "filler")
	if err := fill(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() bool { return w.wire.rejected503() > 3 }, func() string { return "webhooks are refused while the disk is full" })
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	end()
	w.settle()
	w.audit()
}

// fill writes a file until the disk is full.
func fill(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(file, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		return errors.Join(err, errors.New("the disk is not full"))
	}
	return nil
}

// zeros is an endless reader.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
