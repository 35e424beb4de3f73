package idem

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serveStream serves a stream: answers are the bodies of the connections, and the last one
// that of all later connections. A connection with an empty body hangs.
func serveStream(t *testing.T, answers ...string) (*Client, *atomic.Int32) {
	t.Helper()
	connections := &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		if answer := answers[min(int(connections.Add(1)), len(answers))-1]; answer != "" {
			_, _ = w.Write([]byte(answer))
			return
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	c, err := New(server.URL, "token", WithBackoff(time.Millisecond, time.Millisecond), WithHTTPClient(&http.Client{Timeout: time.Minute}))
	if err != nil {
		t.Fatal(err)
	}
	return c, connections
}

const event7 = "id: 7\nevent: action.done\ndata: {\"type\":\"action.done\",\ndata: \"data\":{\"id\":\"ntf_7\",\"type\":\"action.done\",\"sequence\":7}}\n\n"

func TestASilentConnectionIsMadeAgain(t *testing.T) {
	c, connections := serveStream(t, "", "", event7)
	c.silence = 50 * time.Millisecond
	for n, err := range c.Stream(t.Context(), 0) {
		if err != nil || n.ID != "ntf_7" || connections.Load() < 3 {
			t.Errorf("%+v on connection %d, error %v", n, connections.Load(), err)
		}
		return
	}
}

func TestAnEventThatCameBeforeIsNotRepeated(t *testing.T) {
	event8 := strings.ReplaceAll(event7, "7", "8")
	c, _ := serveStream(t, event7, event7+"id: 8\ndata: half of it", ": alive\n\n"+strings.ReplaceAll(event7+event8, "\n", "\r\n"))
	var got []int64
	for n, err := range c.Stream(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, n.Sequence); n.Sequence == 8 {
			break
		}
	}
	if len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

func TestAStreamThatIsNotOfIdemEnds(t *testing.T) {
	for name, text := range map[string]string{
		"another stream":      "data: hello\n\n",
		"no sequence":         "data: {\"type\":\"x\",\"data\":{\"id\":\"y\"}}\n\n",
		"a line without end":  "data: " + strings.Repeat("x", 2<<20),
		"a notification null": "data: {\"type\":\"x\",\"data\":null}\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, connections := serveStream(t, text)
			for _, err := range c.Stream(t.Context(), 0) {
				if err == nil || connections.Load() != 1 {
					t.Errorf("error %v after %d connections", err, connections.Load())
				}
				return
			}
			t.Error("it ended without an error")
		})
	}
}
