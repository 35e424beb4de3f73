package faulttest

import (
	"encoding/json"
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
// minutes behind, together and one at a time. People do not wait longer because of it.
func TestClocksDiffer(t *testing.T) {
	t.Parallel()
	onPostgres(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		// Calls fail now and then, so that jobs are snoozed.
		w.inject("kind=status_before,operation=Inquiries.Get,status=503,rate=0.2", "kind=status_before,operation=Inquiries.Approve,status=503,rate=0.3")
		ahead, behind := w.joinAhead(5*time.Minute), w.joinAhead(-5*time.Minute)
		end := w.crowd(100 * time.Millisecond)
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
		w.serve(10) // by the node that is ahead
		behind.start()
		behind.awaitReady()
		ahead.stop()
		w.serve(10) // by the node that is behind
		w.program.start()
		behind.stop()
		w.settle()
		w.audit()
	})
}

// serve lets some people arrive, and waits until everything is done for them.
func (w *world) serve(people int) {
	w.t.Helper()
	left := ""
	for range people {
		if err := w.arrive(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		a := w.applicants[len(w.applicants)-1]
		eventually(w.t, time.Minute, func() bool {
			left = w.unsettled(a)
			return left == ""
		}, func() string { return fmt.Sprintf("everything is done: %s", left) })
	}
}

// skewedBinary builds idem once with a clock that is as far ahead as the variable
// PROOF_CLOCK says. It does so by replacing a file of Go's standard library for this one
// build (go build -overlay): nothing in the service can move its clock, and everything
// follows it, also River, pgx and the verification of signatures. The first build of a
// Go version compiles everything again; later ones are in Go's cache.
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
	replaced := filepath.Join(scratch, "time.go")
	overlay := filepath.Join(scratch, "overlay.json")
	list, _ := json.Marshal(map[string]any{"Replace": map[string]string{original: replaced}}) // texts
	for path, content := range map[string][]byte{replaced: []byte(skewed), overlay: list} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return "", err
		}
	}
	return build("idem-skewed", "-overlay", overlay)
})

// skew changes the source of Go's package time so that Now is ahead by PROOF_CLOCK.
// Timers and durations keep their length: they follow the monotonic clock.
func skew(source string) (string, error) {
	for before, after := range map[string]string{
		"import (\n": "import (\n\t\"syscall\"\n",
		"func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n": "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n\tsec += proofClock\n",
	} {
		if strings.Count(source, before) != 1 {
			return "", fmt.Errorf("this version of Go has another time.Now than the proof expects: there is no %q", before)
		}
		source = strings.Replace(source, before, after, 1)
	}
	return source + `
var proofClock = func() int64 {
	text, _ := syscall.Getenv("PROOF_CLOCK")
	ahead, _ := ParseDuration(text)
	return int64(ahead / Second)
}()
`, nil
}

// joinAhead starts another node whose clock is ahead, or behind where ahead is below zero.
func (w *world) joinAhead(ahead time.Duration) *program {
	w.t.Helper()
	path, err := skewedBinary()
	if err != nil {
		w.t.Fatal(err)
	}
	w.slack = time.Second // it knows the database's clock only about as well as its way there is short
	node := newProgram(w.t, append(w.program.env, "PROOF_CLOCK="+ahead.String())...)
	node.path = path
	w.add(node)
	return node
}
