package simulation

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// TestMain gives everything one processor: the fewer goroutines run at a time, the more
// often a run comes out the same with its seed.
func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(400) // a run needs little memory, and makes much garbage
	os.Exit(m.Run())
}

// Runs of "make test", and with the race detector.
const (
	runs      = 20
	runsRaced = 3
)

// TestSimulation makes as many runs as SIMULATIONS says, or one with the seed that SEED
// says.
func TestSimulation(t *testing.T) {
	if seed, given := number(t, "SEED"); given {
		simulate(t, seed, os.Stderr)
		return
	}
	n, given := number(t, "SIMULATIONS")
	switch {
	case given:
	case testing.Short():
		t.Skip("a simulated run takes seconds: with -short it runs only if SEED or SIMULATIONS is set")
	case underRace:
		n = runsRaced
	default:
		n = runs
	}
	var total figures
	for range n {
		seed := uint64(rand.Uint32())
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { total.add(simulate(t, seed, nil)) })
	}
	t.Log(total)
	writeFigures(t, total)
}

// writeFigures adds figures to the file that IDEM_TEST_REPORT names: "make test" prints it, since
// go test prints nothing of a package that passes.
func writeFigures(t *testing.T, f figures) {
	path := os.Getenv("IDEM_TEST_REPORT")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = fmt.Fprintf(file, "%s: %v\n", t.Name(), f)
	must(t, errors.Join(err, file.Close()))
}

// number reads an environment variable.
func number(t *testing.T, name string) (n uint64, given bool) {
	text := os.Getenv(name)
	if text == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is not a number: %v", name, err)
	}
	return n, true
}

// simulate makes one run.
func simulate(t *testing.T, seed uint64, log io.Writer) (f figures) {
	plan := newPlan(seed)
	if plan.rules.file != "" {
		file, err := filepath.Abs(plan.rules.file)
		must(t, err)
		plan.rules.file = file
	}
	folder := scratch(t)
	cryptotest.SetGlobalRandom(t, seed) // ids
	defer func() {
		if t.Failed() {
			t.Logf("again: SEED=%d go test ./internal/simulation\n%v", seed, plan)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, plan, folder, log)
		defer w.close()
		began := time.Now()
		w.live()
		w.settle()
		w.stop()
		f = w.compare()
		t.Logf("%v, in %v", f, time.Since(began).Round(time.Minute))
	})
	return f
}

// scratch is a folder in memory where there is such a thing: nothing here is about disks.
func scratch(t *testing.T) string {
	folder, err := os.MkdirTemp("/dev/shm", "simulation-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

// live lets the service live as often as is planned, while people come.
func (w *world) live() {
	draw, number := w.plan.stream(2), 0
	for _, r := range w.plan.rounds {
		w.start(r.poll)
		for range r.people {
			w.arrive(number, r.stay)
			number++
		}
		sprung := w.arm(r.end, r.after)
		w.withhold(draw.IntN(2) == 0)
		select {
		case <-time.After(r.stay):
		case <-sprung:
		}
		w.end(r.end)
		time.Sleep(r.pause)
	}
	w.crowd.Wait()
	w.start(20 * time.Second)
}

// withhold keeps from the service's key what decisions rest on, or gives it back.
func (w *world) withhold(keep bool) {
	if !w.plan.withholds {
		return
	}
	list := []string{}
	if keep {
		list = []string{"checks", "has-match"}
	}
	_, err := w.client.APIKeys.Update(w.t.Context(), w.keyID, persona.APIKeyUpdateParams{APIAttributesBlocklist: persona.Set(list)})
	must(w.t, err)
}

// settle ends all faults, and waits until nothing is left to do.
func (w *world) settle() {
	w.withhold(false)
	w.sandbox.ClearFaults()
	for range 2 { // what is done the first time is known after the second
		time.Sleep(w.plan.reconcile + 2*time.Minute)
		for tries := 0; w.waits(); tries++ {
			if tries == 60 {
				w.t.Error("events or actions wait for an hour after all faults ended")
				return
			}
			time.Sleep(time.Minute)
		}
	}
}

// waits reports whether an event or an action waits.
func (w *world) waits() bool {
	rows := w.running.service.Store()
	events, err := rows.Events(w.t.Context(), domain.Sandbox, store.Filter{State: string(domain.EventWaiting), Limit: 1})
	must(w.t, err)
	actions, err := rows.Actions(w.t.Context(), domain.Sandbox, store.Filter{State: string(domain.ActionWaiting), Limit: 1})
	must(w.t, err)
	return len(events.Rows)+len(actions.Rows) > 0
}
