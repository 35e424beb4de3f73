// Package queue runs the jobs that transactions ask for, with River: at least once,
// again after a failure, and after a crash.
package queue

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math"
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

// Work does one job. A job whose work fails is run again later.
type Work func(ctx context.Context, job store.Job) error

// Queue is River on a database with a type of transaction.
type Queue[Tx any] struct {
	client *river.Client[Tx]
}

const (
	workers = 32 // most of a job's time is spent waiting for Persona

	// What jobs led to is in the tables; River's rows of finished ones only make
	// looking for the next one slower.
	keepFinished = 10 * time.Minute

	// River waits this long between two looks for jobs. Its defaults, 100 ms and 1 s,
	// would be most of the way from a webhook to its effect.
	cooldown = 2 * time.Millisecond
	poll     = 25 * time.Millisecond
)

// SQLite prepares River's tables and a queue that does not run yet.
func SQLite(ctx context.Context, db *sql.DB, logger *slog.Logger, work Work) (*Queue[*sql.Tx], error) {
	return prepare(ctx, riversqlite.New(db), logger, work)
}

// Postgres does what SQLite does. One process at a time may call it for a database.
func Postgres(ctx context.Context, db *pgxpool.Pool, logger *slog.Logger, work Work) (*Queue[pgx.Tx], error) {
	return prepare(ctx, riverpgxv5.New(db), logger, work)
}

func prepare[Tx any](ctx context.Context, driver riverdriver.Driver[Tx], logger *slog.Logger, work Work) (*Queue[Tx], error) {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("make the queue's tables: %w", err)
	}
	all := river.NewWorkers()
	river.AddWorker(all, &worker[advanceArgs]{work: work})
	river.AddWorker(all, &worker[performArgs]{work: work})
	client, err := river.NewClient(driver, &river.Config{
		Logger:            logger,
		Workers:           all,
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		FetchCooldown:     cooldown,
		FetchPollInterval: poll,
		JobTimeout:        2 * time.Minute,
		MaxAttempts:       math.MaxInt16, // an event is never given up: three weeks, and again after a restart
		RetryPolicy:       retryPolicy{},

		CompletedJobRetentionPeriod: keepFinished,
	})
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
	params := make([]river.InsertManyParams, len(jobs))
	for i, job := range jobs {
		params[i] = river.InsertManyParams{Args: argsOf(job), InsertOpts: &river.InsertOpts{ScheduledAt: job.At}}
	}
	if _, err := q.client.InsertManyFastTx(ctx, tx, params); err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}
	return nil
}

// retryPolicy tries a job that failed again after one second, and later once a minute.
type retryPolicy struct{}

// NextRetry implements [river.ClientRetryPolicy].
func (retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(min(time.Minute, time.Second<<min(len(job.Errors), 6)))
}

// advanceArgs is a job to advance an object.
type advanceArgs struct {
	Environment domain.Environment `json:"environment"`
	Object      domain.Ref         `json:"object"`
}

func (advanceArgs) Kind() string { return string(store.JobAdvance) }

func (a advanceArgs) job() store.Job {
	return store.Job{Kind: store.JobAdvance, Environment: a.Environment, Object: a.Object}
}

// performArgs is a job to perform an action.
type performArgs struct {
	Environment domain.Environment `json:"environment"`
	Action      string             `json:"action"`
}

func (performArgs) Kind() string { return string(store.JobPerform) }

func (a performArgs) job() store.Job {
	return store.Job{Kind: store.JobPerform, Environment: a.Environment, Action: a.Action}
}

func argsOf(job store.Job) river.JobArgs {
	if job.Kind == store.JobPerform {
		return performArgs{job.Environment, job.Action}
	}
	return advanceArgs{job.Environment, job.Object}
}

// jobArgs are the arguments of River's jobs that stand for one of ours.
type jobArgs interface {
	river.JobArgs
	job() store.Job
}

type worker[A jobArgs] struct {
	river.WorkerDefaults[A]
	work Work
}

// Work implements [river.Worker].
func (w *worker[A]) Work(ctx context.Context, job *river.Job[A]) error {
	return w.work(ctx, job.Args.job())
}
