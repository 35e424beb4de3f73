package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/queue"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start opens a database in a folder and runs its jobs until stop is called or the test
// ends.
func start(t *testing.T, folder string, work func(context.Context, store.Job) error) (db *sqlite.DB, stop func()) {
	t.Helper()
	return startWith(t, folder, workers(work))
}

// startWith is like [start] but sets more of the workers.
func startWith(t *testing.T, folder string, work queue.Workers) (db *sqlite.DB, stop func()) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(folder, "idem.db"))
	if err != nil {
		t.Fatal(err)
	}
	q, err := queue.SQLite(t.Context(), db.Writer(), slog.New(slog.DiscardHandler), work)
	if err != nil {
		t.Fatal(err)
	}
	db.UseQueue(q)
	if err := q.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(q.Stop(ctx), db.Close()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return db, stop
}

// workers call one function for each part of a job.
func workers(work func(context.Context, store.Job) error) queue.Workers {
	return queue.Workers{
		Advance: func(ctx context.Context, env domain.Environment, objects []domain.Ref) error {
			var failed []error
			for _, object := range objects {
				failed = append(failed, work(ctx, store.Job{Kind: store.JobAdvance, Environment: env, Object: object}))
			}
			return errors.Join(failed...)
		},
		Read: func(ctx context.Context, env domain.Environment, object domain.Ref, _ int) error {
			return work(ctx, store.Job{Kind: store.JobRead, Environment: env, Object: object})
		},
		Perform: func(ctx context.Context, env domain.Environment, action string) error {
			return work(ctx, store.Job{Kind: store.JobPerform, Environment: env, Action: action})
		},
	}
}

var inquiry = domain.Ref{Type: "inquiry", ID: "inq_1"}

func appendEvent(t *testing.T, s store.Store, id string) {
	t.Helper()
	appendTo(t, s, id, inquiry)
}

// appendEventOf appends an event of an inquiry of its own.
func appendEventOf(t *testing.T, s store.Store, id string) {
	t.Helper()
	appendTo(t, s, "evt_of_"+id, domain.Ref{Type: "inquiry", ID: id})
}

func appendTo(t *testing.T, s store.Store, id string, object domain.Ref) {
	t.Helper()
	_, err := s.AppendEvents(t.Context(), []domain.Event{{
		Environment: domain.Sandbox, ID: id, Name: "inquiry.created", CreatedAt: time.Unix(1, 0), Object: object,
		Body: []byte("{}"), Via: domain.ViaWebhook, ReceivedAt: time.Unix(1, 0), State: domain.EventWaiting,
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// within waits for a value with a deadline.
func within[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("timed out waiting until %s", what)
		panic("unreachable")
	}
}

func TestAnEventThatArrivesWhileItsObjectIsProcessedGetsAnotherJob(t *testing.T) {
	began, goOn := make(chan store.Job, 10), make(chan struct{})
	db, _ := start(t, t.TempDir(), func(ctx context.Context, job store.Job) error {
		began <- job
		select {
		case <-goOn:
		case <-ctx.Done():
		}
		return nil
	})
	want := store.Job{Kind: store.JobAdvance, Environment: domain.Sandbox, Object: inquiry}
	appendEvent(t, db, "evt_1")
	if job := within(t, "the first job runs", began); job != want {
		t.Errorf("the job is %+v", job)
	}
	appendEvent(t, db, "evt_2") // its object is being processed
	close(goOn)
	if job := within(t, "the second job runs", began); job != want {
		t.Errorf("the job is %+v", job)
	}
}

func TestACommittedJobDoesNotWaitForAPoll(t *testing.T) {
	for _, job := range []store.Job{
		{Kind: store.JobAdvance, Environment: domain.Sandbox, Object: inquiry},
		{Kind: store.JobRead, Environment: domain.Sandbox, Object: inquiry},
		{Kind: store.JobPerform, Environment: domain.Sandbox, Action: "act_1"},
	} {
		t.Run(string(job.Kind), func(t *testing.T) {
			ran := make(chan store.Job, 10)
			work := workers(func(_ context.Context, job store.Job) error {
				ran <- job
				return nil
			})
			work.Poll = time.Hour
			db, _ := startWith(t, t.TempDir(), work)
			for range 3 { // River looks once by itself when it starts
				if _, err := db.Save(t.Context(), domain.Sandbox, []store.Advance{{Jobs: []store.Job{job}}}, store.Verdicts{}); err != nil {
					t.Fatal(err)
				}
				if got := within(t, "the job runs", ran); got != job {
					t.Errorf("the job is %+v, want %+v", got, job)
				}
			}
		})
	}
}

func TestAFailedJobIsRetried(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it waits for a retry")
	}
	ran := make(chan struct{}, 10)
	first := make(chan struct{}, 1)
	first <- struct{}{}
	db, _ := start(t, t.TempDir(), func(context.Context, store.Job) error {
		ran <- struct{}{}
		select {
		case <-first:
			return errors.New("not now")
		default:
			return nil
		}
	})
	appendEvent(t, db, "evt_1")
	within(t, "the job runs", ran)
	within(t, "the job runs again", ran)
}

func TestObjectsOfOneTransactionAreAdvancedByOneJob(t *testing.T) {
	ran := make(chan string, 10)
	db, _ := start(t, t.TempDir(), func(_ context.Context, job store.Job) error {
		ran <- job.Object.ID
		return nil
	})
	var events []domain.Event
	for i, id := range []string{"inq_1", "inq_2", "inq_1"} {
		events = append(events, domain.Event{
			Environment: domain.Sandbox, ID: fmt.Sprint("evt_", i), Name: "inquiry.created", CreatedAt: time.Unix(1, 0), Object: domain.Ref{Type: "inquiry", ID: id},
			Body: []byte("{}"), Via: domain.ViaWebhook, ReceivedAt: time.Unix(1, 0), State: domain.EventWaiting,
		})
	}
	if _, err := db.AppendEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"inq_1", "inq_2"} {
		if got := within(t, "the job runs", ran); got != want {
			t.Errorf("processed %s, want %s", got, want)
		}
	}
	appendEvent(t, db, "evt_last")
	if got := within(t, "the next job runs", ran); got != "inq_1" {
		t.Errorf("processed %s: the first job had an object twice", got)
	}
}

func TestHangingCallsDoNotDelayFolding(t *testing.T) {
	advanced, hang := make(chan string, 10), make(chan struct{})
	db, _ := start(t, t.TempDir(), func(ctx context.Context, job store.Job) error {
		if job.Kind == store.JobAdvance {
			advanced <- job.Object.ID
			return nil
		}
		select {
		case <-hang:
		case <-ctx.Done():
		}
		return nil
	})
	defer close(hang)
	var reads []store.Job
	for i := range 100 { // more than the workers of any kind
		reads = append(reads, store.Job{Kind: store.JobRead, Environment: domain.Sandbox, Object: domain.Ref{Type: "inquiry", ID: fmt.Sprint("inq_slow_", i)}})
	}
	if _, err := db.Save(t.Context(), domain.Sandbox, []store.Advance{{Jobs: reads}}, store.Verdicts{}); err != nil {
		t.Fatal(err)
	}
	appendEvent(t, db, "evt_1")
	within(t, "another object is folded", advanced)
}

func TestAJobThatIsNotDueIsSnoozed(t *testing.T) {
	early := make(chan struct{}, 1)
	early <- struct{}{}
	ran := make(chan struct{}, 10)
	db, _ := start(t, t.TempDir(), func(context.Context, store.Job) error {
		ran <- struct{}{}
		select {
		case <-early: // by this node's clock
			return store.NotDue{Wait: 50 * time.Millisecond}
		default:
			return nil
		}
	})
	appendEvent(t, db, "evt_1")
	within(t, "the job runs", ran)
	within(t, "the job runs again", ran)
}

func TestAnInterruptedJobIsRetriedAfterTheNextStart(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	folder := t.TempDir()
	began := make(chan struct{}, 10)
	db, stop := start(t, folder, func(ctx context.Context, _ store.Job) error {
		began <- struct{}{}
		<-ctx.Done()
		return fmt.Errorf("cut short: %w", ctx.Err())
	})
	appendEvent(t, db, "evt_1")
	within(t, "the job runs", began)
	stop()

	done := make(chan store.Job, 10)
	db, _ = start(t, folder, func(_ context.Context, job store.Job) error {
		done <- job
		return nil
	})
	if err := db.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if job := within(t, "the job runs after the start", done); job.Object != inquiry {
		t.Errorf("the job is %+v", job)
	}
}
