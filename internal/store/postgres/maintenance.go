package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	heartbeatInterval = 2 * time.Second
	nodeTTL           = 10 * time.Second // a node without a heartbeat for this long is gone
	signOffTimeout    = 5 * time.Second  // a node that stops waits this long to remove its row
	monthsAhead       = 2                // partitions are created this many months ahead
)

// maintain sends heartbeats, frees the claims of nodes that are gone and creates partitions,
// until the context ends. What fails is retried at the next tick; /readyz reports it.
func (db *DB) maintain(ctx context.Context) {
	heartbeats, partitions := time.NewTicker(heartbeatInterval), time.NewTicker(time.Hour)
	defer heartbeats.Stop()
	defer partitions.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), signOffTimeout)
			defer cancel()
			_, _ = db.pool.Exec(last, "DELETE FROM nodes WHERE id = $1", db.node)
			return
		case <-heartbeats.C:
			_ = db.heartbeat(ctx)
			_ = db.dropDeadClaims(ctx)
		case <-partitions.C:
			_ = db.Partition(ctx, db.Now())
		}
	}
}

// heartbeat records that this node is alive, and compares its clock with the database's.
// It fails when the database rejects writes.
func (db *DB) heartbeat(ctx context.Context) error {
	var shown time.Time
	sent := time.Now()
	err := db.pool.QueryRow(ctx, "INSERT INTO nodes (id, seen_at) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen_at = now() RETURNING clock_timestamp()", db.node).Scan(&shown)
	if err != nil {
		return fmt.Errorf("write to the database: %w", err)
	}
	db.clock.compare(shown, sent, time.Now())
	return nil
}

// Nodes returns how many processes use the database, this one included.
func (db *DB) Nodes(ctx context.Context) (int, error) {
	var n int
	err := db.pool.QueryRow(ctx, "SELECT count(*) FROM nodes WHERE seen_at > now() - $1::interval AND seen_at < now() + $1::interval OR id = $2", nodeTTL, db.node).Scan(&n)
	if err != nil {
		return 1, fmt.Errorf("count the nodes: %w", err)
	}
	return max(1, n), nil
}

// Partition creates the partitions for the events of this month and the next two. Nodes
// take turns.
func (db *DB) Partition(ctx context.Context, now time.Time) error {
	for i := range monthsAhead + 1 {
		first := time.Date(now.UTC().Year(), now.UTC().Month()+time.Month(i), 1, 0, 0, 0, 0, time.UTC)
		if err := db.exclusively(ctx, func(tx pgx.Tx) error { return makePartition(ctx, tx, first) }); err != nil {
			return fmt.Errorf("create a partition for events: %w", err)
		}
	}
	return nil
}

// partitionAtStart is [DB.Partition], except that a long query does not keep the service
// from starting: until the next try events are stored in the default partition.
func (db *DB) partitionAtStart(ctx context.Context) error {
	if err := db.Partition(ctx, db.Now()); !isLocked(err) {
		return err
	}
	return nil
}

// makePartition creates the partition of a month if it does not exist. Events that a wrong
// clock put into the default partition are moved, because PostgreSQL rejects a new
// partition if the default partition contains its rows.
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

// Prune drops the partitions whose events were all received before a time, and returns
// their names. A partition with a waiting event is kept. The ids of events are kept four
// months longer, so that an event that Persona still lists does not count as new.
func (db *DB) Prune(ctx context.Context, before time.Time) (dropped []string, err error) {
	found, err := db.pool.Query(ctx, "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'events'::regclass AND c.relname LIKE 'events\\_20%'")
	if err != nil {
		return nil, fmt.Errorf("list the partitions of events: %w", err)
	}
	names, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the partitions of events: %w", err)
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
	if _, err := db.pool.Exec(ctx, "DELETE FROM event_keys WHERE received_at < $1", before.AddDate(0, -keyRetentionMonths, 0).UnixMicro()); err != nil {
		return dropped, fmt.Errorf("prune the ids of old events: %w", err)
	}
	return dropped, nil
}

// keyRetentionMonths is how many months longer than the events their ids are kept. Persona
// lists events for three months (Persona docs: Events).
const keyRetentionMonths = 4

// partitionOf returns the name of a month's partition.
func partitionOf(first time.Time) string { return first.Format("events_2006_01") }

// drop drops a partition unless one of its events is waiting. The lock prevents an event
// from being requeued between the check and the drop.
func (db *DB) drop(ctx context.Context, name string) (gone bool, err error) {
	err = db.exclusively(ctx, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", name).Scan(&gone); err != nil || !gone {
			return err // another node was faster
		}
		if _, err := tx.Exec(ctx, "LOCK TABLE ONLY events IN ACCESS EXCLUSIVE MODE"); err != nil { // the drop takes this lock anyway
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

// exclusively runs statements that change tables on one node at a time. They do not wait
// long for queries that are running, such as an export: while they wait, they block all
// later queries of the table.
func (db *DB) exclusively(ctx context.Context, f func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, db.pool, ownTx, func(tx pgx.Tx) error {
		if err := db.Lock(ctx, transaction{tx}, []string{"partitions of the events"}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '2s'"); err != nil {
			return err
		}
		return f(tx)
	})
}

// isLocked reports whether a statement waited too long for a query of the same table.
func isLocked(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && said.Code == "55P03"
}
