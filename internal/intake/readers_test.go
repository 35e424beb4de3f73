package intake

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/idemhq/idem/internal/sender"
)

func host(n int) sender.Address {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

// evictions records which requests were evicted, in order.
type evictions []string

func (e *evictions) begin(r *readers, from sender.Address, name string) *reader {
	return r.begin(from, func(t time.Time) {
		if t.Equal(past) {
			*e = append(*e, name)
		}
	})
}

func TestNoRequestIsEvictedWhileThereIsRoom(t *testing.T) {
	var r readers
	var evicted evictions
	for i := range maxUnverified / overhead {
		evicted.begin(&r, host(i), fmt.Sprint(i))
	}
	if len(evicted) != 0 || r.held != maxUnverified {
		t.Errorf("%d were evicted, %d bytes are held", len(evicted), r.held)
	}
}

func TestSlowRequestsOfManySendersAreEvictedForNewOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r readers
		var evicted evictions
		slow := maxUnverified / overhead
		for i := range slow {
			evicted.begin(&r, host(i), "slow")
		}
		time.Sleep(time.Second)
		for range 1000 { // genuine requests, all from one address, that end quickly
			one := evicted.begin(&r, host(1<<20), "genuine")
			one.grow(firstBuffer)
			time.Sleep(time.Millisecond)
			if one.finish() {
				t.Fatal("a genuine request was evicted")
			}
			one.end()
		}
		if len(evicted) == 0 || len(evicted) > 3 {
			t.Errorf("%d slow requests were evicted, want one for each genuine request", len(evicted))
		}
	})
}

func TestFastRequestsFromTheAddressOfSlowOnesAreNotEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r readers
		var evicted evictions
		for range 5000 {
			evicted.begin(&r, host(1), "slow")
			time.Sleep(time.Millisecond)
			one := evicted.begin(&r, host(1), "genuine")
			one.grow(firstBuffer)
			time.Sleep(50 * time.Millisecond)
			if one.finish() {
				t.Fatal("a genuine request was evicted")
			}
			one.end()
		}
		if r.held > maxUnverified/2 || len(evicted) < 2000 {
			t.Errorf("one address holds %d bytes, and %d requests were evicted", r.held, len(evicted))
		}
	})
}

func TestTheRequestThatHoldsTheMostForTheLongestIsEvictedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r readers
		var evicted evictions
		evicted.begin(&r, host(1), "small and old")
		time.Sleep(time.Second)
		evicted.begin(&r, host(2), "large and old").grow(maxUnverified/2 - overhead)
		time.Sleep(time.Second)
		evicted.begin(&r, host(3), "large and new").grow(maxUnverified/2 - 3*overhead)
		evicted.begin(&r, host(4), "the last one that fits")
		if len(evicted) != 0 {
			t.Fatalf("%v were evicted too early", evicted)
		}
		evicted.begin(&r, host(5), "one more")
		if fmt.Sprint(evicted) != "[large and old]" {
			t.Errorf("%v were evicted", evicted)
		}
	})
}

func TestARequestWhoseBodyIsReadIsNotEvicted(t *testing.T) {
	var r readers
	var evicted evictions
	one := evicted.begin(&r, host(1), "read")
	one.grow(maxUnverified / 4)
	if one.finish() {
		t.Fatal("it was evicted although there was room")
	}
	for i := range maxUnverified / overhead {
		evicted.begin(&r, host(2+i), "slow")
	}
	for _, name := range evicted {
		if name == "read" {
			t.Fatal("it was evicted")
		}
	}
	one.end()
	if r.held > maxUnverified {
		t.Errorf("%d bytes are held", r.held)
	}
}

func TestPatienceDecreasesWithTheLoad(t *testing.T) {
	for held, want := range map[int]time.Duration{
		0: maxBodyTimeout, maxUnverified / 4: maxBodyTimeout, maxUnverified / 8 * 5: (maxBodyTimeout + minBodyTimeout) / 2, maxUnverified: minBodyTimeout, 2 * maxUnverified: minBodyTimeout,
	} {
		if got := bodyTimeout(held); got != want {
			t.Errorf("with %d bytes held: %v, want %v", held, got, want)
		}
	}
}

// Whatever requests do, the memory is limited, accounted for, and released.
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
					open[i].finish()
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
			if r.held > maxUnverified && evictable > 0 {
				t.Fatalf("%d bytes are held although %d requests could be evicted", r.held, evictable)
			}
		}
		for _, one := range open {
			one.finish()
			one.end()
			one.end()
		}
		if r.held != 0 || len(r.shares) != 0 {
			t.Fatalf("%d bytes of %d senders were not released", r.held, len(r.shares))
		}
	})
}
