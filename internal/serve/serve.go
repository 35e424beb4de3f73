// Package serve runs HTTP servers that stop cleanly.
package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// shutdownTime is how long requests that run may go on after the server is told to
// stop.
const shutdownTime = 5 * time.Second

// Bounds on what a connection may take of the server. Persona's webhooks have a few
// short headers; whoever sends them a byte at a time is cut off.
const (
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	maxHeader  = 64 << 10         // bytes
	answerTime = 10 * time.Minute // for a client that does not read: answers take as long as they need, within reason
	restTime   = time.Second      // for the body of a request that the handler did not read; net/http reads it to keep the connection
)

// HTTP serves on a listener until the context ends, and then lets the requests that
// run come to their end, for five seconds at the most. It closes the listener, and
// returns nil when it was the context that ended it.
func HTTP(ctx context.Context, listener net.Listener, handler http.Handler) error {
	base := context.WithValue(context.WithoutCancel(ctx), stopping{}, ctx.Done())
	server := &http.Server{Handler: bounded(handler), BaseContext: func(net.Listener) context.Context { return base }, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, WriteTimeout: answerTime}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(end); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}

// stopping is the key of what [Stopping] returns.
type stopping struct{}

// Stopping returns a channel that is closed when the server of a request is told to stop.
// An answer that has no end of its own ends then. It is nil for other servers.
func Stopping(request context.Context) <-chan struct{} {
	told, _ := request.Value(stopping{}).(<-chan struct{})
	return told
}

// bounded bounds the time for what a handler left of a request's body.
func bounded(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r)
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(restTime)) // a connection that was taken over has none
	})
}
