package sandbox

import (
	"net"
	"net/http"
	"time"

	"github.com/idemhq/idem/persona"
)

// TB is what [NewServer] needs of a *testing.T.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Server is a sandbox that listens on a free port of this machine.
type Server struct {
	*Sandbox
	URL           string // http://127.0.0.1:port
	SandboxKey    string
	ProductionKey string

	t TB
}

// NewServer starts a sandbox for a test, and stops it when the test ends. Each server has its
// own state, so tests may run in parallel. At most one [Options] is used. Links and files are
// at the server's URL unless the options have another one.
func NewServer(t TB, options ...Options) *Server {
	t.Helper()
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start a sandbox: %v", err)
	}
	url := "http://" + listener.Addr().String()
	if o.URL == "" {
		o.URL = url
	}
	sb, err := New(o)
	if err != nil {
		listener.Close()
		t.Fatalf("start a sandbox: %v", err)
	}
	server := &http.Server{Handler: sb, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) // ends with Close
	t.Cleanup(func() {
		server.Close()
		sb.Close()
	})
	return &Server{Sandbox: sb, URL: url, SandboxKey: SandboxKey, ProductionKey: ProductionKey, t: t}
}

// BaseURL returns the base URL for a client.
func (s *Server) BaseURL() string { return s.URL + "/api/v1" }

// Client returns a client with the key of the sandbox environment. Options override that.
func (s *Server) Client(opts ...persona.Option) *persona.Client {
	s.t.Helper()
	client, err := persona.NewClient(append([]persona.Option{persona.WithAPIKey(SandboxKey), persona.WithBaseURL(s.BaseURL())}, opts...)...)
	if err != nil {
		s.t.Fatalf("make a client: %v", err)
	}
	return client
}
