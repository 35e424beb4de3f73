// Package queue runs the jobs that transactions insert, with River. A job runs at least
// once, and is retried after a failure or a crash.
package queue

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math"
	"sync"
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

// Queue is River on one database.
type Queue[Tx any] struct {
	client *river.Client[Tx]
	times  times
	logger *slog.Logger

	stop    context.CancelFunc // ends the checks of times
	running sync.WaitGroup
}

const (
	// The results of jobs are in the service's tables. River's rows of finished jobs only
	// slow down finding the next one.
	keepFinished = 10 * time.Minute

	// Jobs are cancelled after this time, and count as lost a little later, because the
	// database connection broke when the job was fetched or its worker died. Lost jobs are
	// retried. River's default would delay the job's event for an hour.
	jobTimeout = time.Minute

	// River's pause between two fetches. Its default of 100 ms would be most of the time
	// from a webhook to its effect.
	cooldown = 2 * time.Millisecond

	// How often River polls for jobs. On SQLite commits wake it, and it polls only for jobs
	// that become due and for those of other processes: often enough for them, and so rarely
	// that an idle service hardly uses the processor. PostgreSQL has notifications, but not
	// through a pooler that shares connections.
	pollSQLite   = 250 * time.Millisecond
	pollPostgres = 25 * time.Millisecond
)

// SQLiteQueue is a queue that learns of commits.
type SQLiteQueue struct {
	*Queue[*sql.Tx]
	wakes wakes
}

// Committed says that a transaction with these jobs was committed. They run at once.
func (q *SQLiteQueue) Committed(jobs []store.Job) { q.wakes.wake(jobs) }

// SQLite creates River's tables and returns a queue that is not running yet.
func SQLite(ctx context.Context, db *sql.DB, logger *slog.Logger, work Workers) (*SQLiteQueue, error) {
	wakes := newWakes()
	work.Poll = cmp.Or(work.Poll, pollSQLite)
	q, err := prepare(ctx, sqliteDriver{riversqlite.New(db), wakes}, logger, work, time.Now, sqliteTime)
	if err != nil {
		return nil, err
	}
	return &SQLiteQueue{q, wakes}, nil
}

// Postgres is like [SQLite] but uses a clock that all nodes share. Only one process at a
// time may call it for a database.
func Postgres(ctx context.Context, db *pgxpool.Pool, logger *slog.Logger, work Workers, now func() time.Time) (*Queue[pgx.Tx], error) {
	work.Poll = cmp.Or(work.Poll, pollPostgres)
	return prepare(ctx, riverpgxv5.New(db), logger, work, now, postgresTime)
}

func prepare[Tx any](ctx context.Context, driver riverdriver.Driver[Tx], logger *slog.Logger, work Workers, now func() time.Time, value func(time.Time) any) (*Queue[Tx], error) {
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
		FetchPollInterval: work.Poll,
		JobTimeout:        jobTimeout,

		RescueStuckJobsAfter: jobTimeout + 10*time.Second,
		MaxAttempts:          math.MaxInt16, // never give up on an event: River retries for three weeks, and Resume inserts the job again after a restart
		RetryPolicy:          retryPolicy{now},
		Test:                 river.TestConfig{Time: sharedClock(now)},

		CompletedJobRetentionPeriod: keepFinished,
	}
	client, err := river.NewClient(driver, config)
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	return &Queue[Tx]{client: client, times: times{driver.GetExecutor(), now, value}, logger: logger}, nil
}

// Start starts to run jobs.
func (q *Queue[Tx]) Start(ctx context.Context) error {
	if err := q.times.correct(ctx); err != nil {
		return err
	}
	if err := q.client.Start(ctx); err != nil {
		return err
	}
	checking, stop := context.WithCancel(context.WithoutCancel(ctx))
	q.stop = stop
	q.running.Go(func() { q.checkTimes(checking) })
	return nil
}

// checkTimes corrects the stored times now and then, until the context ends.
func (q *Queue[Tx]) checkTimes(ctx context.Context) {
	every := time.NewTicker(checkTimes)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			if err := q.times.correct(ctx); err != nil && ctx.Err() == nil {
				q.logger.WarnContext(ctx, "checking the times of jobs failed; retrying in a minute", "error", err)
			}
		}
	}
}

// Stop waits for the running jobs until ctx ends, and then cancels them. They are retried
// after the next start.
func (q *Queue[Tx]) Stop(ctx context.Context) error {
	if q.stop != nil {
		q.stop()
		q.running.Wait()
	}
	if err := q.client.Stop(ctx); err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return q.client.StopAndCancel(hard)
	}
	return nil
}

// Insert adds jobs to a transaction.
//
// Jobs are not unique. A unique job would be dropped while one for the same object is
// running, and its event would wait for the next job. A job that finds nothing to do costs
// little; a lost one costs a verdict.
func (q *Queue[Tx]) Insert(ctx context.Context, tx Tx, jobs []store.Job) error {
	var params []river.InsertManyParams
	latest := q.times.now().Add(longestDelay)
	for _, args := range batchJobs(jobs) {
		at := args.at()
		if at.After(latest) {
			at = latest
		}
		params = append(params, river.InsertManyParams{Args: args, InsertOpts: &river.InsertOpts{ScheduledAt: at, Queue: queueOf(store.JobKind(args.Kind()))}})
	}
	if _, err := q.client.InsertManyFastTx(ctx, tx, params); err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}
	return nil
}

// sharedClock makes River use a clock that all nodes share. River compares times that
// different nodes write: a job from a node whose clock is five minutes ahead would not be
// fetched for five minutes. River intends this setting for tests, but has no other.
type sharedClock func() time.Time

// Now implements [rivertype.TimeGenerator].
func (now sharedClock) Now() time.Time { return now() }

// NowOrNil implements [rivertype.TimeGenerator].
func (now sharedClock) NowOrNil() *time.Time {
	t := now()
	return &t
}

// retryPolicy retries a failed job after one second, and later once a minute.
type retryPolicy struct{ now func() time.Time }

// NextRetry implements [river.ClientRetryPolicy].
func (p retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	return p.now().Add(min(time.Minute, time.Second<<min(len(job.Errors), 6)))
}
