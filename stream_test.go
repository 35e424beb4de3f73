package idem_test

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// cutting is a proxy that ends every stream after some bytes, each after a few more than the
// one before, so that long notifications pass in the end. It refuses some connections.
func cutting(t *testing.T, to string) *httptest.Server {
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
		n := int(connections.Add(1))
		if n%3 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(&cut{ResponseWriter: w, left: 500 + 50*n}, r)
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
	proxy := cutting(t, w.URL)
	go func() {
		for i := range 5 {
			w.verified(t, direct, fmt.Sprintf("user-%d", i))
		}
		if _, err := direct.Verify(t.Context(), idem.VerifyParams{Reference: "the last", Flow: "kyc"}); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	seen, last := map[int64]bool{}, int64(0)
	for n, err := range client(t, proxy.URL).Stream(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if n.Sequence <= last || n.Environment != idem.Sandbox {
			t.Errorf("%+v came after %d", n, last)
		}
		last, seen[n.Sequence] = n.Sequence, true
		if n.Reference == "the last" {
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
	deadline := time.Now().Add(time.Minute)
	w, c := started(t, "")
	w.verified(t, c, "before")
	var known int64 // a notification from before
	for n, err := range c.Stream(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		known = n.Sequence
		break
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
	for i := 0; time.Now().Before(deadline); i++ { // the stream may begin after the first of them
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
	t.Error("the stream brings nothing")
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

// Something else than the service could answer, so what one event can use is limited.
func TestAnEventWithoutAnEndIsNotRead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 128 {
			if _, err := io.WriteString(w, "data: "+strings.Repeat("x", 64<<10)+"\n"); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for n, err := range client(t, server.URL).Stream(ctx, 0) {
		if err == nil || ctx.Err() != nil {
			t.Fatalf("it yields %+v, error %v", n, err)
		}
	}
}
