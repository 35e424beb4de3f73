package simulation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// network connects hosts by name in memory.
type network struct {
	mu    sync.Mutex
	hosts map[string]*host
}

func newNetwork() *network { return &network{hosts: map[string]*host{}} }

// host is a [net.Listener] with a name.
type host struct {
	name   string
	calls  chan net.Conn
	closed chan struct{}
	close  func()
}

var errRefused = errors.New("connection refused")

// listen makes a host accept connections until it is closed.
func (n *network) listen(name string) *host {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := &host{name: name, calls: make(chan net.Conn), closed: make(chan struct{})}
	h.close = sync.OnceFunc(func() { close(h.closed) })
	n.hosts[name] = h
	return h
}

// Accept implements [net.Listener].
func (h *host) Accept() (net.Conn, error) {
	select {
	case c := <-h.calls:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (h *host) Close() error {
	h.close()
	return nil
}

// Addr implements [net.Listener].
func (h *host) Addr() net.Addr { return &net.TCPAddr{} }

// dial connects to a host by name.
func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	h := n.hosts[name]
	n.mu.Unlock()
	if h == nil {
		return nil, fmt.Errorf("dial %s: no such host", name)
	}
	ours, theirs := net.Pipe()
	select {
	case h.calls <- theirs:
		return ours, nil
	case <-h.closed:
		return nil, fmt.Errorf("dial %s: %w", name, errRefused)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// line is how one process connects to hosts. Once it is cut, the process can reach nobody.
type line struct {
	network *network

	mu    sync.Mutex
	open  []net.Conn
	isCut bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := l.network.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut {
		return nil, errors.Join(errRefused, c.Close())
	}
	l.open = append(l.open, c)
	return c, nil
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = true
	for _, c := range l.open {
		c.Close() // a connection in memory closes
	}
}
