package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"go.uber.org/goleak"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a queue that only records jobs.
type recorder struct{ jobs *storetest.Jobs }

func (r recorder) Insert(_ context.Context, _ *sql.Tx, jobs []store.Job) error {
	r.jobs.Add(jobs)
	return nil
}

func (recorder) Committed([]store.Job) {}

func open(t *testing.T, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestStore(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: TestNoQueryReadsAllRows runs the same tests")
	}
	storetest.Run(t, func(t *testing.T) (store.Store, *storetest.Jobs) {
		db := open(t, filepath.Join(t.TempDir(), "idem.db"))
		jobs := &storetest.Jobs{}
		db.UseQueue(recorder{jobs})
		return db, jobs
	})
}

func event(i int) domain.Event {
	body := make([]byte, 8<<10)
	rand.New(rand.NewSource(int64(i))).Read(body) // incompressible
	return domain.Event{
		Environment: domain.Sandbox, ID: fmt.Sprintf("evt_%d", i), Name: "inquiry.created", CreatedAt: time.Unix(1, 0),
		Object: domain.Ref{Type: "inquiry", ID: "inq_1"}, Body: body, Via: domain.ViaWebhook, ReceivedAt: time.Unix(1, 0), State: domain.EventWaiting,
	}
}

func TestAFullDatabaseReturnsAnErrorAndRecovers(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "idem.db"))
	limit := func(pages int) {
		t.Helper()
		if _, err := db.Writer().Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(100)
	stored := 0
	var err error
	for ; err == nil && stored < 200; stored++ {
		_, err = db.AppendEvents(t.Context(), []domain.Event{event(stored)})
	}
	if err == nil {
		t.Fatal("200 events of 8 KiB fit in 100 pages of 4 KiB")
	}
	failed := stored - 1
	if _, err := db.Event(t.Context(), domain.Sandbox, fmt.Sprintf("evt_%d", failed)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the event that was not acknowledged: %v", err)
	}
	limit(10_000)
	if fresh, err := db.AppendEvents(t.Context(), []domain.Event{event(failed)}); err != nil || !fresh[0] {
		t.Errorf("when there is room again: %v, error %v", fresh, err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestADatabaseOfANewerVersionIsRejected(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idem.db")
	db := open(t, path)
	if _, err := db.Writer().Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := sqlite.Open(t.Context(), path); !errors.Is(err, store.ErrNewer) {
		t.Errorf("opened, error %v", err)
	}
}

func TestStoredEventsSurviveReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idem.db")
	db := open(t, path)
	if _, err := db.AppendEvents(t.Context(), []domain.Event{event(1)}); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if got, err := open(t, path).Event(t.Context(), domain.Sandbox, "evt_1"); err != nil || string(got.Body) != string(event(1).Body) {
		t.Errorf("error %v", err)
	}
}

func TestADatabaseOfTheFirstReleaseIsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idem.db")
	old, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, old, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 3); err != nil {
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
	storetest.RunOld(t, open(t, path))
}

// The database has personal data, and its folder can be older than the service.
func TestOnlyTheOwnerCanReadTheDatabase(t *testing.T) {
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(folder, "idem.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, error %v", file.Name(), info.Mode(), err)
		}
	}
	if len(files) < 3 {
		t.Errorf("there are %d files, want also the write-ahead log and its index", len(files))
	}
}
