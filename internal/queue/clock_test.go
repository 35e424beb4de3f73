package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/pgtest"
	"github.com/idemhq/idem/internal/queue"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/sqlite"
)

// A node whose clock was three hours ahead was killed: it was the leader, one of its jobs was
// running, and others were to run later.
func TestAClockThatWasAheadDelaysNoJob(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes several seconds")
	}
	t.Parallel()
	type opened struct {
		db    store.Store
		queue interface {
			Start(context.Context) error
			Stop(context.Context) error
		}
		exec  func(statement string) error
		count func(query string) (int, error)
		close func() error
		later string // three hours from now, in SQL
	}
	logger := slog.New(slog.DiscardHandler)
	for name, open := range map[string]func(*testing.T, queue.Workers) opened{
		"sqlite": func(t *testing.T, work queue.Workers) opened {
			db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "idem.db"))
			if err != nil {
				t.Fatal(err)
			}
			q, err := queue.SQLite(t.Context(), db.Writer(), logger, work)
			if err != nil {
				t.Fatal(err)
			}
			db.UseQueue(q)
			exec := func(statement string) error {
				_, err := db.Writer().ExecContext(t.Context(), statement)
				return err
			}
			count := func(query string) (n int, err error) {
				err = db.Writer().QueryRowContext(t.Context(), query).Scan(&n)
				return n, err
			}
			return opened{db, q, exec, count, db.Close, "strftime('%Y-%m-%d %H:%M:%f', 'now', '+3 hours')"}
		},
		"postgres": func(t *testing.T, work queue.Workers) opened {
			db, err := postgres.Open(t.Context(), pgtest.New(t).Database(t))
			if err != nil {
				t.Fatal(err)
			}
			q, err := queue.Postgres(t.Context(), db.Pool(), logger, work, db.Now)
			if err != nil {
				t.Fatal(err)
			}
			db.UseQueue(q)
			exec := func(statement string) error {
				_, err := db.Pool().Exec(t.Context(), statement)
				return err
			}
			count := func(query string) (n int, err error) {
				err = db.Pool().QueryRow(t.Context(), query).Scan(&n)
				return n, err
			}
			return opened{db, q, exec, count, db.Close, "now() + interval '3 hours'"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ran := make(chan string, 100)
			o := open(t, workers(func(_ context.Context, job store.Job) error {
				ran <- job.Object.ID
				return nil
			}))
			states := []string{"available", "scheduled", "retryable", "running"}
			for _, state := range states {
				appendEventOf(t, o.db, "inq_"+state)
				if err := o.exec("UPDATE river_job SET state = '" + state + "', scheduled_at = " + o.later + ", attempted_at = " + o.later + ", attempt = 1 WHERE attempt = 0"); err != nil {
					t.Fatal(err)
				}
			}
			if err := o.exec("INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('killed', " + o.later + ", " + o.later + ")"); err != nil {
				t.Fatal(err)
			}
			if err := o.queue.Start(context.WithoutCancel(t.Context())); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				defer cancel()
				if err := errors.Join(o.queue.Stop(ctx), o.close()); err != nil {
					t.Error(err)
				}
			})
			got := map[string]bool{}
			for range 3 { // one that was running counts as lost after a minute only
				got[within(t, "the jobs run", ran)] = true
			}
			for _, state := range states[:3] {
				if !got["inq_"+state] {
					t.Errorf("the job that was %s did not run: %v", state, got)
				}
			}
			// River finds a lost job by the time of its attempt.
			if n, err := o.count("SELECT count(*) FROM river_job WHERE state = 'running' AND attempted_at > " + strings.Replace(o.later, "3", "2", 1)); err != nil || n != 0 {
				t.Errorf("%d jobs count as running until the clock is where it was, error %v", n, err)
			}
		})
	}
}
