package postgres_test

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store/postgres"
)

// line is a connection to the server that can become unresponsive: it stays open, but no
// data arrives.
type line struct {
	net.Listener
	silent atomic.Bool
	open   sync.WaitGroup
}

func newLine(t *testing.T, upstream string) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{Listener: listener}
	l.open.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", upstream)
			if err != nil {
				near.Close()
				continue
			}
			l.open.Go(func() { l.carry(far, near) })
			l.open.Go(func() { l.carry(near, far) })
		}
	})
	t.Cleanup(func() { listener.Close(); l.open.Wait() })
	return l
}

// carry copies data in one direction until the connection is closed.
func (l *line) carry(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	said := make([]byte, 4<<10)
	for {
		n, err := from.Read(said)
		if err == nil && !l.silent.Load() {
			_, err = to.Write(said[:n])
		}
		if err != nil {
			return
		}
	}
}

func TestASilentConnectionHoldsNoClaimAndNoShutdown(t *testing.T) {
	t.Parallel() // the test mostly waits
	url := server.Database(t)
	l := newLine(t, server.Address())
	far, err := postgres.Open(t.Context(), strings.Replace(url, server.Address(), l.Addr().String(), 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := far.Claim(t.Context(), domain.Sandbox, domain.Ref{Type: "inquiry", ID: "inq_1"}); err != nil || !ok {
		t.Fatalf("ok %v, error %v", ok, err)
	}
	l.silent.Store(true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		far.Close()
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it never ended")
	}
	wantClaim(t, open(t, url), domain.Ref{Type: "inquiry", ID: "inq_1"})
}

// wantClaim waits until it can claim something.
func wantClaim(t *testing.T, db *postgres.DB, target domain.Ref) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		_, ok, err := db.Claim(t.Context(), domain.Sandbox, target)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("only a node that is gone can have claimed %s", target)
		}
	}
}
