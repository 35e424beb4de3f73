// Package serve runs HTTP servers that stop cleanly.
package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// shutdownTimeout is how long running requests may continue after the server is told to stop.
const shutdownTimeout = 5 * time.Second

// Limits of a connection. Persona's webhooks have a few short headers; clients that send
// headers byte by byte are disconnected.
const (
	headerTime    = 10 * time.Second
	idleTime      = 2 * time.Minute
	maxHeader     = 64 << 10         // bytes
	answerTimeout = 10 * time.Minute // generous, for clients that do not read the answer
	restTimeout   = time.Second      // for the unread rest of a request's body, which net/http reads to reuse the connection
)

// HTTP serves on a listener until ctx ends, and then gives running requests five seconds to
// finish. It closes the listener. It returns nil if ctx ended it.
func HTTP(ctx context.Context, listener net.Listener, handler http.Handler) error {
	base := context.WithValue(context.WithoutCancel(ctx), stopping{}, ctx.Done())
	server := &http.Server{Handler: limitUnreadBody(handler), BaseContext: func(net.Listener) context.Context { return base }, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, WriteTimeout: answerTimeout}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(end); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}

// stopping is the key of what [Stopping] returns.
type stopping struct{}

// Stopping returns a channel that is closed when the server of a request is told to stop, for
// handlers whose answers have no end. It is nil if the server is not of this package.
func Stopping(request context.Context) <-chan struct{} {
	told, _ := request.Value(stopping{}).(<-chan struct{})
	return told
}

// limitUnreadBody limits the time for the unread rest of a request's body.
func limitUnreadBody(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r)
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(restTimeout)) // fails for a hijacked connection
	})
}
