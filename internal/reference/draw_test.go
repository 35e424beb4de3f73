package reference

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// draw draws random values from a seed.
type draw struct {
	*rand.Rand
	ids int
}

func newDraw(seed uint64) *draw { return &draw{Rand: rand.New(rand.NewPCG(seed, 0x1de3))} }

// chance is true with a probability in percent.
func (d *draw) chance(percent int) bool { return d.IntN(100) < percent }

// id returns a unique id. Ids do not increase, so their order says nothing about time.
func (d *draw) id(prefix string) string {
	d.ids++
	return fmt.Sprintf("%s_%03d%d", prefix, d.IntN(1000), d.ids)
}

func pick[T any](d *draw, from ...T) T { return from[d.IntN(len(from))] }

// some returns each element with a probability in percent, but at least one.
func some[T any](d *draw, percent int, from ...T) []T {
	var found []T
	for _, element := range from {
		if d.chance(percent) {
			found = append(found, element)
		}
	}
	if found == nil {
		found = append(found, pick(d, from...))
	}
	return found
}

func shuffled[T any](d *draw, from []T) []T {
	mixed := append([]T(nil), from...)
	d.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	return mixed
}

// oneSeed is the environment variable with the only seed to use.
const oneSeed = "REFERENCE_SEED"

// seeds returns the seeds to use: fewer with -short and under the race detector, or only
// that of oneSeed.
func seeds(t *testing.T, full, short int) []uint64 {
	t.Helper()
	if text := os.Getenv(oneSeed); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", oneSeed, err)
		}
		return []uint64{seed}
	}
	drawn := make([]uint64, sized(full, short))
	for i := range drawn {
		drawn[i] = uint64(i + 1)
	}
	return drawn
}

// sized returns the full size of a test, or the short one.
func sized(full, short int) int {
	if testing.Short() || underRace {
		return short
	}
	return full
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }
