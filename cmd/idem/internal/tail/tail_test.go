package tail_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/cmd/idem/internal/remote"
	"github.com/idemhq/idem/cmd/idem/internal/tail"
	"github.com/idemhq/idem/internal/api"
)

// service lists actions, the newest first, a hundred on a page.
type service struct{ actions []api.Action } // the oldest first

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/v1/sandbox/actions") {
		http.Error(w, "no such list", http.StatusNotFound)
		return
	}
	end := len(s.actions)
	if before := r.URL.Query().Get("before"); before != "" {
		end, _ = strconv.Atoi(before)
	}
	page := remote.Page[api.Action]{Data: slices.Clone(s.actions[max(0, end-100):end])}
	slices.Reverse(page.Data)
	if end > 100 {
		page.Next = strconv.Itoa(end - 100)
	}
	_ = json.NewEncoder(w).Encode(page)
}

func (s *service) act(n int) {
	for range n {
		i := len(s.actions)
		s.actions = append(s.actions, api.Action{ID: fmt.Sprintf("axn_%03d", i), State: "waiting", CreatedAt: time.Unix(int64(i), 0)})
	}
}

// follow starts a tail of a service, and returns what its next call brings.
func follow(t *testing.T, s *service) func(last int) []string {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	following := tail.New(remote.Client{URL: server.URL, Environment: "sandbox"}, []string{"action"}, "")
	return func(last int) (ids []string) {
		t.Helper()
		rows, err := following.Next(t.Context(), last)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			ids = append(ids, row.ID+" "+row.State)
		}
		return ids
	}
}

func TestItBeginsWithTheLastRowsAndGoesOnWithNewOnes(t *testing.T) {
	s := &service{}
	next := follow(t, s)
	s.act(30)
	if got := next(2); !slices.Equal(got, []string{"axn_028 waiting", "axn_029 waiting"}) {
		t.Errorf("it begins with %q", got)
	}
	if got := next(2); got != nil {
		t.Errorf("it goes on with %q", got)
	}
	s.act(1)
	if got := next(2); !slices.Equal(got, []string{"axn_030 waiting"}) {
		t.Errorf("it goes on with %q", got)
	}
}

func TestARowIsShownAgainWhenItsStateChanges(t *testing.T) {
	s := &service{}
	next := follow(t, s)
	s.act(3)
	next(0)
	s.actions[1].State = "done"
	if got := next(0); !slices.Equal(got, []string{"axn_001 done"}) {
		t.Errorf("it goes on with %q", got)
	}
}

func TestManyNewRowsAreAllShown(t *testing.T) {
	for name, before := range map[string]int{"after some": 5, "after none": 0} {
		t.Run(name, func(t *testing.T) {
			s := &service{}
			next := follow(t, s)
			s.act(before)
			next(0)
			s.act(350)
			if got := next(0); len(got) != 350 || !slices.IsSorted(got) {
				t.Errorf("%d of 350 rows are shown", len(got))
			}
		})
	}
}
