package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/postgres"
	"github.com/idemhq/idem/internal/store/sqlite"
)

// BenchmarkGrown compares the cost of an event in a large database with its cost in a
// database of ten thousand events. An event is stored, read, and applied with its object
// and a notification, in batches of a hundred objects. IDEM_BENCH_EVENTS sets the size of
// the large database; the default is five million. ×small is the median of the ratios.
func BenchmarkGrown(b *testing.B) {
	many := 5_000_000
	if n, err := strconv.Atoi(os.Getenv("IDEM_BENCH_EVENTS")); err == nil {
		many = n
	}
	for _, on := range []struct {
		name string
		open func() database
	}{
		{"SQLite", func() database {
			db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "idem.db"))
			if err != nil {
				b.Fatal(err)
			}
			return db
		}},
		{"PostgreSQL", func() database {
			db, err := postgres.Open(b.Context(), server.Database(b))
			if err != nil {
				b.Fatal(err)
			}
			return db
		}},
	} {
		b.Run(on.name, func(b *testing.B) {
			small, large := on.open(), on.open()
			defer small.Close()
			defer large.Close()
			fill(b, small, 10_000)
			fill(b, large, many)
			var ratios []float64
			for b.Loop() {
				took := map[database]time.Duration{}
				for _, db := range []database{small, large} {
					started := time.Now()
					for range 5 {
						processBatch(b, db)
					}
					took[db] = time.Since(started)
				}
				ratios = append(ratios, float64(took[large])/float64(took[small]))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "×small")
		})
	}
}

// fill stores old applied events, four per object, with the objects and a subject for each.
func fill(b *testing.B, db database, n int) {
	b.Helper()
	started := time.Now()
	batch := make([]domain.Event, 0, 5000)
	for i := range n {
		batch = append(batch, domain.Event{
			Environment: Sandbox, ID: fmt.Sprintf("evt_old%028d", i), Name: "inquiry.started", CreatedAt: time.Now(), ReceivedAt: time.Now(),
			Object: domain.Ref{Type: "inquiry", ID: fmt.Sprintf("inq_old%028d", i/4)}, Body: []byte(`{"data":{}}`), Via: domain.ViaWebhook, State: domain.EventApplied,
		})
		if len(batch) == cap(batch) || i == n-1 {
			if _, err := db.AppendEvents(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
			objects := make([]store.Advance, 0, len(batch)/4)
			for _, e := range batch {
				o := domain.Object{Environment: Sandbox, Ref: e.Object, Status: "started", ReferenceID: "user-" + e.Object.ID, AsOf: e.CreatedAt, EventID: e.ID}
				if len(objects) == 0 || objects[len(objects)-1].Objects[0].Ref != o.Ref {
					objects = append(objects, store.Advance{Objects: []domain.Object{o}})
				}
			}
			if _, err := db.Save(b.Context(), Sandbox, objects, allPending(time.Now())); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	b.Logf("%d events stored in %s", n, time.Since(started).Round(time.Second))
}

// allPending computes the verdict pending for every subject.
func allPending(now time.Time) store.Verdicts {
	return store.Verdicts{Rules: "1", Now: now, Of: func(objects []domain.Object) domain.Subject {
		return domain.Subject{Verdict: domain.VerdictPending, Object: objects[0].Ref, Status: objects[0].Status}
	}}
}

// processBatch makes the database calls that the stages make for a hundred events.
func processBatch(b *testing.B, db database) {
	b.Helper()
	ctx := context.WithoutCancel(b.Context())
	events := make([]domain.Event, 100)
	for i := range events {
		events[i] = domain.Event{
			Environment: Sandbox, ID: domain.NewID("evt"), Name: "inquiry.completed", CreatedAt: time.Now(), ReceivedAt: time.Now(),
			Object: domain.Ref{Type: "inquiry", ID: domain.NewID("inq")}, Body: []byte(`{"data":{}}`), Via: domain.ViaWebhook, State: domain.EventWaiting,
		}
	}
	if _, err := db.AppendEvents(ctx, events); err != nil {
		b.Fatal(err)
	}
	for _, e := range events {
		inbox, err := db.Inbox(ctx, Sandbox, []domain.Ref{e.Object}, 100)
		if err != nil || len(inbox[0].Events) != 1 {
			b.Fatal(len(inbox[0].Events), err)
		}
		_, err = db.Save(ctx, Sandbox, []store.Advance{{
			Objects: []domain.Object{{Environment: Sandbox, Ref: e.Object, Status: "completed", ReferenceID: "user-" + e.Object.ID, AsOf: e.CreatedAt, EventID: e.ID}},
			Events:  []store.EventMark{{ID: e.ID, ReceivedAt: e.ReceivedAt, State: domain.EventApplied}},
		}}, allPending(e.CreatedAt))
		if err != nil {
			b.Fatal(err)
		}
	}
}
