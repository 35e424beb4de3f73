package serve_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"

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
			for { // until the server refuses new connections: it is stopping
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

func TestAListenerThatFailsEndsIt(t *testing.T) {
	listener := listen(t)
	listener.Close()
	if err := serve.HTTP(t.Context(), listener, http.NotFoundHandler()); err == nil {
		t.Error("it ended without an error")
	}
}
