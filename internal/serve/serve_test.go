package serve_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/idemhq/idem/internal/serve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func TestARequestThatRunsIsAnsweredAfterTheContextEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listener, ended := listen(t), make(chan error, 1)
	go func() {
		ended <- serve.HTTP(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			cancel()
			for { // until the server rejects new connections because it is stopping
				c, err := net.Dial("tcp", listener.Addr().String())
				if err != nil {
					break
				}
				c.Close()
			}
			io.WriteString(w, "answered")
		}))
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(body) != "answered" {
		t.Errorf("the answer is %q, error %v", body, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestAnAnswerWithoutAnEndEndsWhenTheContextDoes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listener, ended := listen(t), make(chan error, 1)
	go func() {
		ended <- serve.HTTP(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "an end")
			http.NewResponseController(w).Flush()
			select {
			case <-serve.Stopping(r.Context()):
			case <-r.Context().Done():
				t.Error("the request ended first")
			}
		}))
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(body) != "an end" {
		t.Errorf("the answer is %q, error %v", body, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if serve.Stopping(t.Context()) != nil {
		t.Error("a request of another server is told when it stops")
	}
}

func TestAListenerThatFailsEndsIt(t *testing.T) {
	listener := listen(t)
	listener.Close()
	if err := serve.HTTP(t.Context(), listener, http.NotFoundHandler()); err == nil {
		t.Error("it ended without an error")
	}
}

// A request whose body never ends does not occupy its connection forever, however much of
// it the handler reads.
func TestAnUnreadBodyDoesNotOccupyItsConnection(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	listener, ended := listen(t), make(chan error, 1)
	go func() { ended <- serve.HTTP(ctx, listener, http.NotFoundHandler()) }()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx")
	answer, err := io.ReadAll(c) // until the connection is closed
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 404") {
		t.Errorf("answered %q, error %v", answer, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestALongHeaderIsRefused(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	listener, ended := listen(t), make(chan error, 1)
	go func() { ended <- serve.HTTP(ctx, listener, http.NotFoundHandler()) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for bytes, want := range map[int]int{1 << 10: http.StatusNotFound, 128 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listener.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Long", strings.Repeat("x", bytes))
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("a header of %d bytes was answered %d", bytes, res.StatusCode)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}
