package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"

	"github.com/idemhq/idem/internal/proxytest"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// world is a sandbox, a service with a database, and the proxies between them.
type world struct {
	t       *testing.T
	db      database
	sandbox *sandbox.Server
	client  *persona.Client // of the people; it bypasses the wire
	key     string          // the id of the service's API key
	wire    *wire
	host    *host
	hosts   *hosts           // built with package idem, and with OnVerdict
	network *toxiproxy.Proxy // between the service and the wire
	program *program
	nodes   []*program // in addition to program, on the same database
	seed    uint64     // of all random choices
	kills   int

	// hidden are the attributes that were withheld from the service for a while. They can
	// turn approvals into reviews.
	hidden []string

	clockTolerance time.Duration // how far the nodes' shared clock may be ahead of this test's

	mu         sync.Mutex
	turn       int // of the nodes
	applicants []applicant
}

const token = "token-of-the-fault-tests"

// newSeed returns the variable SEED, so that a run can be repeated, or a random number.
func newSeed(t *testing.T) uint64 {
	t.Helper()
	n := rand.Uint64()
	if text := os.Getenv("SEED"); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("SEED is not a number: %v", err)
		}
	}
	t.Logf("SEED=%d", n)
	return n
}

// newWorld starts a sandbox and a service with additional settings. It returns when the
// service has seen the empty account; earlier events would be history.
func newWorld(t *testing.T, db database, env ...string) *world {
	t.Helper()
	w := &world{t: t, db: db, seed: newSeed(t)}
	w.sandbox = sandbox.NewServer(t, sandbox.Options{RetryScale: 0.01, RateLimit: 1_000_000, FaultSeed: w.seed})
	w.client = w.sandbox.Client()
	w.wire = newWire(w.sandbox.Sandbox, w.address)
	t.Cleanup(w.wire.close)
	var err error
	if w.host, err = newHost(w.wire, w.seed); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.host.Close)
	if w.hosts, err = newHosts(w); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.hosts.close)
	w.network = proxytest.New(t, w.wire.calls.Listener.Addr().String())
	hook, err := w.client.Webhooks.Create(t.Context(), persona.WebhookCreateParams{
		Name: persona.Set("service"), URL: persona.Set(w.wire.webhooks.URL + "/webhooks/persona/sandbox"), EnabledEvents: persona.Set([]string{"*"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Webhooks.Enable(t.Context(), hook.ID); err != nil {
		t.Fatal(err)
	}
	key, err := w.client.APIKeys.Create(t.Context(), persona.APIKeyCreateParams{Name: "service"})
	if err != nil {
		t.Fatal(err)
	}
	w.key = key.ID
	settings := append([]string{
		"IDEM_API_TOKEN=" + token, "IDEM_RECONCILE_INTERVAL=2s", "IDEM_SANDBOX_API_KEY=" + key.Attributes.Value,
		"IDEM_SANDBOX_WEBHOOK_SECRETS=" + hook.Attributes.Secret, "IDEM_SANDBOX_BASE_URL=http://" + w.network.Listen + "/api/v1",
	}, slices.Concat(w.host.settings(), w.hosts.settings(), db.env)...)
	w.program = newProgram(t, append(settings, env...)...)
	w.program.start()
	w.program.awaitReady()
	w.hosts.start(w)
	w.reconciled()
	return w
}

// address returns where the next webhook goes: to the listening nodes in turn.
func (w *world) address() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turn++
	all := append([]*program{w.program}, w.nodes...)
	for i := range all {
		if address := all[(w.turn+i)%len(all)].listens(); address != "" {
			return address
		}
	}
	return ""
}

// join starts another node on the world's database.
func (w *world) join() *program {
	w.t.Helper()
	node := newProgram(w.t, w.program.env...)
	w.add(node)
	return node
}

// add starts a node that receives webhooks.
func (w *world) add(node *program) {
	w.t.Helper()
	node.start()
	node.awaitReady()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nodes = append(w.nodes, node)
}

// stopNodes stops all nodes except the first.
func (w *world) stopNodes() {
	w.t.Helper()
	for _, node := range w.nodes {
		node.awaitReady()
		node.stop()
	}
}

// load waits until more people have arrived.
func (w *world) load(n int) {
	w.t.Helper()
	want := w.people() + n
	eventually(w.t, time.Minute, func() bool { return w.people() >= want }, func() string { return fmt.Sprintf("%d people have come", want) })
}

// killOnce kills the process and starts it again. The moments are used in turn, with a
// random delay.
func (w *world) killOnce(draw *rand.Rand) {
	gone := make(chan struct{})
	kill := sync.OnceFunc(func() {
		w.program.kill()
		close(gone)
	})
	at := killPoint(w.kills % int(killPoints))
	after := time.Duration(draw.Int64N(int64(300 * time.Millisecond)))
	if at != starting {
		w.program.awaitReady()
	}
	switch at {
	case starting, working:
		time.Sleep(after) // a random delay; this does not wait for anything
		kill()
	case whileStoring:
		w.wire.set(at, func() {
			time.Sleep(after / 50)
			kill()
		})
	default:
		w.wire.set(at, kill)
	}
	select {
	case <-gone:
	case <-time.After(10 * time.Second): // the kill point is not reached
		w.t.Logf("kill point %d is not reached: another process is killed", at)
		w.wire.set(at, nil)
		kill()
	}
	w.kills++
	w.program.start()
}

// inject adds faults to the sandbox in the form of the command line.
func (w *world) inject(faults ...string) {
	w.t.Helper()
	for _, text := range faults {
		fault, err := sandbox.ParseFault(text)
		if err == nil {
			err = w.sandbox.AddFault(fault)
		}
		if err != nil {
			w.t.Fatalf("%s: %v", text, err)
		}
	}
}

// happened counts the faults that occurred, by kind.
func (w *world) happened() map[string]int {
	counts := map[string]int{}
	for _, fault := range w.sandbox.Faults() {
		counts[string(fault.Kind)] += fault.Happened
	}
	return counts
}
