package follow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/idemhq/idem/cmd/idem/internal/follow"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// list is Persona's list of events, the oldest first.
type list struct {
	events []domain.Event
	asked  []int // the size of each page
	fails  error
	heavy  bool // pages of more than ten events are too large
}

func (l *list) happen(id string, at time.Time) {
	i := len(l.events)
	for i > 0 && l.events[i-1].CreatedAt.After(at) {
		i--
	}
	l.events = slices.Insert(l.events, i, domain.Event{ID: id, Name: "inquiry.created", CreatedAt: at})
}

// Page implements [follow.Lister].
func (l *list) Page(_ context.Context, cursor string, size int) ([]domain.Event, string, error) {
	l.asked = append(l.asked, size)
	if l.fails != nil {
		return nil, "", l.fails
	}
	if l.heavy && size > 10 {
		return nil, "", persona.ErrTooLarge
	}
	end := len(l.events)
	if cursor != "" {
		end = slices.IndexFunc(l.events, func(e domain.Event) bool { return e.ID == cursor })
	}
	page := slices.Clone(l.events[max(0, end-size):end])
	slices.Reverse(page)
	if end-size <= 0 || len(page) == 0 {
		return page, "", nil
	}
	return page, page[len(page)-1].ID, nil
}

// world is a list and a follower that began at noon.
type world struct {
	list
	now      time.Time
	follower *follow.Follower
}

func newWorld() *world {
	w := &world{now: noon}
	w.follower = follow.New(&w.list, follow.Position{Start: noon}, func() time.Time { return w.now })
	return w
}

func (w *world) next(t interface {
	Helper()
	Fatal(...any)
}) (ids []string) {
	t.Helper()
	events, err := w.follower.Next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestEventsComeOnceAndTheOldestFirst(t *testing.T) {
	w := newWorld()
	w.happen("before", noon.Add(-time.Second))
	w.happen("first", noon)
	w.happen("second", noon.Add(time.Second))
	if got := w.next(t); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("new are %q", got)
	}
	w.happen("third", noon.Add(2*time.Second))
	if got := w.next(t); !slices.Equal(got, []string{"third"}) {
		t.Errorf("then new are %q", got)
	}
	if got := w.next(t); got != nil {
		t.Errorf("then new are %q", got)
	}
}

func TestAnEventThatBecomesVisibleLateIsFound(t *testing.T) {
	w := newWorld()
	w.happen("early", noon.Add(time.Second))
	for i := range 250 {
		w.happen("evt_"+strconv.Itoa(i), noon.Add(10*time.Minute+time.Duration(i)*time.Second))
	}
	w.next(t)
	w.happen("late", noon.Add(5*time.Minute))
	w.now = noon.Add(15 * time.Minute)
	if got := w.next(t); !slices.Equal(got, []string{"late"}) {
		t.Errorf("new are %q", got)
	}
}

func TestManyEventsAtOnceAreAllRead(t *testing.T) {
	w := newWorld()
	w.next(t)
	for i := range 350 {
		w.happen("evt_"+strconv.Itoa(i), noon.Add(time.Duration(i)*time.Millisecond))
	}
	if got := w.next(t); len(got) != 350 {
		t.Errorf("%d of 350 are new", len(got))
	}
}

func TestAQuietListCostsOnePage(t *testing.T) {
	w := newWorld()
	for i := range 350 {
		w.happen("evt_"+strconv.Itoa(i), noon.Add(time.Duration(i)*time.Millisecond))
	}
	w.next(t)
	w.asked = nil
	w.now = w.now.Add(time.Second)
	w.next(t)
	if len(w.asked) != 1 {
		t.Errorf("it reads %d pages", len(w.asked))
	}
}

func TestItGoesOnFromAPosition(t *testing.T) {
	w := newWorld()
	w.happen("first", noon)
	w.next(t)
	b, err := json.Marshal(w.follower.Position())
	if err != nil {
		t.Fatal(err)
	}
	var kept follow.Position
	if err := json.Unmarshal(b, &kept); err != nil {
		t.Fatal(err)
	}
	w.happen("meanwhile", noon.Add(3*time.Hour))
	w.follower = follow.New(&w.list, kept, func() time.Time { return noon.Add(4 * time.Hour) })
	if got := w.next(t); !slices.Equal(got, []string{"meanwhile"}) {
		t.Errorf("new are %q", got)
	}
}

func TestAnEventOfTheFutureHidesNoOther(t *testing.T) {
	w := newWorld()
	w.happen("future", noon.AddDate(1, 0, 0))
	w.next(t)
	w.happen("present", noon.Add(time.Minute))
	w.now = noon.Add(2 * time.Minute)
	if got := w.next(t); !slices.Equal(got, []string{"present"}) {
		t.Errorf("new are %q", got)
	}
}

func TestAfterAnErrorNothingIsLost(t *testing.T) {
	w := newWorld()
	w.happen("first", noon)
	w.fails = errors.New("no network")
	if _, err := w.follower.Next(t.Context()); !errors.Is(err, w.fails) {
		t.Errorf("the error is %v", err)
	}
	w.fails = nil
	if got := w.next(t); !slices.Equal(got, []string{"first"}) {
		t.Errorf("new are %q", got)
	}
}

func TestPagesThatAreTooLargeAreReadInSmallerOnes(t *testing.T) {
	w := newWorld()
	w.heavy = true
	for i := range 35 {
		w.happen("evt_"+strconv.Itoa(i), noon.Add(time.Duration(i)*time.Second))
	}
	if got := w.next(t); len(got) != 35 {
		t.Errorf("%d of 35 are new", len(got))
	}
}

// Whatever happens, and however late it becomes visible within the overlap, each event
// comes once.
func TestEveryEventComesExactlyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		want, got := []string{}, []string{}
		for i := range rapid.IntRange(1, 40).Draw(t, "rounds") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "seconds")) * time.Second)
			for j := range rapid.IntRange(0, 130).Draw(t, "events") {
				at := w.now.Add(-time.Duration(rapid.IntRange(0, 300).Draw(t, "late")) * time.Second)
				if at.Before(noon) {
					at = noon
				}
				id := fmt.Sprintf("evt_%d_%d", i, j)
				w.happen(id, at)
				want = append(want, id)
			}
			got = append(got, w.next(t)...)
		}
		w.now = w.now.Add(time.Minute) // a deep look
		got = append(got, w.next(t)...)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%d events came of %d", len(got), len(want))
		}
	})
}
