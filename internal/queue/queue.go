// Package queue runs the jobs that transactions ask for, with River: at least once,
// again after a failure, and after a crash.
package queue

import (
	"cmp"
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

	"github.com/idemhq/idem/internal/store"
)

// Queue is River on a database with a type of transaction.
type Queue[Tx any] struct {
	client *river.Client[Tx]
}

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
		return nil, fmt.Errorf("run the queue's migrations: %w", err)
	}
	config := &river.Config{
		Logger:            logger,
		Workers:           work.register(),
		Queues:            queues(),
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
