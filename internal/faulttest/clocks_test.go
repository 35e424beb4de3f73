package faulttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestClocksDiffer runs nodes on one database whose clocks are five minutes ahead and five
// minutes behind, together and one at a time. Nobody waits longer because of it.
func TestClocksDiffer(t *testing.T) {
	t.Parallel()
	onPostgres(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		// Some calls fail, so that jobs are snoozed.
		w.inject("kind=status_before,operation=Inquiries.Get,status=503,rate=0.2", "kind=status_before,operation=Inquiries.Approve,status=503,rate=0.3")
		ahead, behind := w.joinAhead(5*time.Minute), w.joinAhead(-5*time.Minute)
		end := w.arrivals(100 * time.Millisecond)
		w.load(15)
		ahead.kill()
		w.load(10)
		ahead.start()
		ahead.awaitReady()
		behind.kill()
		w.load(10)
		behind.start()
		behind.awaitReady()
		end()
		w.program.stop()
		behind.stop()
		w.serve(10) // on the node that is ahead
		behind.start()
		behind.awaitReady()
		ahead.stop()
		w.serve(10) // on the node that is behind
		w.program.start()
		behind.stop()
		w.settle()
		w.audit()
	})
}

// serve lets some people arrive and waits until everything is done for them. A node that was
// killed while it reconciled holds the reconciliation for two minutes. That is less than what
// the clocks differ by.
func (w *world) serve(people int) {
	w.t.Helper()
	before := len(w.applicants)
	for range people {
		if err := w.arrive(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
	left := ""
	for _, a := range w.applicants[before:] {
		eventually(w.t, 3*time.Minute, func() bool {
			left = w.unsettled(a)
			return left == ""
		}, func() string { return fmt.Sprintf("everything is done: %s", left) })
	}
}

// skewedBinary builds idem once with a clock that is ahead by the value of IDEM_TEST_CLOCK.
// It replaces a file of Go's standard library for this build (go build -overlay), because
// the service has no way to change its clock, and so that River, pgx and the verification
// of signatures use it too. The first build for a Go version compiles everything again;
// later ones use Go's cache.
var skewedBinary = sync.OnceValues(func() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("find Go: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	source, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	skewed, err := skew(string(source))
	if err != nil {
		return "", err
	}
	return build("idem-skewed", map[string]string{original: skewed})
})

// skew changes the source of Go's package time so that Now is ahead by IDEM_TEST_CLOCK.
// Timers and durations do not change, since they use the monotonic clock.
func skew(source string) (string, error) {
	for before, after := range map[string]string{
		"import (\n": "import (\n\t\"syscall\"\n",
		"func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n": "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n\tsec += testClock\n",
	} {
		if strings.Count(source, before) != 1 {
			return "", fmt.Errorf("this version of Go has another time.Now than this test expects: there is no %q", before)
		}
		source = strings.Replace(source, before, after, 1)
	}
	return source + `
var testClock = func() int64 {
	text, _ := syscall.Getenv("IDEM_TEST_CLOCK")
	ahead, _ := ParseDuration(text)
	return int64(ahead / Second)
}()
`, nil
}

// joinAhead starts another node whose clock is ahead, or behind if ahead is negative.
func (w *world) joinAhead(ahead time.Duration) *program {
	w.t.Helper()
	path, err := skewedBinary()
	if err != nil {
		w.t.Fatal(err)
	}
	w.clockTolerance = time.Second // a node knows the database's clock only within the network latency
	node := newProgram(w.t, append(w.program.env, "IDEM_TEST_CLOCK="+ahead.String())...)
	node.path = path
	w.add(node)
	return node
}
