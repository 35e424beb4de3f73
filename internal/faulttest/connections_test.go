package faulttest

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"
)

// cutConnections cuts the connections of all nodes to PostgreSQL, and deletes claims and
// heartbeats, until the context ends.
func (w *world) cutConnections(ctx context.Context, draw *rand.Rand) {
	statements := []string{
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.3",
		"DELETE FROM claims WHERE random() < 0.5",
		"DELETE FROM claims",
		"DELETE FROM nodes WHERE random() < 0.5",
		"UPDATE nodes SET seen_at = now() - interval '1 hour'",
	}
	for ctx.Err() == nil {
		if err := w.db.exec(ctx, statements[draw.IntN(len(statements))]); err != nil && ctx.Err() == nil {
			w.t.Errorf("cut connections: %v", err) // its own connection is not cut
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(draw.Int64N(int64(400 * time.Millisecond)))):
		}
	}
}

// TestClaimsAndConnectionsAreLost cuts the connections of three nodes to PostgreSQL and
// deletes their claims while calls to Persona are slow, so that two nodes process the same
// object or make the same call.
func TestClaimsAndConnectionsAreLost(t *testing.T) {
	t.Parallel()
	onPostgres(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		w.inject(
			"kind=slow_answer,operation=Inquiries.Get,delay=700ms,rate=0.5", "kind=slow_answer,operation=Inquiries.Approve,delay=1500ms,rate=1",
			"kind=slow_answer,operation=Inquiries.MarkForReview,delay=1500ms,rate=1", "kind=slow_answer,operation=Cases.SetStatus,delay=1500ms,rate=1",
			"kind=slow_answer,operation=Inquiries.GenerateOneTimeLink,delay=1500ms,rate=1",
		)
		w.join()
		w.join()
		end := w.arrivals(150 * time.Millisecond)
		ctx, cancel := context.WithCancel(t.Context())
		cut := make(chan struct{})
		go func() {
			defer close(cut)
			w.cutConnections(ctx, rand.New(rand.NewPCG(w.seed, 2)))
		}()
		w.load(60)
		end()
		// On a busy machine most of the work is still to be done.
		for deadline := time.Now().Add(time.Minute); w.repeatedCalls() == 0 && time.Now().Before(deadline); {
			time.Sleep(100 * time.Millisecond)
		}
		cancel()
		<-cut
		w.stopNodes()
		w.settle()
		repeated := w.repeatedCalls()
		t.Logf("%d calls were repeated", repeated)
		if repeated == 0 {
			t.Error("no call was made twice: nothing was lost while it was made")
		}
		w.audit()
	})
}

// repeatedCalls returns how many calls Persona answered with the answer stored for their
// idempotency key.
func (w *world) repeatedCalls() (n int) {
	for _, c := range w.sandbox.Calls("sandbox") {
		if c.Replayed {
			n++
		}
	}
	return n
}
