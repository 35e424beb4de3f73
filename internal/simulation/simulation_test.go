package simulation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/idemhq/idem/internal/api"
	"github.com/idemhq/idem/persona"
)

// TestMain uses one processor: the fewer goroutines run in parallel, the more often a seed
// reproduces a run.
func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(400) // a run needs little memory and creates much garbage
	os.Exit(m.Run())
}

// Number of runs in "make test", and with the race detector.
const (
	runs      = 20
	runsRaced = 3
)

// TestSimulation runs SIMULATIONS simulations, or one with the seed SEED.
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

// writeFigures appends figures to the file IDEM_TEST_REPORT. "make test" prints the file,
// since go test prints nothing for a package that passes.
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

// number parses an environment variable.
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

// simulate runs one simulation.
func simulate(t *testing.T, seed uint64, log io.Writer) (f figures) {
	plan := newPlan(seed)
	if plan.rules.file != "" {
		file, err := filepath.Abs(plan.rules.file)
		must(t, err)
		plan.rules.file = file
	}
	folder := tempDir(t)
	cryptotest.SetGlobalRandom(t, seed) // for ids
	defer func() {
		if t.Failed() {
			t.Logf("to repeat: SEED=%d go test ./internal/simulation\n%v", seed, plan)
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

// tempDir returns a temporary folder, in memory if possible, since these tests are not
// about disks.
func tempDir(t *testing.T) string {
	folder, err := os.MkdirTemp("/dev/shm", "simulation-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

// live runs the service as planned while people arrive.
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

// withhold hides attributes that decisions need from the service's key, or shows them
// again.
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

// settle ends all faults and waits until all work is done.
func (w *world) settle() {
	w.withhold(false)
	w.sandbox.ClearFaults()
	for range 2 { // the second reconciliation finds the events that the first one caused
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

// waits reports whether an event or an action is waiting.
func (w *world) waits() bool {
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/v1/sandbox/backlog", nil)
	r.Header.Set("Authorization", "Bearer "+w.config.APIToken.Reveal())
	answer := httptest.NewRecorder()
	w.running.service.Handler().ServeHTTP(answer, r)
	if answer.Code != http.StatusOK {
		w.t.Fatalf("the backlog: %d %s", answer.Code, answer.Body)
	}
	var backlog api.Backlog
	must(w.t, json.Unmarshal(answer.Body.Bytes(), &backlog))
	return backlog.EventsWaiting+backlog.ActionsWaiting > 0
}
