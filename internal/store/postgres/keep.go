package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	lookAfter = 2 * time.Second  // how often a node says that it is there
	goneAfter = 10 * time.Second // without a word, a node is gone

	// patience is how long the last word of a node may take.
	patience = 5 * time.Second
	monthsOn = 2 // partitions are made this far ahead
)

// keep does what has to be done from time to time, until the context ends. What fails is
// done next time: readyz says what is wrong.
func (db *DB) keep(ctx context.Context) {
	word, partitions := time.NewTicker(lookAfter), time.NewTicker(time.Hour)
	defer word.Stop()
	defer partitions.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
			defer cancel()
			_, _ = db.pool.Exec(last, "DELETE FROM nodes WHERE id = $1", db.node)
			return
		case <-word.C:
			_ = db.seen(ctx)
			_ = db.dropDeadClaims(ctx)
		case <-partitions.C:
			_ = db.Partition(ctx, db.Now())
		}
	}
}

// seen says that this node is there, which takes a row that can be written, and compares
// the clocks.
func (db *DB) seen(ctx context.Context) error {
	var shown time.Time
	sent := time.Now()
	err := db.pool.QueryRow(ctx, "INSERT INTO nodes (id, seen_at) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen_at = now() RETURNING clock_timestamp()", db.node).Scan(&shown)
	if err != nil {
		return fmt.Errorf("write to the database: %w", err)
	}
	db.clock.compare(shown, sent, time.Now())
	return nil
}

// Nodes returns how many processes are at work on the database: at least this one.
func (db *DB) Nodes(ctx context.Context) (int, error) {
	var n int
	err := db.pool.QueryRow(ctx, "SELECT count(*) FROM nodes WHERE seen_at > now() - $1::interval OR id = $2", goneAfter, db.node).Scan(&n)
	if err != nil {
		return 1, fmt.Errorf("count the nodes: %w", err)
	}
	return max(1, n), nil
}

// Partition makes the partitions of the events of this month and the next ones. One node
// at a time does.
func (db *DB) Partition(ctx context.Context, now time.Time) error {
	for i := range monthsOn + 1 {
		first := time.Date(now.UTC().Year(), now.UTC().Month()+time.Month(i), 1, 0, 0, 0, 0, time.UTC)
		if err := db.alone(ctx, func(tx pgx.Tx) error { return makePartition(ctx, tx, first) }); err != nil {
			return fmt.Errorf("make a partition of the events: %w", err)
		}
	}
	return nil
}

// makePartition makes the partition of a month, where there is none. Events that a clock
// which was wrong put into the default partition move there: PostgreSQL refuses a
// partition for rows that are in the default one.
func makePartition(ctx context.Context, tx pgx.Tx, first time.Time) error {
	name, from, to := partitionOf(first), first.UnixMicro(), first.AddDate(0, 1, 0).UnixMicro()
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", name).Scan(&there); err != nil || there {
		return err
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE %[1]s (LIKE events INCLUDING DEFAULTS INCLUDING STORAGE);
		LOCK TABLE events_other IN ACCESS EXCLUSIVE MODE;
		WITH moved AS (DELETE FROM events_other WHERE received_at >= %[2]d AND received_at < %[3]d RETURNING *) INSERT INTO %[1]s SELECT * FROM moved;
		ALTER TABLE events ATTACH PARTITION %[1]s FOR VALUES FROM (%[2]d) TO (%[3]d)`, name, from, to))
	return err
}

// Forget drops the partitions of events that were received before a moment, all at once
// and a month at a time, and returns their names. One with an event that waits is kept.
// What is known of the events' ids stays four months longer than any of Persona's copies
// of them, so that none is taken for a new one.
func (db *DB) Forget(ctx context.Context, before time.Time) (dropped []string, err error) {
	found, err := db.pool.Query(ctx, "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'events'::regclass AND c.relname LIKE 'events\\_20%'")
	if err != nil {
		return nil, fmt.Errorf("list the partitions of the events: %w", err)
	}
	names, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the partitions of the events: %w", err)
	}
	for _, name := range names {
		first, err := time.Parse("events_2006_01", name)
		if err != nil || first.AddDate(0, 1, 0).After(before) {
			continue
		}
		gone, err := db.drop(ctx, name)
		if err != nil {
			return dropped, fmt.Errorf("drop %s: %w", name, err)
		}
		if gone {
			dropped = append(dropped, name)
		}
	}
	if _, err := db.pool.Exec(ctx, "DELETE FROM event_keys WHERE received_at < $1", before.AddDate(0, -keysLonger, 0).UnixMicro()); err != nil {
		return dropped, fmt.Errorf("forget the ids of old events: %w", err)
	}
	return dropped, nil
}

// keysLonger is how many months longer the ids of events are known than they are kept:
// Persona shows events for three (Persona docs: Events).
const keysLonger = 4

// partitionOf is the name of a month's partition.
func partitionOf(first time.Time) string { return first.Format("events_2006_01") }

// drop drops a partition, unless one of its events waits. Nobody can make one wait
// between the look and the end of the partition.
func (db *DB) drop(ctx context.Context, name string) (gone bool, err error) {
	err = db.alone(ctx, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", name).Scan(&gone); err != nil || !gone {
			return err // another node was faster
		}
		if _, err := tx.Exec(ctx, "LOCK TABLE ONLY events IN ACCESS EXCLUSIVE MODE"); err != nil { // as dropping does, a moment later
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT NOT EXISTS (SELECT FROM "+name+" WHERE state = 'waiting')").Scan(&gone); err != nil || !gone {
			return err
		}
		_, err := tx.Exec(ctx, "DROP TABLE "+name)
		return err
	})
	return gone, err
}

// alone runs statements that change tables while no other node does.
func (db *DB) alone(ctx context.Context, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		if err := db.Lock(ctx, transaction{tx}, []string{"partitions of the events"}); err != nil {
			return err
		}
		return f(tx)
	})
}
