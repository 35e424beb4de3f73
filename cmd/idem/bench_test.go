package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkHelp runs `idem --help`. ×empty is the ratio to a program in Go that does nothing:
// most of the time is that of starting a process.
func BenchmarkHelp(b *testing.B) {
	dir := b.TempDir()
	empty := filepath.Join(dir, "empty.go")
	if err := os.WriteFile(empty, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	build := func(name, source string) string {
		path := filepath.Join(dir, name)
		if out, err := exec.Command("go", "build", "-o", path, source).CombinedOutput(); err != nil {
			b.Fatalf("build %s: %v\n%s", source, err, out)
		}
		return path
	}
	idem, nothing := build("idem", "."), build("nothing", empty)
	var took, least []time.Duration
	run := func(path string, args ...string) time.Duration {
		began := time.Now()
		if err := exec.Command(path, args...).Run(); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	for b.Loop() {
		took, least = append(took, run(idem, "--help")), append(least, run(nothing))
	}
	slices.Sort(took)
	slices.Sort(least)
	median, of := took[len(took)/2], least[len(least)/2]
	b.ReportMetric(float64(median.Microseconds())/1000, "p50-ms")
	b.ReportMetric(median.Seconds()/of.Seconds(), "×empty")
}
