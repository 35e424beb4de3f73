// Package atomicfile replaces files as a whole: after a crash or a power cut a file has its
// old content or its new one.
package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Write replaces the content of a file. A new file can be read by its owner only. An
// existing file keeps its mode and, if the process may set it, its owner. A symbolic link
// is followed.
func Write(path string, content []byte) error {
	return Stream(path, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(content))
		return err
	})
}

// Stream is like Write, with the content that a function writes. If the function fails, the
// file does not change.
func Stream(path string, write func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	removeAbandoned(path)
	next, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // with mode 0600
	if err != nil {
		return fmt.Errorf("make a file next to %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(next.Name()) // the error that is returned matters more
		}
	}()
	if err := errors.Join(write(next), imitate(next, path), next.Sync(), next.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(next.Name(), path); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return syncFolder(filepath.Dir(path))
}

// abandonedAfter is how long nothing was written to a file that a killed process left. A
// write in progress is never as old.
const abandonedAfter = time.Hour

// removeAbandoned removes what killed processes left next to a file: it can have a key or a
// secret. What cannot be removed stays.
func removeAbandoned(path string) {
	folder, prefix := filepath.Dir(path), "."+filepath.Base(path)+"."
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), prefix)
		if _, err := strconv.ParseUint(number, 10, 64); !ok || err != nil { // not of [os.CreateTemp]
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > abandonedAfter {
			_ = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}

// imitate gives a file the mode and owner of an existing one.
func imitate(file *os.File, existing string) error {
	info, err := os.Stat(existing)
	if err != nil {
		return nil // there is none
	}
	own(file, info)
	return file.Chmod(info.Mode().Perm())
}
