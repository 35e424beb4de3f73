package faulttest

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/idemhq/idem/internal/pgtest"
	_ "github.com/idemhq/idem/service" // invalidates cached test results when the service changes
)

// binary builds idem once for all tests of this package.
var binary = sync.OnceValues(func() (string, error) { return build("idem", nil) })

// build builds idem with OnVerdict (see testdata/hear.go), and with other changed files of
// its source, by their paths. It uses the flag -overlay of go build, because the program
// that users run has neither.
func build(name string, changed map[string]string) (path string, err error) {
	files, err := hearing()
	if err != nil {
		return "", err
	}
	maps.Copy(files, changed)
	replace := map[string]string{}
	for original, content := range files {
		replace[original] = filepath.Join(tempDir, name+"-"+filepath.Base(original))
		if err := os.WriteFile(replace[original], []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	list, _ := json.Marshal(map[string]any{"Replace": replace}) // cannot fail: they are strings
	overlay := filepath.Join(tempDir, name+"-overlay.json")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return "", err
	}
	path = filepath.Join(tempDir, name)
	if out, err := exec.Command("go", "build", "-o", path, "-overlay", overlay, "github.com/idemhq/idem/cmd/idem").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build idem: %w: %s", err, out)
	}
	return path, nil
}

// hearing returns the files that make `idem serve` call a function of testdata/hear.go.
func hearing() (map[string]string, error) {
	folder, err := filepath.Abs(filepath.Join("..", "..", "cmd", "idem"))
	if err != nil {
		return nil, err
	}
	added, err := os.ReadFile(filepath.Join("testdata", "hear.go"))
	if err != nil {
		return nil, err
	}
	serve := filepath.Join(folder, "serve.go")
	source, err := os.ReadFile(serve)
	if err != nil {
		return nil, err
	}
	const before = "	listener, err := net.Listen("
	if strings.Count(string(source), before) != 1 {
		return nil, fmt.Errorf("%s has another Run than this test expects: there is no %q", serve, before)
	}
	return map[string]string{
		filepath.Join(folder, "hear.go"): string(added),
		serve:                            strings.Replace(string(source), before, "	hear(s)\n"+before, 1),
	}, nil
}

// tempDir is a folder that is removed after the tests.
var tempDir string

func TestMain(m *testing.M) {
	// The tests mostly wait, so run more of them in parallel than there are processors.
	if err := flag.Set("test.parallel", "8"); err != nil { // the command line overrides it
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxiproxy logs every connection
	var err error
	if tempDir, err = os.MkdirTemp("", "idem-faulttest"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := pgtest.Run(m, &server)
	os.RemoveAll(tempDir)
	os.Exit(code)
}

// program is `idem serve` as a sequence of processes.
type program struct {
	t    *testing.T
	path string
	env  []string // in addition to PATH

	supervised bool // restarted if it could not start, as by a supervisor

	mu      sync.Mutex
	cmd     *exec.Cmd     // nil if none is running
	address string        // host:port; "" while it is not listening
	began   bool          // it has started to work
	exited  chan struct{} // closed when the process has ended and err is set
	err     error         // the error of the process
	log     []string      // the last lines
}

func newProgram(t *testing.T, env ...string) *program {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, path: path, env: append([]string{"PATH=" + os.Getenv("PATH"), "IDEM_LISTEN=127.0.0.1:0", "IDEM_LOG_FORMAT=json"}, env...)}
	t.Cleanup(func() { p.kill() })
	return p
}

// start starts a process and returns before it is ready.
func (p *program) start() {
	p.t.Helper()
	cmd := exec.Command(p.path, "serve")
	cmd.Env = p.env
	out, err := cmd.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	exited := make(chan struct{})
	p.mu.Lock()
	p.cmd, p.address, p.began, p.exited, p.err = cmd, "", false, exited, nil
	p.mu.Unlock()
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			p.read(lines.Text())
		}
		err := cmd.Wait()
		p.mu.Lock()
		p.cmd, p.address, p.err = nil, "", err
		p.mu.Unlock()
		close(exited)
	}()
}

// read handles a line of the log.
func (p *program) read(line string) {
	var said struct{ Msg, Address string }
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = json.Unmarshal([]byte(line), &said) // lines that are not JSON are ignored
	switch said.Msg {
	case "listening":
		p.address = said.Address
	case "service started":
		p.began = true
	}
	const kept = 20
	if p.log = append(p.log, line); len(p.log) > 2*kept {
		p.log = append([]string(nil), p.log[kept:]...)
	}
}

// listens returns the process's address, or "" while it is not listening.
func (p *program) listens() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.address
}

// tail returns the end of the log.
func (p *program) tail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

// running returns the running process, or nil, and a channel that is closed when it has
// ended.
func (p *program) running() (*os.Process, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil, nil
	}
	return p.cmd.Process, p.exited
}

// kill kills the process (SIGKILL) and waits for its end.
func (p *program) kill() {
	if process, exited := p.running(); process != nil {
		_ = process.Kill() // it may have ended already
		<-exited
	}
}

// stop stops the process (SIGTERM) and expects a clean exit.
func (p *program) stop() {
	p.t.Helper()
	process, exited := p.running()
	if process == nil {
		p.t.Fatalf("idem serve ended unexpectedly; its log ends with\n%s", p.tail())
	}
	if err := process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-exited:
	case <-time.After(30 * time.Second):
		p.t.Errorf("idem serve did not stop; its log ends with\n%s", p.tail())
		p.kill()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		p.t.Errorf("idem serve ended with %v", p.err)
	}
}

// awaitReady waits until the process accepts events.
func (p *program) awaitReady() {
	p.t.Helper()
	eventually(p.t, time.Minute, func() bool {
		if p.supervised && p.couldNotStart() {
			p.start()
		}
		return p.ready()
	}, func() string { return "idem serve is ready; its log ends with\n" + p.tail() })
}

// couldNotStart reports whether the process ended before it started to work.
func (p *program) couldNotStart() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd == nil && !p.began
}

func (p *program) ready() bool {
	address := p.listens()
	if address == "" {
		return false
	}
	res, err := http.Get("http://" + address + "/readyz")
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// eventually waits until a condition holds.
func eventually(t *testing.T, within time.Duration, holds func() bool, what func() string) {
	t.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting until %s", what())
		}
	}
}
