package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/idemhq/idem/internal/deliver"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
)

// callee is a function that receives verdicts, on one or more nodes.
type callee struct {
	t      testing.TB
	reject func(n domain.Notification, earlier int) error // nil accepts all

	mu       sync.Mutex
	came     map[string]int
	accepted []notify.Notification
}

func (c *callee) call(_ context.Context, n domain.Notification) error {
	c.mu.Lock()
	earlier := c.came[n.ID]
	if c.came == nil {
		c.came = map[string]int{}
	}
	c.came[n.ID]++
	c.mu.Unlock()
	if c.reject != nil {
		if err := c.reject(n, earlier); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted = append(c.accepted, notify.Show(n))
	return nil
}

// await waits until so many notifications were accepted.
func (c *callee) await(n int) []notify.Notification {
	c.t.Helper()
	got := func() []notify.Notification {
		c.mu.Lock()
		defer c.mu.Unlock()
		return append([]notify.Notification{}, c.accepted...)
	}
	eventually(c.t, func() bool { return len(got()) >= n }, func() string { return fmt.Sprintf("%d notifications are accepted: %+v", n, got()) })
	return got()
}

// startWith runs a deliverer that calls a function.
func startWith(t testing.TB, db database, c *callee) (stop func()) {
	t.Helper()
	d := newDeliverer(db, deliver.Config{Environments: []domain.Environment{domain.Sandbox}})
	d.SetFunction(deliver.Function{Name: "@f", Types: []string{domain.NotifyVerdictChanged}, Call: c.call})
	return run(t, d)
}

func TestAFunctionIsToldInOrderAlsoOfWhatHappenedBefore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		subjects := []string{"user-1", "user-2", "user-3"}
		change(t, db, "created", subjects...)
		c := &callee{t: t, reject: func(n domain.Notification, earlier int) error {
			if n.SubjectSequence == 2 && earlier == 0 {
				return errors.New("not now")
			}
			return nil
		}}
		startWith(t, db, c)
		change(t, db, "pending", subjects...)
		change(t, db, "approved", subjects...)
		wantInOrder(t, c.await(9), 3, 3)
	})
}

func TestAFunctionThatRejectsOneSubjectIsNotPaused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		c := &callee{t: t, reject: func(n domain.Notification, _ int) error {
			if n.Subject != "good" {
				return errors.New("this subject is unknown")
			}
			return nil
		}}
		startWith(t, db, c)
		var bad []string
		for i := range 20 { // more than are needed to pause an endpoint
			bad = append(bad, fmt.Sprintf("bad-%d", i))
		}
		change(t, db, "created", bad...)
		eventually(t, func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.came) == len(bad)
		}, func() string { return "every call was rejected once" })
		change(t, db, "created", "good")
		c.await(1)
		e, err := db.Endpoint(t.Context(), domain.Sandbox, "@f")
		if err != nil || e.Failures != 0 || !e.PausedUntil.IsZero() || e.Disabled != "" {
			t.Errorf("the endpoint is %+v, error %v", e, err)
		}
	})
}

func TestAFunctionGoesOnAfterARestartAndOnAnotherNode(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		first, second := open(), open()
		broken := &callee{t: t, reject: func(domain.Notification, int) error { return errors.New("the table is locked") }}
		stop := startWith(t, first, broken)
		change(t, first, "created", "user-1", "user-2")
		eventually(t, func() bool {
			broken.mu.Lock()
			defer broken.mu.Unlock()
			return len(broken.came) == 2
		}, func() string { return "both calls failed" })
		stop()
		change(t, first, "approved", "user-1", "user-2") // while nobody listens
		c := &callee{t: t}
		startWith(t, first, c)
		startWith(t, second, c)
		wantInOrder(t, c.await(4), 2, 2)
	})
}

func TestAFunctionThatEndsItsGoroutineIsCalledAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		c := &callee{t: t, reject: func(_ domain.Notification, earlier int) error {
			if earlier == 0 {
				runtime.Goexit()
			}
			return nil
		}}
		startWith(t, db, c)
		change(t, db, "approved", "user-1")
		wantInOrder(t, c.await(1), 1, 1)
	})
}

func TestAFunctionOfAnotherNodeIsLeftToIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t testing.TB, open func() database) {
		db := open()
		c := &callee{t: t}
		stop := startWith(t, db, c)
		change(t, db, "created", "user-1")
		c.await(1)
		stop()
		r := newReceiver(t, nil)
		create(t, db, r.endpoint("crm"))
		start(t, db) // knows no function
		change(t, db, "approved", "user-1")
		r.await(1)
		page, err := db.Deliveries(t.Context(), domain.Sandbox, store.Filter{Endpoint: "@f"})
		if err != nil || len(page.Rows) != 1 {
			t.Errorf("it has the deliveries %+v, error %v", page.Rows, err)
		}
	})
}
