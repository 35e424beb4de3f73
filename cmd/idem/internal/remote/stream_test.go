package remote

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestEventsOfAStreamAreRead(t *testing.T) {
	stream := "retry: 2000\n\n: alive\n\nid: 7\nevent: case.changed\ndata: {\"a\":1}\n\ndata: two\ndata: lines\n\r\nid: 9\ndata:x\n\nid: 10\ndata: cut off"
	var got []string
	err := readEvents(strings.NewReader(stream), func(e StreamEvent) error {
		got = append(got, e.ID+" "+e.Data)
		return nil
	})
	if want := []string{`7 {"a":1}`, "7 two\nlines", "9 x"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("read %q, want %q, error %v", got, want, err)
	}
	broken := errors.New("broken")
	if err := readEvents(strings.NewReader(stream), func(StreamEvent) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if err := readEvents(strings.NewReader("data: "+strings.Repeat("x", maxEvent)), func(StreamEvent) error { return nil }); err == nil {
		t.Error("a line without an end is read")
	}
}

func TestAStreamIsRefusedWithItsReason(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/sandbox/stream" || r.Header.Get("Authorization") != "Bearer token" || r.Header.Get("Last-Event-ID") != "5" {
			http.Error(w, "wrong request", http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"detail":"there are too many streams"}`)
	}))
	defer server.Close()
	err := Client{URL: server.URL, Token: "token", Environment: "sandbox"}.Stream(t.Context(), "stream", "5", func(StreamEvent) error { return nil })
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Status != 503 || refusal.Problem != "there are too many streams" {
		t.Errorf("error %v", err)
	}
}
