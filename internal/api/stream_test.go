package api_test

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// watch tells streams of new notifications when the test says so.
type watch struct{ changed chan struct{} }

func (w watch) Join() func() { return func() {} }

func (w watch) Latest() (int64, <-chan struct{}) { return 0, w.changed }

func TestAStreamEndsWhenItsTokenIsRevoked(t *testing.T) {
	w := newWorld(t)
	told := watch{make(chan struct{})}
	mux := http.NewServeMux()
	api.Register(mux, api.Deps{
		Store: w.db, Environments: []domain.Environment{domain.Sandbox}, Token: "token", Logger: slog.New(slog.DiscardHandler), Now: start, Watch: told,
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	tell := func(id, reference string) {
		w.save(store.Advance{Objects: []domain.Object{w.inquiry(id, reference, "completed")}})
	}
	token := w.token("reader", "", "read")
	tell("inq_1", "user-1")
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/v1/sandbox/stream?after=0", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token.Secret)
	client := &http.Client{Timeout: 10 * time.Second} // the heartbeat comes later
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	for line := ""; !strings.HasPrefix(line, "data:"); {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	w.want(204, nil, "DELETE", "/v1/tokens/"+token.ID, "")
	tell("inq_2", "user-2")
	close(told.changed)
	rest, err := io.ReadAll(lines)
	if err != nil || strings.Contains(string(rest), "data:") {
		t.Errorf("after the token was revoked, the stream sent %q, error %v", rest, err)
	}
}
