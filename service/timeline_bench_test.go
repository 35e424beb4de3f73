package service

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/queue"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlstore"
)

// BenchmarkTimeline reads a page of fifty entries in the middle of the timeline of a subject
// with 20,000 rows, beside 200,000 rows of others. It prints the ratio of the time to that of
// the query that read all rows of the subject for each page, which an earlier version had.
func BenchmarkTimeline(b *testing.B) {
	for name, database := range map[string]func() Secret{
		"SQLite":     func() Secret { return "" },
		"PostgreSQL": func() Secret { return Secret(server.Database(b)) },
	} {
		b.Run(name, func(b *testing.B) {
			db, _, err := openDatabase(b.Context(), Config{DataDir: b.TempDir(), DatabaseURL: database()}, slog.New(slog.DiscardHandler), queue.Workers{})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			fillTimeline(b, db)
			objects := []string{"inq_1", "inq_2", "inq_3", "inq_4", "inq_5"}
			middle, err := db.Timeline(b.Context(), domain.Sandbox, "user-1", objects, nil, 10_000)
			if err != nil || len(middle.Rows) != 10_000 || middle.Next == nil {
				b.Fatalf("%d entries, error %v", len(middle.Rows), err)
			}
			for b.Loop() {
				page, err := db.Timeline(b.Context(), domain.Sandbox, "user-1", objects, middle.Next, 50)
				if err != nil || len(page.Rows) != 50 {
					b.Fatalf("%d entries, error %v", len(page.Rows), err)
				}
			}
			now := b.Elapsed() / time.Duration(b.N)
			const times = 20
			began := time.Now()
			for range times {
				if n := wholeTimeline(b, db.(sqlstore.Database), objects, middle.Rows[9_999], 50); n != 50 {
					b.Fatalf("the earlier query returns %d entries", n)
				}
			}
			before := time.Since(began) / times
			b.ReportMetric(float64(before.Nanoseconds()), "ns/page-before")
			b.ReportMetric(before.Seconds()/now.Seconds(), "×faster")
		})
	}
}

// fillTimeline stores rows with statements of the databases' own: twenty of each subject's
// rows are an event, an audit entry, a notification with its delivery and so on.
func fillTimeline(b *testing.B, db database) {
	b.Helper()
	const each = `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d),
		rows(n, about, who) AS (SELECT n, CASE WHEN n %% 11 = 0 THEN 'inq_' || (1 + n / 11 %% 5) ELSE 'inq_x' || n / 20 END, CASE WHEN n %% 11 = 0 THEN 'user-1' ELSE 'user-x' || n / 20 END FROM numbers) `
	err := db.(sqlstore.Database).Tx(b.Context(), func(tx sqlstore.Tx) error {
		for _, fill := range []struct {
			subject int // its rows
			insert  string
		}{
			{8000, `INSERT INTO events (environment, id, name, created_at, object_type, object_id, body, headers, via, received_at, state)
				SELECT 'sandbox', 'evt_' || n, 'inquiry.completed', n, 'inquiry', about, '', '{}', 'webhook', n * 1000, 'applied' FROM rows`},
			{6000, `INSERT INTO audit (environment, sequence, at, actor, what, object_type, object_id, detail, hash)
				SELECT 'sandbox', n, n * 1333, 'api', 'object.read', 'inquiry', about, '', '' FROM rows`},
			{2000, `INSERT INTO notifications (environment, id, type, subject, object_type, object_id, verdict, event_id, created_at)
				SELECT 'sandbox', 'ntf_' || n, 'action.done', who, 'inquiry', about, '', '', n * 4000 FROM rows`},
			{2000, `INSERT INTO deliveries (environment, id, endpoint, notification, type, subject, state, attempts, next_attempt_at, log, created_at, finished_at)
				SELECT 'sandbox', 'dlv_' || n, 'host', 'ntf_' || n, 'action.done', who, 'delivered', 1, 0, '[]', n * 4000 + 1, n * 4000 + 2 FROM rows`},
			{1000, `INSERT INTO decisions (environment, id, object_type, object_id, transition, rule, policy_version, explanation, actions, decided_at)
				SELECT 'sandbox', 'dec_' || n, 'inquiry', about, '{}', 'a rule', '1', '', '[]', n * 8000 FROM rows`},
			{1000, `INSERT INTO actions (environment, id, decision_id, kind, object_type, object_id, arguments, expects, derived_key, idempotency_key, key_made_at, state, attempts, next_attempt_at, outcome, request_id, result, created_at, finished_at)
				SELECT 'sandbox', 'axn_' || n, 'dec_' || n, 'approve_inquiry', 'inquiry', about, '{}', '', 'k' || n, 'k' || n, 0, 'done', 1, 0, '', '', '', n * 8000 + 1, 1 FROM rows`},
		} {
			if _, err := tx.Exec(context.WithoutCancel(b.Context()), fmt.Sprintf(each, 11*fill.subject)+fill.insert); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// wholeTimeline is the query of an earlier version: it reads all rows of the subject, and
// returns a page of them.
func wholeTimeline(b *testing.B, db sqlstore.Database, objects []string, after store.Happening, limit int) (n int) {
	b.Helper()
	of := "environment = $1 AND object_id " + db.In("$2")
	rows, err := db.Query(b.Context(), `SELECT happened_at, entry, id, object_type, object_id, name, state, detail, actor, attempts FROM (
		SELECT received_at AS happened_at, 'event' AS entry, id, object_type, object_id, name, state, reason AS detail, '' AS actor, 0 AS attempts FROM events WHERE `+of+`
		UNION ALL SELECT decided_at, 'decision', id, object_type, object_id, rule, result, explanation, '', 0 FROM decisions WHERE `+of+`
		UNION ALL SELECT created_at, 'action', id, object_type, object_id, kind, state, outcome, '', attempts FROM actions WHERE `+of+`
		UNION ALL SELECT created_at, 'notification', id, object_type, object_id, type, verdict, reason, '', 0 FROM notifications WHERE environment = $1 AND subject = $3 AND subject <> ''
		UNION ALL SELECT created_at, 'delivery', id, '', '', endpoint, state, notification, '', attempts FROM deliveries WHERE environment = $1
			AND notification IN (SELECT id FROM notifications WHERE environment = $1 AND subject = $3 AND subject <> '')
		UNION ALL SELECT at, CASE WHEN what = 'object.moved' THEN 'transition' ELSE 'audit' END, CAST(sequence AS TEXT), object_type, object_id, what, '', detail, actor, 0 FROM audit WHERE `+of+` AND object_id <> ''
	) AS happenings WHERE (happened_at, entry, id) < ($4, $5, $6) ORDER BY happened_at DESC, entry DESC, id DESC LIMIT $7`,
		"sandbox", db.List(objects), "user-1", after.At.UnixMicro(), after.Kind, after.ID, limit)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	if rows.Err() != nil {
		b.Fatal(rows.Err())
	}
	return n
}
