package service

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/persona/webhook"
	"github.com/idemhq/idem/sandbox"
)

// BenchmarkWhole measures the service with all of its work running, compared in the same
// run with a receiver that only verifies signatures:
//
//	accepted  webhooks answered with 200 per second, while their events are folded
//	folded    objects folded per second, with one event each and nothing to read
//	minimal   webhooks answered with 200 per second by the minimal program of
//	          BenchmarkIntake, which only stores bodies: no service can accept more
//	only/s    webhooks that the receiver takes per second
//	p99-ms    99th percentile of the response time, at half of the rate "accepted"
//	backlog/s events per second of a backlog of 11,000, with a thousand approvals at the
//	          sandbox, which runs in the same process
//
// The garbage collector has the settings of `idem serve`.
func BenchmarkWhole(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	for _, on := range benchDatabases() {
		b.Run(on.name, func(b *testing.B) {
			const n = 6000
			var receives, minimal, accepted, folded, backlog []float64
			var p99 time.Duration
			for b.Loop() {
				only := rateOf(b, signaturesOnly(), 5*n) // a shorter run is noise
				receives = append(receives, only)
				minimal = append(minimal, rateOf(b, on.minimal(b), 2*n)/only)
				s, stop := runWhole(b, on.database(b), "http://127.0.0.1:1/api/v1")
				server := httptest.NewServer(s.Handler())
				rate := rateAt(b, server.URL, 2*n)
				accepted = append(accepted, rate/only)
				waitDrained(b, s)
				p99 = percentile(fire(b, server.URL+"/webhooks/persona/sandbox", wholeRequests(b, n/2), 64, time.Duration(2*float64(time.Second)/rate)), 99)
				server.Close()
				stop()
				folded = append(folded, foldRate(b, on.database(b), n)/only)
				backlog = append(backlog, backlogRate(b, on.database(b)))
			}
			for name, values := range map[string][]float64{"only/s": receives, "×minimal": minimal, "×accepted": accepted, "×folded": folded, "backlog/s": backlog} {
				slices.Sort(values)
				b.ReportMetric(values[len(values)/2], name)
			}
			b.ReportMetric(float64(p99.Milliseconds()), "p99-ms")
		})
	}
}

// signaturesOnly returns a receiver that only verifies signatures.
func signaturesOnly() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = webhook.VerifyHeader(body, r.Header, []string{benchSecret})
		}
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
}

func rateOf(b *testing.B, handler http.Handler, n int) float64 {
	b.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	return rateAt(b, server.URL, n)
}

// rateAt returns how many webhooks per second a receiver answers. There are enough
// connections to keep it busy, also while it waits for the disk.
func rateAt(b *testing.B, url string, n int) float64 {
	b.Helper()
	requests := wholeRequests(b, n)
	started := time.Now()
	fire(b, url+"/webhooks/persona/sandbox", requests, 512, 0)
	return float64(n) / time.Since(started).Seconds()
}

// wholeRequests returns webhooks of six kilobytes whose events need no read.
func wholeRequests(b *testing.B, n int) []benchRequest {
	requests := make([]benchRequest, n)
	for i, e := range wholeEvents(n) {
		requests[i] = benchRequest{e.Body, webhook.Sign(e.Body, time.Now(), benchSecret)}
	}
	return requests
}

// wholeEvents returns events of a different inquiry and subject each.
func wholeEvents(n int) []domain.Event {
	benchSerial++
	events := make([]domain.Event, n)
	for i := range events {
		id := fmt.Sprintf("%d_%d", benchSerial, i)
		body := fmt.Appendf(nil, `{"data":{"type":"event","id":"evt_%s","attributes":{"name":"inquiry.created","created-at":"2026-03-01T12:00:00.000Z","payload":{"data":{"type":"inquiry","id":"inq_%s","attributes":{"status":"created","reference-id":"user-%s","created-at":"2026-03-01T12:00:00.000Z","fields":{`, id, id, id)
		for f := 0; len(body) < 5600; f++ {
			body = fmt.Appendf(body, `"field-%d":{"type":"string","value":"value %d of %s"},`, f, f, id)
		}
		body = append(body, `"last":{"type":"string","value":null}}},"relationships":{"account":{"data":null},"verifications":{"data":[]},"reports":{"data":[]},"sessions":{"data":[]}}}}}}}`...)
		events[i] = domain.Event{
			Environment: Sandbox, ID: "evt_" + id, Name: "inquiry.created", CreatedAt: time.Now(), ReceivedAt: time.Now(),
			Object: domain.Ref{Type: "inquiry", ID: "inq_" + id}, Body: body, Via: domain.ViaWebhook, State: domain.EventWaiting,
		}
	}
	return events
}

// newWhole returns a service that is not running yet.
func newWhole(b *testing.B, database Secret, persona string) *Service {
	b.Helper()
	s, err := New(b.Context(), Config{
		Listen: "127.0.0.1:0", DataDir: b.TempDir(), DatabaseURL: database, LogLevel: "error", LogFormat: "json", ReconcileInterval: time.Hour,
		Environments: map[Environment]EnvironmentConfig{Sandbox: {APIKey: sandbox.SandboxKey, BaseURL: persona, WebhookSecrets: []Secret{benchSecret}}},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func runWhole(b *testing.B, database Secret, persona string) (s *Service, stop func()) {
	b.Helper()
	s = newWhole(b, database, persona)
	return s, start(b, s)
}

func start(b *testing.B, s *Service) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	for !s.ready.Load() {
		time.Sleep(time.Millisecond)
	}
	return func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}

// waitDrained waits until no event is waiting. It polls slowly, since polling uses the
// database.
func waitDrained(b *testing.B, s *Service) {
	b.Helper()
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(250 * time.Millisecond) {
		backlog, err := s.db.Backlog(b.Context(), Sandbox)
		if err != nil || time.Now().After(deadline) {
			b.Fatalf("%d events wait, error %v", backlog.Waiting, err)
		}
		if backlog.Waiting == 0 && backlog.ActionsWaiting == 0 {
			return
		}
	}
}

// foldRate returns how many objects per second are folded from stored events.
func foldRate(b *testing.B, database Secret, n int) float64 {
	b.Helper()
	s := newWhole(b, database, "http://127.0.0.1:1/api/v1")
	for batch := range slices.Chunk(wholeEvents(n), 100) {
		if _, err := s.db.AppendEvents(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	started := time.Now()
	stop := start(b, s)
	defer stop()
	waitDrained(b, s)
	return float64(n) / lastNotified(b, s).Sub(started).Seconds()
}

// lastNotified returns the time of the last notification. Each event here changes a verdict.
func lastNotified(b *testing.B, s *Service) time.Time {
	b.Helper()
	page, err := s.db.Notifications(b.Context(), Sandbox, store.Filter{Limit: 1})
	if err != nil || len(page.Rows) == 0 {
		b.Fatalf("nothing was told, error %v", err)
	}
	return page.Rows[0].CreatedAt
}

// backlogRate lets a thousand people complete inquiries at the sandbox while no service
// runs, and returns how fast a service then processes the events.
func backlogRate(b *testing.B, database Secret) float64 {
	b.Helper()
	const people = 1000
	world := sandbox.NewServer(b, sandbox.Options{RateLimit: 10_000_000})
	client := world.Client()
	must := func(_ any, err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	for i := range people {
		inquiry, err := client.Inquiries.Create(b.Context(), persona.InquiryCreateParams{
			InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set(fmt.Sprintf("user-%d", i)),
		})
		must(nil, err)
		must(client.Cases.Create(b.Context(), persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{inquiry.ID})}))
		var actions []persona.SimulateAction
		for _, name := range []string{"start_inquiry", "create_passed_verification", "complete_inquiry"} {
			action := persona.SimulateAction{Type: name}
			if name == "create_passed_verification" {
				action.Data = persona.Set(persona.SimulateActionData{VerificationTemplateID: sandbox.GovernmentIDTemplateID})
			}
			actions = append(actions, action)
		}
		must(client.Inquiries.PerformSimulateActions(b.Context(), inquiry.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: actions}))
	}
	s := newWhole(b, database, world.URL+"/api/v1")
	var events []domain.Event
	for e, err := range client.Events.List(b.Context(), persona.EventListParams{Size: 100}) {
		must(nil, err)
		body, err := json.Marshal(map[string]any{"data": e.Raw})
		must(nil, err)
		envelope, err := webhook.ParseEnvelope(body)
		must(nil, err)
		events = append(events, domain.Event{
			Environment: Sandbox, ID: e.ID, Name: e.Attributes.Name, CreatedAt: e.Attributes.CreatedAt.Time, ReceivedAt: time.Now(),
			Object: domain.Ref{Type: envelope.ObjectType, ID: envelope.ObjectID}, Body: body, Via: domain.ViaWebhook, State: domain.EventWaiting,
		})
	}
	slices.Reverse(events)
	for batch := range slices.Chunk(events, 100) {
		if _, err := s.db.AppendEvents(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	started := time.Now()
	stop := start(b, s)
	defer stop()
	waitDrained(b, s)
	took := time.Since(started)
	done := 0
	for name := range map[string]bool{"inquiry.approved": true} {
		for _, err := range client.Events.List(b.Context(), persona.EventListParams{Name: name, Size: 100}) {
			must(nil, err)
			done++
		}
	}
	if done != people {
		b.Fatalf("%d of %d people were approved", done, people)
	}
	return float64(len(events)) / took.Seconds()
}
