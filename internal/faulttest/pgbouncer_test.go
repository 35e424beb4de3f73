package faulttest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNodesWorkThroughPgBouncer runs two nodes through PgBouncer in transaction mode, and
// kills one of them again and again.
func TestNodesWorkThroughPgBouncer(t *testing.T) {
	t.Parallel()
	onPostgres(t, func(t *testing.T, db database) {
		pooler := startPgBouncer(t, db.network.Listen)
		db.env = slices.Clone(db.env)
		db.env[0] = strings.Replace(db.env[0], db.network.Listen, pooler, 1)
		w := newWorld(t, db)
		second := w.join()
		end := w.arrivals(100 * time.Millisecond)
		for range 3 {
			w.load(10)
			second.kill()
			w.load(5)
			second.start()
			second.awaitReady()
		}
		end()
		w.stopNodes()
		w.settle()
		w.audit()
	})
}

// pgBouncerConfig assigns connections to PostgreSQL for one transaction at a time. Two
// nodes open up to forty connections and share eight.
const pgBouncerConfig = `[databases]
* = host=%s port=%s user=idem
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 200
logfile = %s
`

// startPgBouncer starts PgBouncer in front of a PostgreSQL server and returns its address.
func startPgBouncer(t *testing.T, upstream string) (address string) {
	t.Helper()
	program := pgBouncer(t)
	host, port, _ := net.SplitHostPort(upstream)
	listen, folder := freePort(t), t.TempDir()
	config, log := filepath.Join(folder, "pgbouncer.ini"), filepath.Join(folder, "log")
	if err := os.WriteFile(config, fmt.Appendf(nil, pgBouncerConfig, host, port, listen, log), 0o644); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "-q", config)
	if os.Getuid() == 0 { // PgBouncer refuses to run as root
		command.SysProcAttr = &syscall.SysProcAttr{Credential: nobody(t, folder)}
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	address = fmt.Sprintf("127.0.0.1:%d", listen)
	eventually(t, 30*time.Second, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, func() string {
		said, _ := os.ReadFile(log)
		return "PgBouncer listens; its log is\n" + string(said)
	})
	return address
}

// pgBouncer returns the program's path. Debian does not install it in most users' PATH.
func pgBouncer(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("PgBouncer is missing: run scripts/postgres")
	}
	t.Skip("PgBouncer is missing: run scripts/postgres as root")
	return ""
}

// freePort returns an unused port.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// nobody returns the user nobody, and makes it the owner of a temporary folder.
func nobody(t *testing.T, folder string) *syscall.Credential {
	t.Helper()
	account, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(folder, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
