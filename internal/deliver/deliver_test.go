package deliver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
	"github.com/idemhq/idem/internal/telemetry"
)

// database is what the rows of a test are in.
type database interface {
	store.Store
	Now() time.Time
	Close() error
}

// onEach runs a test on each database. open opens the same one again, as another node does;
// on SQLite it returns the one that is open.
func onEach(t testing.TB, run func(t testing.TB, open func() database)) {
	each := func(name string, open func(testing.TB) func() database) {
		switch t := t.(type) {
		case *testing.T:
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				run(t, open(t))
			})
		case *testing.B:
			t.Run(name, func(b *testing.B) { run(b, open(b)) })
		}
	}
	closing := func(t testing.TB, db database, err error) database {
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	each("sqlite", func(t testing.TB) func() database {
		db, err := sqlite.Open(t.Context(), sqlitetest.New(t))
		closing(t, db, err)
		return func() database { return db }
	})
	each("postgres", func(t testing.TB) func() database {
		url := server.Database(t)
		return func() database {
			db, err := postgres.Open(t.Context(), url)
			return closing(t, db, err)
		}
	})
}

// receiver is an endpoint of a host application.
type receiver struct {
	*httptest.Server
	t      testing.TB
	secret domain.Secret

	mu       sync.Mutex
	answer   func(n notify.Notification, earlier int) int // the status, by how often the notification came before; 200 unless set
	came     map[string]int
	accepted []notify.Notification
	hook     *standardwebhooks.Webhook
}

func newReceiver(t testing.TB, answer func(n notify.Notification, earlier int) int) *receiver {
	r := &receiver{t: t, secret: deliver.NewSecret(), answer: answer, came: map[string]int{}}
	r.hook, _ = standardwebhooks.NewWebhook(r.secret.Reveal())
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP verifies a message by the library of Standard Webhooks.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender left
	}
	r.mu.Lock()
	hook := r.hook
	r.mu.Unlock()
	if err := hook.Verify(body, req.Header); err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var m notify.Message
	if err := json.Unmarshal(body, &m); err != nil || m.Type != m.Data.Type || m.Data.ID != req.Header.Get("webhook-id") {
		r.t.Errorf("the body is %s, error %v", body, err)
	}
	r.mu.Lock()
	earlier := r.came[m.Data.ID]
	r.came[m.Data.ID]++
	answer := r.answer
	r.mu.Unlock()
	status := http.StatusOK
	if answer != nil {
		status = answer(m.Data, earlier)
	}
	if status == http.StatusOK {
		r.mu.Lock()
		r.accepted = append(r.accepted, m.Data)
		r.mu.Unlock()
	}
	w.WriteHeader(status)
}

// got are the notifications that were accepted, in their order.
func (r *receiver) got() []notify.Notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.accepted)
}

// await waits until so many notifications were accepted.
func (r *receiver) await(n int) []notify.Notification {
	r.t.Helper()
	eventually(r.t, func() bool { return len(r.got()) >= n }, func() string { return fmt.Sprintf("%d notifications are accepted: %+v", n, r.got()) })
	return r.got()
}

func (r *receiver) endpoint(name string, types ...string) domain.Endpoint {
	return domain.Endpoint{Environment: domain.Sandbox, Name: name, URL: r.URL, Types: types, Secrets: []domain.SigningSecret{{Secret: r.secret}}, CreatedAt: time.Now()}
}

func eventually(t testing.TB, is func() bool, what func() string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to be that %s", what())
		}
	}
}

// start runs a deliverer until the test ends, or until stop is called.
func start(t testing.TB, db database, configured ...domain.Endpoint) (d *deliver.Deliverer, stop func()) {
	t.Helper()
	config := deliver.Config{Environments: []domain.Environment{domain.Sandbox}, Endpoints: configured, Network: deliver.Network{AllowPrivate: true}}
	d = newDeliverer(db, config)
	return d, run(t, d)
}

func newDeliverer(db database, config deliver.Config) *deliver.Deliverer {
	return deliver.New(db, deliver.NewWatch(db.NotificationVersion), config, telemetry.New(), slog.New(slog.DiscardHandler), db.Now)
}

// run runs a deliverer until the test ends, or until stop is called.
func run(t testing.TB, d *deliver.Deliverer) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	t.Cleanup(stop)
	return stop
}

func create(t testing.TB, db database, endpoints ...domain.Endpoint) {
	t.Helper()
	for _, e := range endpoints {
		if err := db.CreateEndpoint(t.Context(), e, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// change changes verdicts: each subject's inquiry gets a status.
func change(t testing.TB, db database, status string, subjects ...string) {
	t.Helper()
	var advances []store.Advance
	for _, subject := range subjects {
		ref := domain.Ref{Type: "inquiry", ID: "inq_" + subject}
		o, err := db.Object(t.Context(), domain.Sandbox, ref)
		if err != nil {
			o = domain.Object{Environment: domain.Sandbox, Ref: ref, ReferenceID: subject}
		}
		o.Status = status
		advances = append(advances, store.Advance{Objects: []domain.Object{o}})
	}
	v := store.Verdicts{Rules: "1", Now: db.Now(), Of: func(objects []domain.Object) domain.Subject {
		is := domain.Subject{Verdict: domain.VerdictNone}
		for _, o := range objects {
			is = domain.Subject{Verdict: domain.Verdict(o.Status), Object: o.Ref, Status: o.Status}
		}
		return is
	}}
	if saved, err := db.Save(t.Context(), domain.Sandbox, advances, v); err != nil || len(saved.Changed) > 0 {
		t.Fatalf("saved %+v, error %v", saved, err)
	}
}

// wantInOrder checks that the notifications of each subject came in the order of their
// numbers, each once.
func wantInOrder(t testing.TB, got []notify.Notification, subjects, each int) {
	t.Helper()
	last := map[string]int64{}
	for _, n := range got {
		if n.SubjectSequence != last[n.Reference]+1 {
			t.Errorf("of %s number %d came after number %d", n.Reference, n.SubjectSequence, last[n.Reference])
		}
		last[n.Reference] = n.SubjectSequence
	}
	for subject, n := range last {
		if n != int64(each) {
			t.Errorf("the last of %s is number %d, want %d", subject, n, each)
		}
	}
	if len(last) != subjects {
		t.Errorf("%d subjects were told of, want %d", len(last), subjects)
	}
}

func TestTheNotificationsOfASubjectComeInOrder(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		flaky := newReceiver(t, func(n notify.Notification, earlier int) int {
			if n.SubjectSequence == 2 && earlier == 0 {
				return http.StatusInternalServerError
			}
			return http.StatusOK
		})
		create(t, db, flaky.endpoint("crm"))
		start(t, db)
		subjects := []string{"user-1", "user-2", "user-3", "user-4"}
		for _, status := range []string{"created", "pending", "completed", "approved"} {
			change(t, db, status, subjects...)
		}
		wantInOrder(t, flaky.await(16), 4, 4)
	})
}

func TestAnEndpointThatHangsDelaysNoOther(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		hang := make(chan struct{})
		hung := newReceiver(t, func(notify.Notification, int) int {
			<-hang
			return http.StatusOK
		})
		defer close(hang) // before the server is closed
		fast := newReceiver(t, nil)
		create(t, db, hung.endpoint("a-hung"), fast.endpoint("b-fast"))
		_, stop := start(t, db)
		var subjects []string
		for i := range 100 {
			subjects = append(subjects, fmt.Sprintf("user-%d", i))
		}
		change(t, db, "created", subjects...)
		change(t, db, "approved", subjects...)
		wantInOrder(t, fast.await(200), 100, 2)
		if n := len(hung.got()); n != 0 {
			t.Errorf("the one that hangs accepted %d", n)
		}
		stop() // ends the attempts that hang
	})
}

// A lane whose attempts all hang has nothing to do, also when there are new notifications.
func TestALaneWithoutRoomWaits(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		const room = 32 // concurrent attempts
		db := open()
		hang, hanging := make(chan struct{}), make(chan struct{}, 2*room)
		hung := newReceiver(t, func(notify.Notification, int) int {
			hanging <- struct{}{}
			<-hang
			return http.StatusOK
		})
		defer close(hang) // before the lane and the server are stopped
		create(t, db, hung.endpoint("crm"))
		var asked atomic.Int64 // how often the lane asked for the time: at least once a round
		now := func() time.Time {
			asked.Add(1)
			return db.Now()
		}
		config := deliver.Config{Environments: []domain.Environment{domain.Sandbox}, Network: deliver.Network{AllowPrivate: true}}
		run(t, deliver.New(db, deliver.NewWatch(db.NotificationVersion), config, telemetry.New(), slog.New(slog.DiscardHandler), now))
		var subjects []string
		for i := range room {
			subjects = append(subjects, fmt.Sprintf("user-%d", i))
		}
		change(t, db, "created", subjects...)
		for range room {
			<-hanging
		}
		change(t, db, "approved", subjects...)
		const watched = 300 * time.Millisecond
		time.Sleep(watched)
		before := asked.Load()
		time.Sleep(watched)
		if n := asked.Load() - before; n > 100 {
			t.Errorf("the lane worked %d rounds in %s, with nothing to do", n, watched)
		}
	})
}

func TestADeadEndpointIsPausedAndGetsEverythingWhenItIsBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		var mu sync.Mutex
		dead := true
		r := newReceiver(t, func(notify.Notification, int) int {
			mu.Lock()
			defer mu.Unlock()
			if dead {
				return http.StatusBadGateway
			}
			return http.StatusOK
		})
		create(t, db, r.endpoint("crm"))
		start(t, db)
		var subjects []string
		for i := range 50 {
			subjects = append(subjects, fmt.Sprintf("user-%d", i))
		}
		change(t, db, "created", subjects...)
		change(t, db, "approved", subjects...)
		eventually(t, func() bool {
			e, err := db.Endpoint(t.Context(), domain.Sandbox, "crm")
			return err == nil && !e.PausedUntil.IsZero()
		}, func() string { return "the endpoint is paused" })
		mu.Lock()
		dead = false
		mu.Unlock()
		wantInOrder(t, r.await(100), 50, 2)
		eventually(t, func() bool {
			e, err := db.Endpoint(t.Context(), domain.Sandbox, "crm")
			return err == nil && e.PausedUntil.IsZero() && e.Failures == 0
		}, func() string { return "the pause is over" })
	})
}

// A node whose clock is three hours ahead tries to deliver, and stops: the receiver takes no
// message of the future. Then the clock is corrected.
func TestAClockThatWasAheadDelaysNoDelivery(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		r := newReceiver(t, nil)
		create(t, db, r.endpoint("crm"))
		ahead := func() time.Time { return db.Now().Add(3 * time.Hour) }
		config := deliver.Config{Environments: []domain.Environment{domain.Sandbox}, Network: deliver.Network{AllowPrivate: true}}
		stop := run(t, deliver.New(db, deliver.NewWatch(db.NotificationVersion), config, telemetry.New(), slog.New(slog.DiscardHandler), ahead))
		change(t, db, "created", "user-1", "user-2")
		change(t, db, "approved", "user-1", "user-2")
		eventually(t, func() bool {
			page, err := db.Deliveries(t.Context(), domain.Sandbox, store.Filter{Limit: 100})
			return err == nil && len(slices.DeleteFunc(page.Rows, func(d domain.Delivery) bool { return d.Attempts == 0 })) == 2
		}, func() string { return "the first of each subject are rejected" })
		stop()
		start(t, db)
		wantInOrder(t, r.await(4), 2, 2)
	})
}

func TestAnEndpointThatIsGoneIsDisabledAndTheOthersAreTold(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		var mu sync.Mutex
		gone := true
		r := newReceiver(t, func(notify.Notification, int) int {
			mu.Lock()
			defer mu.Unlock()
			if gone {
				return http.StatusGone
			}
			return http.StatusOK
		})
		other := newReceiver(t, nil)
		create(t, db, r.endpoint("crm", domain.NotifyVerdictChanged), other.endpoint("ops", domain.NotifyEndpointDisabled))
		start(t, db)
		change(t, db, "created", "user-1")
		if told := other.await(1); told[0].Source != "crm" || told[0].Reason == "" {
			t.Errorf("the other was told %+v", told)
		}
		e, err := db.Endpoint(t.Context(), domain.Sandbox, "crm")
		if err != nil || e.Disabled == "" {
			t.Fatalf("the endpoint is %+v, error %v", e, err)
		}
		if trail, err := db.AuditTrail(t.Context(), domain.Sandbox, 0, 100); err != nil || trail[len(trail)-1].What != "endpoint.disabled" {
			t.Errorf("the trail is %+v, error %v", trail, err)
		}
		change(t, db, "approved", "user-1") // waits for it
		mu.Lock()
		gone = false
		mu.Unlock()
		e.Disabled = ""
		if err := db.UpdateEndpoint(t.Context(), e, nil); err != nil {
			t.Fatal(err)
		}
		if got := r.await(1); got[0].Verdict != "approved" {
			t.Errorf("enabled again it gets %+v", got)
		}
	})
}

// The operator corrects the configuration because the old address is gone.
func TestAnEndpointThatWasGoneIsEnabledAtItsNewAddress(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		gone := newReceiver(t, func(notify.Notification, int) int { return http.StatusGone })
		disabled := func() string {
			e, err := db.Endpoint(t.Context(), domain.Sandbox, "crm")
			if err != nil {
				t.Fatal(err)
			}
			return e.Disabled
		}
		_, stop := start(t, db, gone.endpoint("crm", domain.NotifyVerdictChanged))
		eventually(t, func() bool { _, err := db.Endpoint(t.Context(), domain.Sandbox, "crm"); return err == nil }, func() string { return "the endpoint is known" })
		change(t, db, "created", "user-1")
		eventually(t, func() bool { return disabled() != "" }, func() string { return "the endpoint is disabled" })
		stop()
		_, stop = start(t, db, gone.endpoint("crm", domain.NotifyVerdictChanged)) // a restart does not enable it
		change(t, db, "approved", "user-1")
		stop()
		if disabled() == "" {
			t.Fatal("it is enabled at the address that is gone")
		}
		moved := newReceiver(t, nil)
		start(t, db, moved.endpoint("crm", domain.NotifyVerdictChanged))
		if got := moved.await(1); got[0].Verdict != "approved" {
			t.Errorf("the new address gets %+v", got)
		}
		e, err := db.Endpoint(t.Context(), domain.Sandbox, "crm")
		if err != nil {
			t.Fatal(err)
		}
		e.Disabled = "by a request of the API"
		if deliver.Move(e, gone.URL).Disabled == "" {
			t.Error("another address enables an endpoint that a person has disabled")
		}
	})
}

func TestWhatWasUnderWayWhenANodeStoppedIsDeliveredByTheNext(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		hang := make(chan struct{})
		r := newReceiver(t, func(_ notify.Notification, earlier int) int {
			if earlier == 0 {
				<-hang
			}
			return http.StatusOK
		})
		defer close(hang)
		first := open()
		create(t, first, r.endpoint("crm"))
		_, stop := start(t, first)
		change(t, first, "created", "user-1")
		change(t, first, "approved", "user-1")
		eventually(t, func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return len(r.came) == 1
		}, func() string { return "the first attempt hangs" })
		stop()
		r.mu.Lock()
		r.answer = nil
		r.mu.Unlock()
		second := open()
		start(t, second)
		got := r.await(2)
		wantInOrder(t, got, 1, 2)
		page, err := second.Deliveries(t.Context(), domain.Sandbox, store.Filter{})
		if err != nil || len(page.Rows) != 2 || page.Rows[1].Attempts > 1 {
			t.Errorf("an attempt that was cut short counts: %+v, error %v", page.Rows, err)
		}
	})
}

func TestTwoNodesDeliverEachNotificationOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		r := newReceiver(t, nil)
		first := open()
		create(t, first, r.endpoint("crm"))
		start(t, first)
		start(t, open())
		subjects := []string{"user-1", "user-2", "user-3"}
		for i := range 20 {
			change(t, first, fmt.Sprintf("status-%d", i), subjects...)
		}
		wantInOrder(t, r.await(60), 3, 20)
	})
}

func TestSecretsAreRotatedWithoutALoss(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		r := newReceiver(t, nil)
		create(t, db, r.endpoint("crm"))
		start(t, db)
		change(t, db, "created", "user-1")
		r.await(1)
		e, err := db.Endpoint(t.Context(), domain.Sandbox, "crm")
		if err != nil {
			t.Fatal(err)
		}
		next := deliver.NewSecret()
		e.Secrets = append([]domain.SigningSecret{{Secret: next}}, e.Secrets...)
		if err := db.UpdateEndpoint(t.Context(), e, nil); err != nil {
			t.Fatal(err)
		}
		hook, err := standardwebhooks.NewWebhook(next.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		r.mu.Lock()
		r.hook = hook // it knows the new one alone
		r.mu.Unlock()
		change(t, db, "approved", "user-1")
		wantInOrder(t, r.await(2), 1, 2)
	})
}

func TestTheEndpointsOfTheConfigurationAreKnown(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		change(t, db, "created", "user-1") // before the endpoint
		first, second := newReceiver(t, nil), newReceiver(t, nil)
		second.secret, second.hook = first.secret, first.hook
		_, stop := start(t, db, first.endpoint("crm"))
		known := func() bool {
			e, err := db.Endpoint(t.Context(), domain.Sandbox, "crm")
			return err == nil && e.Configured && len(e.Secrets) == 0
		}
		eventually(t, known, func() string { return "the endpoint has a row, without secrets" })
		change(t, db, "pending", "user-1")
		if got := first.await(1); got[0].Verdict != "pending" {
			t.Errorf("a new endpoint gets %+v", got)
		}
		stop()
		start(t, db, second.endpoint("crm")) // the configuration names another address
		change(t, db, "approved", "user-1")
		if got := second.await(1); got[0].Verdict != "approved" {
			t.Errorf("the new address gets %+v", got)
		}
	})
}

func TestAnEndpointOfTheConfigurationOfOtherNodesIsLeftToThem(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		r := newReceiver(t, nil)
		foreign := r.endpoint("foreign")
		foreign.Configured, foreign.Secrets = true, nil
		create(t, db, foreign, r.endpoint("crm"))
		d, _ := start(t, db)
		change(t, db, "created", "user-1")
		r.await(1)
		if a, err := d.Test(t.Context(), foreign); err != nil || a.Error == "" || d.Configured(domain.Sandbox, "foreign") {
			t.Errorf("a test came to %+v, error %v", a, err)
		}
		if page, err := db.Deliveries(t.Context(), domain.Sandbox, store.Filter{Endpoint: "foreign"}); err != nil || len(page.Rows) != 0 {
			t.Errorf("it has the deliveries %+v, error %v", page.Rows, err)
		}
	})
}

func TestATestMessageIsSentAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		r := newReceiver(t, nil)
		create(t, db, r.endpoint("crm", domain.NotifyVerdictChanged))
		d, _ := start(t, db)
		e, err := db.Endpoint(t.Context(), domain.Sandbox, "crm")
		if err != nil {
			t.Fatal(err)
		}
		if a, err := d.Test(t.Context(), e); err != nil || a.Status != http.StatusOK {
			t.Errorf("it came to %+v, error %v", a, err)
		}
		if got := r.got(); len(got) != 1 || got[0].Type != domain.NotifyTest || got[0].Source != "crm" {
			t.Errorf("it received %+v", got)
		}
	})
}

func TestAnEndpointThatIsDeletedGetsNothingMore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		r := newReceiver(t, func(notify.Notification, int) int { return http.StatusInternalServerError })
		other := newReceiver(t, nil)
		create(t, db, r.endpoint("crm"), other.endpoint("other"))
		start(t, db)
		change(t, db, "created", "user-1")
		other.await(1)
		if err := db.DeleteEndpoint(t.Context(), domain.Sandbox, "crm", nil); err != nil {
			t.Fatal(err)
		}
		change(t, db, "approved", "user-1")
		other.await(2)
		page, err := db.Deliveries(t.Context(), domain.Sandbox, store.Filter{Endpoint: "crm", State: "waiting"})
		if err != nil || len(page.Rows) != 0 {
			t.Errorf("there wait %+v, error %v", page.Rows, err)
		}
	})
}
