package postgres_test

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/store/postgres"
)

// line is a connection to the server that can fall silent: both ends stay, and nothing
// that is said arrives.
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

// carry brings what one end says to the other, until one of them hangs up.
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

func TestASilentConnectionHoldsNoLockAndNoShutdown(t *testing.T) {
	t.Parallel() // it waits, mostly
	url := server.Database(t)
	l := newLine(t, server.Address())
	far, err := postgres.Open(t.Context(), strings.Replace(url, server.Address(), l.Addr().String(), 1))
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := far.Lock(t.Context(), "a name")
	if err != nil {
		t.Fatal(err)
	}
	l.silent.Store(true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		unlock()
		far.Close()
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it never ended")
	}
	near := open(t, url)
	if unlock, err = near.Lock(t.Context(), "a name"); err != nil {
		t.Fatal(err)
	}
	unlock()
}
