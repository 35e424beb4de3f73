package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver for the old database
	"github.com/pressly/goose/v3"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/pgtest"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/storetest"
)

var server *pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m, &server)) }

// recorder is a queue that only records jobs.
type recorder struct{ jobs *storetest.Jobs }

func (r recorder) Insert(_ context.Context, _ pgx.Tx, jobs []store.Job) error {
	r.jobs.Add(jobs)
	return nil
}

func open(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestTheSuite(t *testing.T) {
	t.Parallel() // beside tests that mostly wait
	storetest.Run(t, func(t *testing.T) (store.Store, *storetest.Jobs) {
		db, jobs := open(t, server.Database(t)), &storetest.Jobs{}
		db.UseQueue(recorder{jobs})
		return db, jobs
	})
}

func TestManyNodesOpenAnEmptyDatabaseConcurrently(t *testing.T) {
	url := server.Database(t)
	var opening sync.WaitGroup
	nodes := make([]*postgres.DB, 6)
	for i := range nodes {
		opening.Go(func() {
			var err error
			if nodes[i], err = postgres.Open(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	opening.Wait()
	for _, db := range nodes {
		if n, err := db.Nodes(t.Context()); err != nil || n != len(nodes) {
			t.Errorf("%d nodes are at work, error %v", n, err)
		}
	}
	for _, db := range nodes[1:] {
		db.Close()
	}
	if n, err := nodes[0].Nodes(t.Context()); err != nil || n != 1 {
		t.Errorf("%d nodes are at work after the others left, error %v", n, err)
	}
	nodes[0].Close()
}

func TestADatabaseOfANewerVersionIsRejected(t *testing.T) {
	url := server.Database(t)
	db := open(t, url)
	if _, err := db.Pool().Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)"); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Open(t.Context(), url); !errors.Is(err, store.ErrNewer) {
		t.Errorf("it opens, error %v", err)
	}
}

func TestAClaimBelongsToOneNode(t *testing.T) {
	url := server.Database(t)
	a, b := open(t, url), open(t, url)
	target := domain.Ref{Type: "inquiry", ID: "inq_1"}
	claim, ok, err := a.Claim(t.Context(), domain.Sandbox, target)
	if err != nil || !ok {
		t.Fatalf("ok %v, error %v", ok, err)
	}
	if _, ok, err := b.Claim(t.Context(), domain.Sandbox, target); err != nil || ok {
		t.Fatalf("two nodes have it, error %v", err)
	}
	if again, err := a.Release(t.Context(), claim); err != nil || !again {
		t.Errorf("wanted by the other node: %v, error %v", again, err)
	}
	if _, ok, err := b.Claim(t.Context(), domain.Sandbox, target); err != nil || !ok {
		t.Errorf("it was released, ok %v, error %v", ok, err)
	}
	if _, err := a.Release(t.Context(), claim); err != nil {
		t.Errorf("a claim that is over is released with error %v", err)
	}
	if _, ok, err := a.Claim(t.Context(), domain.Sandbox, target); err != nil || ok {
		t.Errorf("the claim of the other node was released, error %v", err)
	}
}

// The table of claims is unlogged: PostgreSQL empties it after a crash. An event whose job
// found a claim depends on its holder.
func TestALostClaimCountsAsWanted(t *testing.T) {
	url := server.Database(t)
	a, b := open(t, url), open(t, url)
	target := domain.Ref{Type: "inquiry", ID: "inq_1"}
	claim, ok, err := a.Claim(t.Context(), domain.Sandbox, target)
	if err != nil || !ok {
		t.Fatalf("ok %v, error %v", ok, err)
	}
	if _, ok, err := b.Claim(t.Context(), domain.Sandbox, target); err != nil || ok {
		t.Fatalf("two nodes have it, error %v", err)
	}
	if _, err := a.Pool().Exec(t.Context(), "TRUNCATE claims"); err != nil {
		t.Fatal(err)
	}
	if again, err := a.Release(t.Context(), claim); err != nil || !again {
		t.Errorf("wanted by the other node: %v, error %v", again, err)
	}
}

func TestTheClaimsOfAStoppedNodeAreReleasedWithJobs(t *testing.T) {
	url := server.Database(t)
	a, b, jobs := open(t, url), open(t, url), &storetest.Jobs{}
	b.UseQueue(recorder{jobs})
	object, action := domain.Ref{Type: "inquiry", ID: "inq_1"}, domain.Ref{Type: store.ActionClaim, ID: "axn_1"}
	for _, target := range []domain.Ref{object, action} {
		if _, ok, err := a.Claim(t.Context(), domain.Sandbox, target); err != nil || !ok {
			t.Fatalf("ok %v, error %v", ok, err)
		}
	}
	a.Close()
	for deadline, got := time.Now().Add(time.Minute), []store.Job(nil); len(got) < 2; time.Sleep(20 * time.Millisecond) {
		if got = append(got, jobs.Take()...); time.Now().After(deadline) {
			t.Fatalf("the jobs are %+v", got)
		}
	}
	wantClaim(t, b, object)
	wantClaim(t, b, action)
}

// A clock that was wrong for a while must not keep the service from starting.
func TestEventsInTheDefaultPartitionAreMovedToANewPartition(t *testing.T) {
	url := server.Database(t)
	db := open(t, url)
	next := time.Now().UTC().AddDate(0, 5, 0)
	early := domain.Event{Environment: domain.Sandbox, ID: "evt_1", Name: "inquiry.started", Object: domain.Ref{Type: "inquiry", ID: "inq_1"}, Body: []byte(`{}`), ReceivedAt: next, State: domain.EventWaiting}
	if _, err := db.AppendEvents(t.Context(), []domain.Event{early}); err != nil {
		t.Fatal(err)
	}
	if err := db.Partition(t.Context(), next.AddDate(0, -1, 0)); err != nil {
		t.Fatal(err)
	}
	var in string
	if err := db.Pool().QueryRow(t.Context(), "SELECT tableoid::regclass::text FROM events WHERE id = 'evt_1'").Scan(&in); err != nil || in != next.Format("events_2006_01") {
		t.Errorf("the event is in %s, error %v", in, err)
	}
	if inbox, err := db.Inbox(t.Context(), domain.Sandbox, []domain.Ref{early.Object}, 1); err != nil || len(inbox[0].Events) != 1 {
		t.Errorf("it does not wait any more: %+v, error %v", inbox, err)
	}
}

func TestNodesStoreTheSameEventsOnce(t *testing.T) {
	url := server.Database(t)
	nodes := []*postgres.DB{open(t, url), open(t, url), open(t, url)}
	var events []domain.Event
	for range 100 {
		events = append(events, domain.Event{
			Environment: domain.Sandbox, ID: domain.NewID("evt"), Name: "inquiry.started", CreatedAt: time.Now(), Object: domain.Ref{Type: "inquiry", ID: "inq_1"},
			Body: []byte(`{}`), Via: domain.ViaWebhook, ReceivedAt: time.Now(), State: domain.EventWaiting,
		})
	}
	var mu sync.Mutex
	var storing sync.WaitGroup
	stored := 0
	for i, db := range nodes {
		storing.Go(func() {
			mine := slices.Clone(events)
			if i == 1 {
				slices.Reverse(mine)
			}
			for batch := range slices.Chunk(mine, 10) {
				fresh, err := db.AppendEvents(t.Context(), append(batch, batch[0]))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, f := range fresh {
					if f {
						stored++
					}
				}
				mu.Unlock()
			}
		})
	}
	storing.Wait()
	if stored != len(events) {
		t.Errorf("%d of %d events were stored", stored, len(events))
	}
}

// Two transactions that each save the first inquiry of a subject do not see each other: the
// later one must compute the verdict again.
func TestNodesThatInsertASubjectConcurrentlySeeEachOthersObjects(t *testing.T) {
	checkThatNodesSeeEachOthersObjects(t, server.Database(t))
}

func checkThatNodesSeeEachOthersObjects(t *testing.T, url string) {
	t.Helper()
	nodes := []*postgres.DB{open(t, url), open(t, url), open(t, url)}
	all := store.Verdicts{Rules: "1", Now: time.Now(), Of: func(objects []domain.Object) domain.Subject {
		if len(objects) < len(nodes) {
			return domain.Subject{Verdict: domain.VerdictPending, Status: fmt.Sprint(len(objects))}
		}
		return domain.Subject{Verdict: domain.VerdictApproved, Status: "all"}
	}}
	const subjects = 40
	for i := range subjects {
		var saving sync.WaitGroup
		for n, db := range nodes {
			saving.Go(func() {
				o := domain.Object{Environment: domain.Sandbox, Ref: domain.Ref{Type: "inquiry", ID: fmt.Sprintf("inq_%d_%d", i, n)}, Status: "created", ReferenceID: fmt.Sprint("user-", i), AsOf: time.Now()}
				if _, err := db.Save(t.Context(), domain.Sandbox, []store.Advance{{Objects: []domain.Object{o}}}, all); err != nil {
					t.Error(err)
				}
			})
		}
		saving.Wait()
		if subject, err := nodes[0].Subject(t.Context(), domain.Sandbox, fmt.Sprint("user-", i)); err != nil || subject.Verdict != domain.VerdictApproved {
			t.Errorf("the verdict on user-%d is %s from %s objects, error %v", i, subject.Verdict, subject.Status, err)
		}
	}
	told := map[string][]domain.Verdict{}
	for n, err := range store.All(t.Context(), nodes[1].Notifications, domain.Sandbox, store.Filter{Limit: 100}) {
		if err != nil {
			t.Fatal(err)
		}
		told[n.Subject] = append(told[n.Subject], n.Verdict) // newest first
	}
	for i := range subjects {
		if got := told[fmt.Sprint("user-", i)]; !slices.Equal(got, []domain.Verdict{domain.VerdictApproved, domain.VerdictPending}) {
			t.Errorf("the notifications of user-%d have %v", i, got)
		}
	}
}

func TestOldEventsArePrunedByMonth(t *testing.T) {
	db := open(t, server.Database(t))
	if _, err := db.Pool().Exec(t.Context(), `CREATE TABLE events_2020_01 PARTITION OF events FOR VALUES FROM (1577836800000000) TO (1580515200000000);
		CREATE TABLE events_2020_02 PARTITION OF events FOR VALUES FROM (1580515200000000) TO (1583020800000000)`); err != nil {
		t.Fatal(err)
	}
	old := domain.Event{Environment: domain.Sandbox, ID: "evt_1", Name: "inquiry.started", Object: domain.Ref{Type: "inquiry", ID: "inq_1"}, Body: []byte(`{}`),
		ReceivedAt: time.Date(2020, 1, 15, 0, 0, 0, 0, time.UTC), State: domain.EventApplied}
	waits := old
	waits.ID, waits.ReceivedAt, waits.State = "evt_2", time.Date(2020, 2, 15, 0, 0, 0, 0, time.UTC), domain.EventWaiting
	if _, err := db.AppendEvents(t.Context(), []domain.Event{old, waits}); err != nil {
		t.Fatal(err)
	}
	dropped, err := db.Prune(t.Context(), time.Date(2020, 4, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || !slices.Equal(dropped, []string{"events_2020_01"}) {
		t.Errorf("dropped %q, error %v", dropped, err)
	}
	if fresh, err := db.AppendEvents(t.Context(), []domain.Event{old}); err != nil || fresh[0] {
		t.Errorf("an event that was forgotten is new %v, error %v", fresh, err)
	}
	if _, err := db.Event(t.Context(), domain.Sandbox, "evt_2"); err != nil {
		t.Errorf("an event that waits is gone: %v", err)
	}
}

func TestErrorsDoNotContainTheAddress(t *testing.T) {
	for _, url := range []string{"postgres://idem:hunter2@127.0.0.1:1/idem", "postgres://idem:hunter2@[::1", "host=127.0.0.1 port=1 password=hunter2"} {
		_, err := postgres.Open(t.Context(), url)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error is %v", err)
		}
	}
}

// A database may give transactions another isolation level than PostgreSQL does, for the sake
// of other programs.
func TestTheIsolationLevelThatADatabaseDefaultsToMakesNoDifference(t *testing.T) {
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			url := server.Database(t)
			setDefault(t, url, "default_transaction_isolation", level)
			checkThatNodesSeeEachOthersObjects(t, url)
			checkThatAReplayedEventIsKept(t, url)
		})
	}
}

// setDefault sets a parameter for all later connections to a database.
func setDefault(t *testing.T, url, parameter, value string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	statement := fmt.Sprintf("ALTER DATABASE %s SET %s = '%s'", pgx.Identifier{conn.Config().Database}.Sanitize(), parameter, value)
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestAnEventThatIsReplayedDuringPruningIsKept(t *testing.T) {
	checkThatAReplayedEventIsKept(t, server.Database(t))
}

func checkThatAReplayedEventIsKept(t *testing.T, url string) {
	t.Helper()
	db := open(t, url)
	if _, err := db.Pool().Exec(t.Context(), "CREATE TABLE events_2020_01 PARTITION OF events FOR VALUES FROM (1577836800000000) TO (1580515200000000)"); err != nil {
		t.Fatal(err)
	}
	old := domain.Event{Environment: domain.Sandbox, ID: "evt_1", Name: "inquiry.started", Object: domain.Ref{Type: "inquiry", ID: "inq_1"}, Body: []byte(`{}`),
		ReceivedAt: time.Date(2020, 1, 15, 0, 0, 0, 0, time.UTC), State: domain.EventApplied}
	if _, err := db.AppendEvents(t.Context(), []domain.Event{old}); err != nil {
		t.Fatal(err)
	}
	replay, err := db.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replay.Exec(t.Context(), "UPDATE events SET state = 'waiting' WHERE id = 'evt_1'"); err != nil {
		t.Fatal(err)
	}
	var dropped []string
	var forgetting sync.WaitGroup
	forgetting.Go(func() { dropped, err = db.Prune(t.Context(), time.Date(2020, 4, 1, 0, 0, 0, 0, time.UTC)) })
	for waits, deadline := false, time.Now().Add(20*time.Second); !waits; time.Sleep(5 * time.Millisecond) {
		if err := db.Pool().QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))").Scan(&waits); err != nil || time.Now().After(deadline) {
			t.Fatalf("no transaction waits for the replay, error %v", err)
		}
	}
	if err := replay.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	forgetting.Wait()
	if err != nil || len(dropped) != 0 {
		t.Errorf("dropped %q, error %v", dropped, err)
	}
	if e, err := db.Event(t.Context(), domain.Sandbox, "evt_1"); err != nil || e.State != domain.EventWaiting {
		t.Errorf("the event is %s, error %v", e.State, err)
	}
}

func TestADatabaseOfTheFirstReleaseIsMigrated(t *testing.T) {
	url := server.Database(t)
	old, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, old, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, statement := range storetest.Old() {
		if _, err := old.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.RunOld(t, open(t, url))
}

func TestACommitInOneEnvironmentIsSeenAfterALaterNumberOfTheOther(t *testing.T) {
	db := open(t, server.Database(t))
	insert := `INSERT INTO notifications (environment, id, type, subject, object_type, object_id, verdict, event_id, created_at) VALUES ($1, $2, 'action.done', '', '', '', '', '', 0)`
	tx, err := db.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) // without effect after a commit
	if _, err := tx.Exec(t.Context(), insert, "sandbox", "ntf_1"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Pool().Exec(t.Context(), insert, "production", "ntf_2"); err != nil {
		t.Fatal(err)
	}
	before, err := db.NotificationVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, err := db.NotificationVersion(t.Context()); err != nil || after <= before {
		t.Errorf("the version is %d, was %d, error %v", after, before, err)
	}
}

// The database's clock was three hours ahead when a node was killed.
func TestANodeThatWasSeenInTheFutureIsGone(t *testing.T) {
	url := server.Database(t)
	a, b := open(t, url), open(t, url)
	target := domain.Ref{Type: "inquiry", ID: "inq_1"}
	if _, err := a.Pool().Exec(t.Context(), "INSERT INTO nodes (id, seen_at) VALUES ('killed', now() + interval '3 hours')"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Pool().Exec(t.Context(), `INSERT INTO claims (node, environment, type, id, token, again, claimed_at)
		VALUES ('killed', 'sandbox', 'inquiry', 'inq_1', 'clm_1', false, now() + interval '3 hours')`); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Nodes(t.Context()); err != nil || n != 2 {
		t.Errorf("%d nodes are at work, error %v", n, err)
	}
	wantClaim(t, b, target)
}
