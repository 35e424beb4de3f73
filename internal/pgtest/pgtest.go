// Package pgtest runs a real PostgreSQL for tests: one server per test binary, and one
// database per test.
package pgtest

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server on this machine.
type Server struct {
	bin, data string
	port      int
	as        *syscall.Credential // the user it runs as; nil for the current user

	mu   sync.Mutex
	last int
}

// Run runs the tests of a binary with a PostgreSQL server. If PostgreSQL is not installed,
// tests that need it are skipped, or fail in CI.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Run(m, &server)) }
func Run(m interface{ Run() int }, server **Server) int {
	flag.Parse() // parse -short, which skips the server
	var s *Server
	if !testing.Short() {
		var err error
		if s, err = newServer(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
		}
	}
	*server = s
	if s != nil {
		defer s.close()
	}
	return m.Run()
}

// New starts a server for one test, which may stop and start it. It is removed when the
// test ends. If PostgreSQL is not installed, the test is skipped, or fails in CI.
func New(t testing.TB) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no PostgreSQL is started")
	}
	s, err := newServer()
	if err != nil {
		t.Fatal(err)
	}
	s.require(t)
	t.Cleanup(s.close)
	return s
}

// newServer creates and starts a server. It returns nil if PostgreSQL is not installed.
func newServer() (*Server, error) {
	bin := binaries()
	if bin == "" {
		return nil, nil
	}
	s := &Server{bin: bin}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		nobody, err := user.Lookup("nobody")
		if err != nil {
			return nil, fmt.Errorf("find a user to run PostgreSQL as: %w", err)
		}
		uid, _ := strconv.ParseUint(nobody.Uid, 10, 32)
		gid, _ := strconv.ParseUint(nobody.Gid, 10, 32)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	dir, err := os.MkdirTemp("", "idem-pg")
	if err != nil {
		return nil, err
	}
	s.data = filepath.Join(dir, "data")
	if s.as != nil {
		if err := os.Chown(dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return nil, err
		}
	}
	if err := s.run("initdb", "-D", s.data, "-U", "idem", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"); err != nil {
		return nil, err
	}
	return s, s.Start()
}

// binaries returns the folder of the newest PostgreSQL on this machine, or "".
func binaries() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // cannot fail: the pattern is valid
	slices.SortFunc(found, func(a, b string) int {
		version := func(path string) int {
			n, _ := strconv.Atoi(strings.Split(path, "/")[4])
			return n
		}
		return version(b) - version(a)
	})
	if len(found) > 0 {
		return filepath.Dir(found[0])
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}

// run runs one of PostgreSQL's programs and waits for it.
func (s *Server) run(program string, args ...string) error {
	log, err := os.CreateTemp("", "idem-pg-log")
	if err != nil {
		return err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	command := exec.Command(filepath.Join(s.bin, program), args...)
	command.Dir = "/"
	command.Stdout, command.Stderr = log, log // not a pipe: the server that pg_ctl starts would keep it open
	if s.as != nil {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	}
	if err := command.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s: %w: %s", program, err, said)
	}
	return nil
}

// Start starts the server, on its former port if it had one.
func (s *Server) Start() error {
	if s.port == 0 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s.port = listener.Addr().(*net.TCPAddr).Port
		listener.Close()
	}
	options := fmt.Sprintf("-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 -c shared_buffers=64MB", s.port)
	if !benchmarking() {
		options += " -c fsync=off -c full_page_writes=off"
	}
	return s.run("pg_ctl", "-D", s.data, "-l", filepath.Join(filepath.Dir(s.data), "log"), "-w", "-t", "60", "-o", options, "start")
}

// benchmarking reports whether benchmarks run. Only they need a server that waits for the disk.
// Tests kill PostgreSQL and never the operating system, which keeps what PostgreSQL has written
// without fsync.
func benchmarking() bool {
	bench := flag.Lookup("test.bench")
	return bench != nil && bench.Value.String() != ""
}

// Stop stops the server with a mode: fast, or immediate to simulate a crash.
func (s *Server) Stop(mode string) error {
	return s.run("pg_ctl", "-D", s.data, "-m", mode, "-w", "stop")
}

func (s *Server) close() {
	_ = s.Stop("immediate")
	os.RemoveAll(filepath.Dir(s.data))
}

// Database creates an empty database for a test and returns its URL. It is removed when the
// test ends.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	s.require(t)
	s.mu.Lock()
	s.last++
	name := fmt.Sprintf("test_%d", s.last)
	s.mu.Unlock()
	s.do(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { s.do(t, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return s.url(name)
}

// require skips a test without a server, or fails it in CI.
func (s *Server) require(t testing.TB) {
	t.Helper()
	switch {
	case s != nil:
	case testing.Short():
		t.Skip("-short: no PostgreSQL is started")
	case os.Getenv("CI") != "":
		t.Fatal("PostgreSQL is missing: run scripts/postgres")
	default:
		t.Skip("PostgreSQL is missing: run scripts/postgres as root")
	}
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://idem@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// Address returns the server's host:port.
func (s *Server) Address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

func (s *Server) do(t testing.TB, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		t.Fatalf("connect to PostgreSQL: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
