package demo

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// counting counts the requests by method and address.
type counting struct {
	mu    sync.Mutex
	times map[string]int
}

// RoundTrip implements [http.RoundTripper].
func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.times[r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery]++
	c.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// The six steps run to their end with every outcome as expected. They wait for notifications:
// what the service has done is read once, to print it, and nobody asks for a verdict.
func TestRun(t *testing.T) {
	asked := &counting{times: map[string]int{}}
	before := http.DefaultClient.Transport
	http.DefaultClient.Transport = asked // with which the demo makes its requests
	defer func() { http.DefaultClient.Transport = before }()
	var out strings.Builder
	steps, err := Run(t.Context(), &out, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if len(steps) != 6 || len(steps[5].Lines) == 0 {
		t.Errorf("it returned %+v", steps)
	}
	if strings.Count(out.String(), "\n6  ") != 1 || !strings.HasSuffix(out.String(), "all as expected\n") {
		t.Errorf("printed\n%s", &out)
	}
	reads := 0
	for request, times := range asked.times {
		if !strings.HasPrefix(request, "GET /v1/sandbox/") {
			continue
		}
		if reads++; times > 1 || strings.Contains(request, "/subjects") || strings.Contains(request, "/notifications") {
			t.Errorf("the demo requests %s %d times", request, times)
		}
	}
	if reads == 0 {
		t.Error("no request was seen")
	}
}
