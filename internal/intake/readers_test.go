package intake

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func host(n int) sender {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

// evictions notes which requests were made to stop, in order.
type evictions []string

func (e *evictions) begin(r *readers, from sender, name string) *reader {
	return r.begin(from, func(t time.Time) {
		if t.Equal(past) {
			*e = append(*e, name)
		}
	})
}

func TestWhereThereIsRoomNobodyMakesWay(t *testing.T) {
	var r readers
	var evicted evictions
	for i := range unverified / overhead {
		evicted.begin(&r, host(i), fmt.Sprint(i))
	}
	if len(evicted) != 0 || r.held != unverified {
		t.Errorf("%d were evicted, %d bytes are held", len(evicted), r.held)
	}
}

func TestTheSlowOfManySendersMakeWayForTheNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r readers
		var evicted evictions
		slow := unverified / overhead
		for i := range slow {
			evicted.begin(&r, host(i), "slow")
		}
		time.Sleep(time.Second)
		for range 1000 { // genuine ones, all from one address, that end quickly
			one := evicted.begin(&r, host(1<<20), "genuine")
			one.grow(firstBuffer)
			time.Sleep(time.Millisecond)
			if one.whole() {
				t.Fatal("a genuine one made way")
			}
			one.end()
		}
		if len(evicted) == 0 || len(evicted) > 3 {
			t.Errorf("%d slow ones made way, for one at a time", len(evicted))
		}
	})
}

func TestWhoSharesAnAddressWithTheSlowIsNotHarmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r readers
		var evicted evictions
		for range 5000 {
			evicted.begin(&r, host(1), "slow")
			time.Sleep(time.Millisecond)
			one := evicted.begin(&r, host(1), "genuine")
			one.grow(firstBuffer)
			time.Sleep(50 * time.Millisecond)
			if one.whole() {
				t.Fatal("a genuine one made way")
			}
			one.end()
		}
		if r.held > unverified/2 || len(evicted) < 2000 {
			t.Errorf("one address holds %d bytes, and %d made way", r.held, len(evicted))
		}
	})
}

func TestWhoHoldsTheMostForTheLongestMakesWayFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r readers
		var evicted evictions
		evicted.begin(&r, host(1), "small and old")
		time.Sleep(time.Second)
		evicted.begin(&r, host(2), "large and old").grow(unverified/2 - overhead)
		time.Sleep(time.Second)
		evicted.begin(&r, host(3), "large and new").grow(unverified/2 - 3*overhead)
		evicted.begin(&r, host(4), "the last one that fits")
		if len(evicted) != 0 {
			t.Fatalf("%v made way too early", evicted)
		}
		evicted.begin(&r, host(5), "one more")
		if fmt.Sprint(evicted) != "[large and old]" {
			t.Errorf("%v made way", evicted)
		}
	})
}

func TestABodyThatIsReadMakesNoWay(t *testing.T) {
	var r readers
	var evicted evictions
	one := evicted.begin(&r, host(1), "read")
	one.grow(unverified / 4)
	if one.whole() {
		t.Fatal("it made way where there was room")
	}
	for i := range unverified / overhead {
		evicted.begin(&r, host(2+i), "slow")
	}
	for _, name := range evicted {
		if name == "read" {
			t.Fatal("it made way")
		}
	}
	one.end()
	if r.held > unverified {
		t.Errorf("%d bytes are held", r.held)
	}
}

func TestPatienceShrinksWithTheLoad(t *testing.T) {
	for held, want := range map[int]time.Duration{
		0: mostPatience, unverified / 4: mostPatience, unverified / 8 * 5: (mostPatience + leastPatience) / 2, unverified: leastPatience, 2 * unverified: leastPatience,
	} {
		if got := patience(held); got != want {
			t.Errorf("with %d bytes held: %v, want %v", held, got, want)
		}
	}
}

// Whatever requests do, the memory is bounded, accounted for, and given back.
func TestMemoryIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r readers
		var open []*reader
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch what := rapid.IntRange(0, 3).Draw(t, "what"); {
			case what == 0 || len(open) == 0:
				open = append(open, r.begin(host(rapid.IntRange(0, 3).Draw(t, "from")), func(time.Time) {}))
			default:
				i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				switch what {
				case 1:
					open[i].grow(rapid.IntRange(0, 1<<23).Draw(t, "bytes"))
				case 2:
					open[i].whole()
				case 3:
					open[i].end()
					open[i] = open[len(open)-1]
					open = open[:len(open)-1]
				}
			}
			total := 0
			for _, one := range open {
				total += one.held
			}
			shares, evictable := 0, 0
			for _, s := range r.shares {
				shares += s.held
				evictable += s.reading.Len()
			}
			if r.held != total || r.held != shares {
				t.Fatalf("%d bytes are held, by requests %d, by shares %d", r.held, total, shares)
			}
			if r.held > unverified && evictable > 0 {
				t.Fatalf("%d bytes are held though %d could make way", r.held, evictable)
			}
		}
		for _, one := range open {
			one.whole()
			one.end()
			one.end()
		}
		if r.held != 0 || len(r.shares) != 0 {
			t.Fatalf("%d bytes of %d senders are never given back", r.held, len(r.shares))
		}
	})
}
