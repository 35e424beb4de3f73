package idem_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/idemhq/idem"
)

// cutting is a proxy that ends every answer after some bytes. It refuses some connections.
func cutting(t *testing.T, to string, after int) *httptest.Server {
	upstream, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(upstream)
	proxy.FlushInterval = -1
	var connections atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/stream") {
			proxy.ServeHTTP(w, r)
			return
		}
		if connections.Add(1)%3 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(&cut{ResponseWriter: w, left: after}, r)
	}))
	t.Cleanup(server.Close)
	return server
}

type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(b []byte) (int, error) {
	if len(b) > c.left {
		_, _ = c.ResponseWriter.Write(b[:c.left])
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	c.left -= len(b)
	return c.ResponseWriter.Write(b)
}

func (c *cut) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func TestAStreamThatIsCutAgainAndAgainSkipsNothing(t *testing.T) {
	w, direct := started(t, "")
	proxy := cutting(t, w.URL, 1000) // two or three notifications
	const people = 5
	go func() {
		for i := range people {
			w.verified(t, direct, fmt.Sprintf("user-%d", i))
		}
	}()
	seen, approved, last := map[int64]bool{}, map[string]bool{}, int64(0)
	for n, err := range client(t, proxy.URL).Stream(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if n.Sequence <= last || n.Environment != idem.Sandbox {
			t.Errorf("%+v came after %d", n, last)
		}
		last, seen[n.Sequence] = n.Sequence, true
		if n.Verdict == idem.VerdictApproved {
			approved[n.Reference] = true
		}
		if len(approved) == people {
			break
		}
	}
	for n, err := range direct.Stream(t.Context(), 0) {
		if err != nil || !seen[n.Sequence] {
			t.Fatalf("%+v was skipped, error %v", n, err)
		}
		if n.Sequence == last {
			return
		}
	}
}

func TestAStreamFromNowBeginsWithTheNextNotification(t *testing.T) {
	w, c := started(t, "")
	w.verified(t, c, "before")
	var known int64 // a notification from before
	for n, err := range c.Stream(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if known = n.Sequence; n.Verdict == idem.VerdictApproved {
			break
		}
	}
	got := make(chan int64, 100)
	go func() {
		for n, err := range c.Stream(t.Context(), idem.FromNow) {
			if err != nil {
				return
			}
			got <- n.Sequence
		}
	}()
	for i := 0; ; i++ { // the stream may begin after the first of them
		w.verified(t, c, fmt.Sprintf("after-%d", i))
		select {
		case first := <-got:
			if first <= known {
				t.Errorf("it begins with number %d, though number %d was there before", first, known)
			}
			return
		case <-time.After(time.Second):
		}
	}
}

func TestAStreamEndsWithItsContext(t *testing.T) {
	_, c := started(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		var last error
		for _, err := range c.Stream(ctx, 0) {
			last = err
		}
		ended <- last
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}
