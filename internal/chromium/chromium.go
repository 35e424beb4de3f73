package chromium

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// longest is how long the browser of one test runs.
const longest = 5 * time.Minute // a busy machine needs a minute

// Start starts Chromium with an empty window, until the test ends. If Chromium or an npm
// package is missing, it skips the test, or fails it in CI. With -short it skips the test.
func Start(t *testing.T, packages ...string) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser: not run with -short")
	}
	path, err := exec.LookPath("chromium")
	for _, name := range packages {
		if _, missing := os.Stat(Module(t, name)); missing != nil {
			err = errors.Join(err, missing)
		}
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("Chromium or an npm package is missing: run scripts/browser")
		}
		t.Skip("Chromium or an npm package is missing: run scripts/browser as root")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("host-resolver-rules", "MAP *.example.com 127.0.0.1"), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1000, 900))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, end := context.WithTimeout(ctx, longest)
	t.Cleanup(end)
	return ctx
}

// Module returns the path of a file or a package of npm that the repository's tests use.
func Module(t *testing.T, name string) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); !errors.Is(err, fs.ErrNotExist) {
			return filepath.Join(folder, "sandbox", "browsertest", "node_modules", filepath.FromSlash(name))
		}
		if folder == filepath.Dir(folder) {
			t.Fatal("the repository's go.mod is not above the test")
		}
		folder = filepath.Dir(folder)
	}
}
