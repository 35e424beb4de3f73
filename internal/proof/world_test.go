package proof

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/jackc/pgx/v5"

	"github.com/idemhq/idem/internal/pgtest"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// rows are the rows of a service that does not run.
type rows interface {
	store.Store
	Close() error
}

// database is where a service keeps its rows.
type database struct {
	env     []string         // tells the service
	network *toxiproxy.Proxy // in front of it; nil where there is none
	open    func(context.Context) (rows, error)
	exec    func(ctx context.Context, statement string) error
}

// onEach runs a proof on each database, both at a time: most of it is waiting.
func onEach(t *testing.T, prove func(t *testing.T, db database)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		prove(t, database{
			env:  []string{"IDEM_DATA=" + folder},
			open: func(ctx context.Context) (rows, error) { return sqlite.Open(ctx, filepath.Join(folder, "idem.db")) },
			exec: func(ctx context.Context, statement string) error {
				db, err := sqlite.Open(ctx, filepath.Join(folder, "idem.db"))
				if err != nil {
					return err
				}
				_, err = db.Writer().ExecContext(ctx, statement)
				return errors.Join(err, db.Close())
			},
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := server.Database(t)
		network := newNetwork(t, server.Address())
		prove(t, database{
			env:     []string{"IDEM_DATABASE=" + strings.Replace(url, server.Address(), network.Listen, 1), "IDEM_DATA=" + t.TempDir()},
			network: network,
			open:    func(ctx context.Context) (rows, error) { return postgres.Open(ctx, url) },
			exec: func(ctx context.Context, statement string) error {
				conn, err := pgx.Connect(ctx, url)
				if err != nil {
					return err
				}
				_, err = conn.Exec(ctx, statement)
				return errors.Join(err, conn.Close(ctx))
			},
		})
	})
}

// server is the PostgreSQL of these tests.
var server *pgtest.Server

// world is a sandbox, a service on a database, and what lies between them.
type world struct {
	t       *testing.T
	db      database
	sandbox *sandbox.Server
	client  *persona.Client // of the people: it bypasses the wire
	wire    *wire
	network *toxiproxy.Proxy // between the service and the wire
	program *program
	nodes   []*program // beside program, on the same database
	seed    uint64     // what is drawn by
	kills   int

	mu         sync.Mutex
	turn       int // of the nodes
	applicants []applicant
}

const token = "token-of-the-proofs"

// newSeed is a number to draw by: SEED where it is set, so that a run can be repeated.
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

// newWorld starts a sandbox and a service, with further settings, and returns when the
// service has seen the empty account: what happened before would be history to it.
func newWorld(t *testing.T, db database, env ...string) *world {
	t.Helper()
	w := &world{t: t, db: db, seed: newSeed(t)}
	w.sandbox = sandbox.NewServer(t, sandbox.Options{RetryScale: 0.01, RateLimit: 1_000_000, FaultSeed: w.seed})
	w.client = w.sandbox.Client()
	w.wire = newWire(w.sandbox.Sandbox, w.address)
	t.Cleanup(w.wire.close)
	w.network = newNetwork(t, w.wire.calls.Listener.Addr().String())
	hook, err := w.client.Webhooks.Create(t.Context(), persona.WebhookCreateParams{
		Name: persona.Set("service"), URL: persona.Set(w.wire.webhooks.URL + "/webhooks/persona/sandbox"), EnabledEvents: persona.Set([]string{"*"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Webhooks.Enable(t.Context(), hook.ID); err != nil {
		t.Fatal(err)
	}
	settings := append([]string{
		"IDEM_TOKEN=" + token, "IDEM_RECONCILE=2s", "IDEM_SANDBOX_API_KEY=" + sandbox.SandboxKey,
		"IDEM_SANDBOX_WEBHOOK_SECRETS=" + hook.Attributes.Secret, "IDEM_SANDBOX_BASE_URL=http://" + w.network.Listen + "/api/v1",
	}, db.env...)
	w.program = newProgram(t, append(settings, env...)...)
	w.program.start()
	w.program.awaitReady()
	w.reconciled()
	return w
}

// address is where the next webhook goes: to one node after another of those that listen.
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

// applicant is a person who goes through an inquiry, with a case about it.
type applicant struct {
	reference, inquiry, kase string
	passes                   bool
}

// arrive lets a person go through an inquiry; every third fails.
func (w *world) arrive(ctx context.Context) error {
	w.mu.Lock()
	n := len(w.applicants)
	a := applicant{reference: fmt.Sprintf("person-%d", n), passes: n%3 != 2}
	w.applicants = append(w.applicants, a)
	w.mu.Unlock()
	inquiry, err := w.client.Inquiries.Create(ctx, persona.InquiryCreateParams{
		InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set(a.reference),
	})
	if err != nil {
		return err
	}
	kase, err := w.client.Cases.Create(ctx, persona.CaseCreateParams{
		CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{inquiry.ID}),
	})
	if err != nil {
		return err
	}
	verification, end := "create_passed_verification", "complete_inquiry"
	if !a.passes {
		verification, end = "create_failed_verification", "fail_inquiry"
	}
	data := persona.Set(persona.SimulateActionData{VerificationTemplateID: sandbox.GovernmentIDTemplateID})
	_, err = w.client.Inquiries.PerformSimulateActions(ctx, inquiry.ID, persona.InquiryPerformSimulateActionsParams{
		SimulateActions: []persona.SimulateAction{{Type: "start_inquiry"}, {Type: verification, Data: data}, {Type: end}},
	})
	a.inquiry, a.kase = inquiry.ID, kase.ID
	w.mu.Lock()
	w.applicants[n] = a
	w.mu.Unlock()
	return err
}

// people is how many have come.
func (w *world) people() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.applicants)
}

// manyPending is how many webhooks may be on their way before people come slower: a
// machine that is too slow for the pace of a test would have to catch up for minutes.
const manyPending = 500

// crowd lets people arrive, two at a time, until it is told to end.
func (w *world) crowd(pause time.Duration) (end func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() {
			wait := pause
			for n := 1; ctx.Err() == nil; n++ {
				if err := w.arrive(context.WithoutCancel(ctx)); err != nil {
					w.t.Errorf("a person could not go on: %v", err)
					return
				}
				if n%10 == 0 {
					if wait = pause; w.pending() > manyPending {
						wait = max(pause, time.Second)
					}
				}
				select {
				case <-ctx.Done():
				case <-time.After(wait):
				}
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// killOnce ends the process, and starts it again. Each moment comes in turn; when
// exactly is drawn.
func (w *world) killOnce(draw *rand.Rand) {
	gone := make(chan struct{})
	kill := sync.OnceFunc(func() {
		w.program.kill()
		close(gone)
	})
	at := moment(w.kills % int(moments))
	after := time.Duration(draw.Int64N(int64(300 * time.Millisecond)))
	if at != starting {
		w.program.awaitReady()
	}
	switch at {
	case starting, working:
		time.Sleep(after) // the moment is what is drawn: nothing is waited for
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
	case <-time.After(10 * time.Second): // the moment does not come
		w.wire.set(at, nil)
		kill()
	}
	w.kills++
	w.program.start()
}

// settle waits until nothing is left to do: every webhook has arrived or was given up,
// what was lost is found, and every case stands where it must.
func (w *world) settle() {
	w.t.Helper()
	w.program.awaitReady()
	left := ""
	what := func() string {
		return fmt.Sprintf("everything is done: %s; the log of idem serve ends with\n%s", left, w.program.tail())
	}
	within := 2 * time.Minute
	for pending := w.pending(); pending > 0; {
		before := pending
		eventually(w.t, within, func() bool {
			w.sandbox.Advance(30 * time.Second) // what is to be tried again is
			time.Sleep(time.Second)
			pending = w.pending()
			left = fmt.Sprintf("%d webhooks are on their way", pending)
			return pending < before
		}, what)
	}
	// A process that was killed still holds its reconciliation: that time passes.
	if err := w.db.exec(w.t.Context(), "UPDATE reconciliations SET held_until = 0"); err != nil {
		w.t.Fatal(err)
	}
	w.reconciled()
	for _, a := range w.applicants {
		want := map[bool]string{true: "Approved", false: "Pending"}[a.passes]
		eventually(w.t, within, func() bool {
			kase, err := w.client.Cases.Get(w.t.Context(), a.kase)
			if err != nil {
				return false // a fault can happen to this call too
			}
			left = fmt.Sprintf("case %s of %s is %s and not %s", a.kase, a.inquiry, kase.Attributes.Status, want)
			return kase.Attributes.Status == want
		}, what)
	}
	w.idle(&left, what)
	w.reconciled() // brings what the actions led to
	w.idle(&left, what)
}

// pending is how many webhooks have not arrived yet.
func (w *world) pending() (n int) {
	for _, d := range w.sandbox.Deliveries("sandbox") {
		if d.State == "pending" {
			n++
		}
	}
	return n
}

// idle waits until no event and no action waits.
func (w *world) idle(left *string, what func() string) {
	w.t.Helper()
	eventually(w.t, 4*time.Minute, func() bool { // longer than a job that was lost is missing
		for _, kind := range []string{"events", "actions"} {
			waiting, err := get[json.RawMessage](w, kind+"?state=waiting&limit=1")
			if *left = fmt.Sprintf("of the %s wait %s, error %v", kind, waiting, err); err != nil || len(waiting) > 0 {
				return false
			}
		}
		return true
	}, what)
}

// reconciled waits until a reconciliation has begun and finished from now on.
func (w *world) reconciled() {
	w.t.Helper()
	from := time.Now()
	eventually(w.t, 2*time.Minute, func() bool {
		type run struct {
			StartedAt  time.Time  `json:"started_at"`
			FinishedAt *time.Time `json:"finished_at"`
		}
		runs, err := get[run](w, "reconciliations?limit=2")
		for _, r := range runs {
			if r.StartedAt.After(from) && r.FinishedAt != nil {
				return true
			}
		}
		_ = err // it is asked again
		return false
	}, func() string {
		return "the events are reconciled; the log of idem serve ends with\n" + w.program.tail()
	})
}

// get reads a list of the service's API.
func get[T any](w *world, path string) ([]T, error) {
	address := w.program.listens()
	if address == "" {
		return nil, errors.New("the service does not listen")
	}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+address+"/v1/sandbox/"+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %d %w", path, res.StatusCode, err)
	}
	var list struct{ Data []T }
	err = json.Unmarshal(body, &list)
	return list.Data, err
}
