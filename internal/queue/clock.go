package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// River waits for times that it has stored. If the clock was ahead when it stored them, and is
// right again, it would wait for hours: for a job to be due, for a lost job to be retried, and
// for the end of the term of a leader that was killed, without which no job is retried at all.
// So times that are further ahead than any that a right clock stores are replaced.
const (
	// longestDelay is how far ahead a job is scheduled at most. One that is due later is
	// snoozed again.
	longestDelay = 15 * time.Minute

	// longestTerm is longer than a leader's term, which is 15 seconds.
	longestTerm = time.Minute

	// checkTimes is how often the stored times are checked.
	checkTimes = time.Minute
)

// times corrects the times that River stored in a database.
type times struct {
	database riverdriver.Executor
	now      func() time.Time

	// value is a time as River's tables have it.
	value func(time.Time) any
}

func sqliteTime(t time.Time) any   { return t.UTC().Format("2006-01-02 15:04:05.000") }
func postgresTime(t time.Time) any { return t.UTC() }

// correct replaces times that are too far ahead. River has no other way to do that.
func (t times) correct(ctx context.Context) error {
	now := t.now()
	var failed []error
	for _, late := range []struct {
		statement string
		limit     time.Duration
	}{
		{"UPDATE river_job SET scheduled_at = $1 WHERE state IN ('available', 'scheduled', 'retryable') AND scheduled_at > $2", longestDelay},
		{"UPDATE river_job SET attempted_at = $1 WHERE state = 'running' AND attempted_at > $2", jobTimeout},
	} {
		failed = append(failed, t.database.Exec(ctx, late.statement, t.value(now), t.value(now.Add(late.limit))))
	}
	leader, err := t.database.LeaderGetElectedLeader(ctx, &riverdriver.LeaderGetElectedLeaderParams{})
	switch {
	case errors.Is(err, rivertype.ErrNotFound):
	case err != nil:
		failed = append(failed, err)
	case leader.ExpiresAt.After(now.Add(longestTerm)):
		end := leader.ExpiresAt.Add(time.Second)
		_, err := t.database.LeaderDeleteExpired(ctx, &riverdriver.LeaderDeleteExpiredParams{Now: &end})
		failed = append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("correct the times of jobs: %w", err)
	}
	return nil
}
