package simclock

import (
	"slices"
	"testing"
	"time"
)

func wall() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC) }

func TestAClockMovesForwardFromItsStart(t *testing.T) {
	start := wall().Add(-48 * time.Hour)
	for name, test := range map[string]struct {
		start, want time.Time
	}{
		"with a start":    {start, start.Add(time.Hour)},
		"without a start": {time.Time{}, wall().Add(time.Hour)},
	} {
		c := New(wall, test.start)
		c.Advance(time.Hour)
		if got := c.Now(); !got.Equal(test.want) || !c.Wall().Equal(wall()) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestAStampIsReadBack(t *testing.T) {
	if got := Stamp(wall()); got != "2026-01-02T03:04:05.678Z" || !Moment(got).Equal(wall()) {
		t.Errorf("%s is read as %s", got, Moment(got))
	}
	for _, other := range []any{nil, "", "yesterday", 12.5} {
		if got := Moment(other); !got.IsZero() {
			t.Errorf("%v is read as %s", other, got)
		}
	}
}

func TestAStampHasItsLayout(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	for _, at := range []time.Time{
		{}, wall(), time.Date(2026, 1, 1, 0, 30, 0, 7_999_999, berlin), time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC),
		time.Date(800, 2, 3, 4, 5, 6, 10_000_000, time.UTC), time.Date(12026, 2, 3, 4, 5, 6, 0, time.UTC),
	} {
		if got, want := Stamp(at), at.UTC().Format(StampLayout); got != want {
			t.Errorf("the stamp of %s is %s, not %s", at, got, want)
		}
	}
}

func TestAnAgendaIsOrderedByTimeAndThenByAge(t *testing.T) {
	var a Agenda[string]
	for _, entry := range []struct {
		at   time.Duration
		what string
	}{{2, "c"}, {1, "a"}, {2, "d"}, {1, "b"}} {
		a.Put(wall().Add(entry.at*time.Hour), entry.what)
	}
	var all []string
	for _, what := range a.All() {
		all = append(all, what)
	}
	if want := []string{"a", "b", "c", "d"}; !slices.Equal(all, want) {
		t.Errorf("all: %q, want %q", all, want)
	}
	var due []string
	for at, what, ok := a.Take(wall().Add(time.Hour)); ok; at, what, ok = a.Take(wall().Add(time.Hour)) {
		if !at.Equal(wall().Add(time.Hour)) {
			t.Errorf("%s is due at %s", what, at)
		}
		due = append(due, what)
	}
	if want := []string{"a", "b"}; !slices.Equal(due, want) {
		t.Errorf("due after an hour: %q, want %q", due, want)
	}
	if next, ok := a.Next(); !ok || !next.Equal(wall().Add(2*time.Hour)) {
		t.Errorf("next: %s, %v", next, ok)
	}
}
