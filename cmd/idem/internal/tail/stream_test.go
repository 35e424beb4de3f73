package tail_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/tail"
	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/internal/domain"
)

// streaming is a service with notifications. It ends a stream after two of them.
type streaming struct {
	mu     sync.Mutex
	last   int64 // sequence of the newest notification
	froms  []string
	refuse bool
}

func (s *streaming) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/notifications"):
		page := remote.Page[api.Notification]{}
		for i := s.last; i > 0; i-- {
			page.Data = append(page.Data, told(i))
		}
		_ = json.NewEncoder(w).Encode(page)
	case s.refuse || !strings.HasSuffix(r.URL.Path, "/stream"):
		http.Error(w, "no such path", http.StatusNotFound)
	default:
		from := r.Header.Get("Last-Event-ID")
		s.froms = append(s.froms, from)
		w.Header().Set("Content-Type", "text/event-stream")
		var after int64
		fmt.Sscan(from, &after)
		for i := after + 1; i <= min(after+2, 6); i++ {
			data, _ := json.Marshal(map[string]any{"type": "case.changed", "data": told(i)})
			fmt.Fprintf(w, "id: %d\nevent: case.changed\ndata: %s\n\n", i, data)
		}
	}
}

// told is a notification about one of two cases.
func told(i int64) api.Notification {
	return api.Notification{ID: fmt.Sprintf("ntf_%d", i), Type: "case.changed", Sequence: i, Object: &domain.Ref{Type: "case", ID: fmt.Sprintf("case_%d", i%2)}, CreatedAt: time.Unix(i, 0)}
}

func streamOf(t *testing.T, s *streaming, object string) (*tail.Tail, <-chan tail.Row) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	following := tail.New(remote.Client{URL: server.URL, Token: "token", Environment: "sandbox"}, []string{"notification"}, object)
	if _, err := following.Next(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	return following, following.Stream(t.Context())
}

func TestAStreamGoesOnWhereItEnded(t *testing.T) {
	s := &streaming{last: 2}
	following, rows := streamOf(t, s, "")
	var got []string
	for range 4 {
		got = append(got, (<-rows).ID)
	}
	if !slices.Equal(got, []string{"ntf_3", "ntf_4", "ntf_5", "ntf_6"}) {
		t.Errorf("streamed %q", got)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.froms[0] != "2" || s.froms[1] != "4" {
		t.Errorf("it connected after %q", s.froms)
	}
	if rows, err := following.Next(t.Context(), 10); err != nil || rows != nil {
		t.Errorf("what is streamed is also requested: %v, error %v", rows, err)
	}
}

func TestAStreamIsFilteredByTheObject(t *testing.T) {
	_, rows := streamOf(t, &streaming{}, "case_1")
	if first, second := (<-rows).ID, (<-rows).ID; first != "ntf_1" || second != "ntf_3" {
		t.Errorf("streamed %s and %s", first, second)
	}
}

func TestWithoutAStreamNotificationsAreRequested(t *testing.T) {
	s := &streaming{refuse: true, last: 1}
	following, rows := streamOf(t, s, "")
	if row, open := <-rows; open {
		t.Errorf("streamed %v", row)
	}
	following.Poll()
	s.mu.Lock()
	s.last = 2
	s.mu.Unlock()
	if rows, err := following.Next(t.Context(), 10); err != nil || len(rows) != 1 || rows[0].ID != "ntf_2" {
		t.Errorf("requested %v, error %v", rows, err)
	}
}

func TestWhatIsNotFollowedIsNotStreamed(t *testing.T) {
	if rows := tail.New(remote.Client{}, []string{"action"}, "").Stream(t.Context()); rows != nil {
		t.Error("there is a stream")
	}
}
