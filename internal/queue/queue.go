// Package queue runs the jobs that transactions ask for, with River: at least once,
// again after a failure, and after a crash.
package queue

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Workers do the jobs. A job whose work fails is run again later, one that is
// [store.NotDue] when its time has come.
type Workers struct {
	Advance func(ctx context.Context, env domain.Environment, objects []domain.Ref) error
	Read    func(ctx context.Context, env domain.Environment, object domain.Ref) error
	Perform func(ctx context.Context, env domain.Environment, action string) error

	// For simulations.
	Poll time.Duration // between two looks for jobs; as suits the database unless set
}

// Queue is River on a database with a type of transaction.
type Queue[Tx any] struct {
	client *river.Client[Tx]
}

// Each kind of job has workers of its own, so that calls that hang hold up neither
// folding nor each other.
const (
	advanceQueue   = river.QueueDefault
	advanceWorkers = 4 // they use the processor and the database
	readQueue      = "read"
	performQueue   = "perform"
	callWorkers    = 32 // most of their time is spent waiting for Persona
)

const (

	// What jobs led to is in the tables; River's rows of finished ones only make
	// looking for the next one slower.
	keepFinished = 10 * time.Minute

	// A job ends after this time, and a little later it counts as lost: the connection to
	// the database broke when it was handed out, or its worker died. It is run again then;
	// River's default would let its event wait for an hour.
	jobTimeout = time.Minute

	// River waits this long between two looks for jobs. Its default of 100 ms would be most
	// of the way from a webhook to its effect.
	cooldown = 2 * time.Millisecond

	// River looks for jobs this often when nobody tells it of one. SQLite cannot: River
	// would look for a word of it as well, every 50 ms. PostgreSQL does, but not through a
	// pooler that shares connections.
	poll = 25 * time.Millisecond
)

// SQLite prepares River's tables and a queue that does not run yet.
func SQLite(ctx context.Context, db *sql.DB, logger *slog.Logger, work Workers) (*Queue[*sql.Tx], error) {
	return prepare(ctx, riversqlite.New(db), logger, work, true, time.Now)
}

// Postgres does what SQLite does, by a clock that all nodes share. One process at a time
// may call it for a database.
func Postgres(ctx context.Context, db *pgxpool.Pool, logger *slog.Logger, work Workers, now func() time.Time) (*Queue[pgx.Tx], error) {
	return prepare(ctx, riverpgxv5.New(db), logger, work, false, now)
}

func prepare[Tx any](ctx context.Context, driver riverdriver.Driver[Tx], logger *slog.Logger, work Workers, pollOnly bool, now func() time.Time) (*Queue[Tx], error) {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("run the migrations of the queue: %w", err)
	}
	all := river.NewWorkers()
	river.AddWorker(all, river.WorkFunc(func(ctx context.Context, job *river.Job[advanceArgs]) error {
		return orSnooze(work.Advance(ctx, job.Args.Environment, job.Args.refs()))
	}))
	river.AddWorker(all, river.WorkFunc(func(ctx context.Context, job *river.Job[readArgs]) error {
		return orSnooze(work.Read(ctx, job.Args.Environment, job.Args.Objects[0]))
	}))
	river.AddWorker(all, river.WorkFunc(func(ctx context.Context, job *river.Job[performArgs]) error {
		return orSnooze(work.Perform(ctx, job.Args.Environment, job.Args.Action))
	}))
	config := &river.Config{
		Logger:            logger,
		Workers:           all,
		Queues:            map[string]river.QueueConfig{advanceQueue: {MaxWorkers: advanceWorkers}, readQueue: {MaxWorkers: callWorkers}, performQueue: {MaxWorkers: callWorkers}},
		FetchCooldown:     cooldown,
		FetchPollInterval: cmp.Or(work.Poll, poll),
		PollOnly:          pollOnly,
		JobTimeout:        jobTimeout,

		RescueStuckJobsAfter: jobTimeout + 10*time.Second,
		MaxAttempts:          math.MaxInt16, // an event is never given up: three weeks, and again after a restart
		RetryPolicy:          retryPolicy{now},
		Test:                 river.TestConfig{Time: sharedClock(now)},

		CompletedJobRetentionPeriod: keepFinished,
	}
	client, err := river.NewClient(driver, config)
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	return &Queue[Tx]{client: client}, nil
}

// Start starts to run jobs.
func (q *Queue[Tx]) Start(ctx context.Context) error { return q.client.Start(ctx) }

// Stop waits for the jobs that run, until the context ends; then it ends them. They
// are run again after the next start.
func (q *Queue[Tx]) Stop(ctx context.Context) error {
	if err := q.client.Stop(ctx); err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return q.client.StopAndCancel(hard)
	}
	return nil
}

// Insert adds jobs to a transaction.
//
// No job is unique. A unique job for each object would be dropped while one for the
// same object runs, and the event that it was for would wait for the next one: a job
// that finds nothing waiting costs little, a wake-up that is lost costs a verdict.
func (q *Queue[Tx]) Insert(ctx context.Context, tx Tx, jobs []store.Job) error {
	var params []river.InsertManyParams
	for _, args := range batchJobs(jobs) {
		params = append(params, river.InsertManyParams{Args: args, InsertOpts: &river.InsertOpts{ScheduledAt: args.at(), Queue: args.queue()}})
	}
	if _, err := q.client.InsertManyFastTx(ctx, tx, params); err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}
	return nil
}

// sharedClock makes River take the time from a clock that all nodes share. River compares
// the moments that nodes write: without it, a job that a node inserts whose clock is five
// minutes ahead of the database's is not fetched for five minutes. The setting is meant
// for tests; there is no other.
type sharedClock func() time.Time

// Now implements [rivertype.TimeGenerator].
func (now sharedClock) Now() time.Time { return now() }

// NowOrNil implements [rivertype.TimeGenerator].
func (now sharedClock) NowOrNil() *time.Time {
	t := now()
	return &t
}

// retryPolicy tries a job that failed again after one second, and later once a minute.
type retryPolicy struct{ now func() time.Time }

// NextRetry implements [river.ClientRetryPolicy].
func (p retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	return p.now().Add(min(time.Minute, time.Second<<min(len(job.Errors), 6)))
}

// objectsPerJob is how many objects one job advances: they share a transaction.
const objectsPerJob = 64

// batchJobs makes one job of River's of many that advance objects. One that fails is run
// again for all, which find nothing waiting where they were done.
func batchJobs(jobs []store.Job) []jobArgs {
	var all []jobArgs
	gathering := map[domain.Environment]*advanceArgs{}
	for _, job := range jobs {
		switch job.Kind {
		case store.JobPerform:
			all = append(all, &performArgs{job.Environment, job.Action, job.At})
		case store.JobRead:
			all = append(all, &readArgs{job.Environment, refs{job.Object}, job.At})
		default:
			args := gathering[job.Environment]
			if args == nil || len(args.Objects) == objectsPerJob {
				args = &advanceArgs{Environment: job.Environment}
				all = append(all, args)
				gathering[job.Environment] = args
			}
			if !slices.Contains(args.Objects, job.Object) {
				args.Objects = append(args.Objects, job.Object)
			}
		}
	}
	return all
}

// advanceArgs is a job to advance objects.
type advanceArgs struct {
	Environment domain.Environment `json:"environment"`
	Objects     refs               `json:"objects"`
	Object      domain.Ref         `json:"object,omitzero"` // of jobs from before there were several
}

func (a advanceArgs) refs() []domain.Ref {
	if a.Object.IsZero() {
		return a.Objects
	}
	return append(slices.Clone(a.Objects), a.Object)
}

func (advanceArgs) Kind() string  { return string(store.JobAdvance) }
func (advanceArgs) queue() string { return advanceQueue }
func (advanceArgs) at() time.Time { return time.Time{} }

// readArgs is a job to advance one object that needs reads.
type readArgs struct {
	Environment domain.Environment `json:"environment"`
	Objects     refs               `json:"objects"`

	scheduled time.Time
}

func (readArgs) Kind() string    { return string(store.JobRead) }
func (readArgs) queue() string   { return readQueue }
func (a readArgs) at() time.Time { return a.scheduled }

// refs are written as one text. PostgreSQL has an index on every value of a job's
// arguments: a list would take more of its time than the events themselves.
type refs []domain.Ref

// MarshalText implements [encoding.TextMarshaler].
func (r refs) MarshalText() ([]byte, error) {
	var b []byte
	for i, ref := range r {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, url.QueryEscape(ref.Type)...), ' '), url.QueryEscape(ref.ID)...)
	}
	return b, nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *refs) UnmarshalText(text []byte) error {
	for one := range strings.SplitSeq(string(text), ",") {
		typ, id, ok := strings.Cut(one, " ")
		typ, err1 := url.QueryUnescape(typ)
		id, err2 := url.QueryUnescape(id)
		if !ok || err1 != nil || err2 != nil {
			return errors.New("a job's objects cannot be read")
		}
		*r = append(*r, domain.Ref{Type: typ, ID: id})
	}
	return nil
}

// performArgs is a job to perform an action.
type performArgs struct {
	Environment domain.Environment `json:"environment"`
	Action      string             `json:"action"`

	scheduled time.Time
}

func (performArgs) Kind() string    { return string(store.JobPerform) }
func (performArgs) queue() string   { return performQueue }
func (a performArgs) at() time.Time { return a.scheduled }

// jobArgs are the arguments of River's jobs that stand for some of ours.
type jobArgs interface {
	river.JobArgs
	at() time.Time
	queue() string
}

func orSnooze(err error) error {
	var early store.NotDue
	if errors.As(err, &early) {
		return river.JobSnooze(early.Wait)
	}
	return err
}
