package service

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"time"
)

const (
	// lookInterval is how often the files of the configuration are read. A change is
	// applied when the files have been the same for that long: editors write in steps.
	lookInterval = time.Second

	// maxUnsettled is how often the configuration is loaded again at once because its files
	// changed while they were read.
	maxUnsettled = 20
)

// Follow reloads the configuration, as [Service.Reload] does, when a file of it has changed
// or when told receives a signal, until ctx ends. The files are those that the
// configuration names, and the file that it was loaded from. A file that is being written is
// not used before it has stayed the same for a second.
func (s *Service) Follow(ctx context.Context, load func() (Config, error), told <-chan os.Signal) {
	f := follower{service: s, load: load, paths: s.cfg.files()}
	f.used = fingerprint(f.paths)
	f.seen = f.used
	look := time.NewTicker(lookInterval)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-told:
			f.reload(ctx)
		case <-look.C:
			if f.settled() {
				f.reload(ctx)
			}
		}
	}
}

// follower remembers which content of the files was used last.
type follower struct {
	service    *Service
	load       func() (Config, error)
	paths      []string
	used, seen [sha256.Size]byte
}

// settled reports whether the files have changed since they were used, and not since the
// last look.
func (f *follower) settled() bool {
	now := fingerprint(f.paths)
	same := now == f.seen
	f.seen = now
	return same && now != f.used
}

// reload reloads the configuration. What was read while a file changed is not used.
func (f *follower) reload(ctx context.Context) {
	f.service.reloading.Lock()
	defer f.service.reloading.Unlock()
	for range maxUnsettled {
		before := fingerprint(f.paths)
		cfg, err := f.load()
		paths := cfg.files()
		if err != nil { // a file that is missing now may come back
			paths = append(paths, f.paths...)
		}
		slices.Sort(paths)
		if paths = slices.Compact(paths); !slices.Equal(paths, f.paths) {
			f.paths = paths
			continue // read them again, now that they are all watched
		}
		steps, err := f.service.prepare(ctx, cfg, err)
		if fingerprint(f.paths) != before {
			continue
		}
		f.used, f.seen = before, before
		if ctx.Err() == nil {
			_ = f.service.conclude(ctx, cfg, steps, err) // it logs the error
		}
		return
	}
	f.service.logger.WarnContext(ctx, "reload postponed: the files of the configuration keep changing")
}

// fingerprint returns a hash of the content of files. Only regular files are read: a pipe
// would wait for its writer.
func fingerprint(paths []string) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, path := range paths {
		var content []byte
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() {
			content, err = os.ReadFile(path)
		}
		fmt.Fprintf(h, "%q %d %t\n", path, len(content), err == nil)
		h.Write(content)
	}
	h.Sum(sum[:0])
	return sum
}
