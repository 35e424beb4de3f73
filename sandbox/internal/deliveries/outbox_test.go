package deliveries

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/sandbox/internal/faults"
	"github.com/idemhq/idem/sandbox/internal/simclock"
	"github.com/idemhq/idem/sandbox/internal/storage"
)

func start() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func stopped() *simclock.Clock { return simclock.New(start, time.Time{}) }

func delivery(event string) Delivery {
	return Delivery{WebhookID: "wbh_1", EventID: event, EventName: "inquiry.approved", Due: start()}
}

func TestPendingDeliveriesAreAlwaysKept(t *testing.T) {
	o := NewOutbox()
	o.recent.Keep = 2
	for _, id := range []string{"evt_1", "evt_2", "evt_3", "evt_4"} {
		o.Add(delivery(id), nil)
	}
	if got := len(o.All()); got != 4 {
		t.Errorf("%d of 4 pending deliveries are kept", got)
	}
	o.Cancel("wbh_1")
	o.Add(delivery("evt_5"), nil)
	if got := o.All(); len(got) != 2 || got[1].State != Pending {
		t.Errorf("after the others failed, the outbox keeps %+v", got)
	}
}

func TestDeliveriesAreTakenInOrder(t *testing.T) {
	held := &faults.Fault{Kind: faults.FaultReorderedDelivery, Delay: time.Minute}
	late := &faults.Fault{Kind: faults.FaultLateDelivery, Delay: time.Minute}
	for name, test := range map[string]struct {
		faults []*faults.Fault // of evt_1, evt_2 and evt_3
		want   []string
	}{
		"without faults":                    {[]*faults.Fault{nil, nil, nil}, []string{"evt_1", "evt_2", "evt_3"}},
		"a late one comes last":             {[]*faults.Fault{late, nil, nil}, []string{"evt_2", "evt_3", "evt_1"}},
		"a reordered one follows the next":  {[]*faults.Fault{held, nil, nil}, []string{"evt_2", "evt_1", "evt_3"}},
		"a lost one is never taken":         {[]*faults.Fault{nil, {Kind: faults.FaultLostDelivery}, nil}, []string{"evt_1", "evt_3"}},
		"a duplicate one is taken twice":    {[]*faults.Fault{{Kind: faults.FaultDuplicateDelivery}, nil, nil}, []string{"evt_1", "evt_1", "evt_2", "evt_3"}},
		"a reordered one may be the latest": {[]*faults.Fault{nil, nil, held}, []string{"evt_1", "evt_2", "evt_3"}},
	} {
		t.Run(name, func(t *testing.T) {
			o, clock := NewOutbox(), stopped()
			for i, id := range []string{"evt_1", "evt_2", "evt_3"} {
				o.Add(delivery(id), test.faults[i])
			}
			clock.Advance(time.Hour)
			o.claimDue(clock.Now())
			var got []string
			for d := o.take("wbh_1", clock); d != nil; d = o.take("wbh_1", clock) {
				got = append(got, d.EventID)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("taken: %q, want %q", got, test.want)
			}
		})
	}
}

func TestAFailedAttemptIsRetriedUntilNoneIsLeft(t *testing.T) {
	o, clock := NewOutbox(), stopped()
	o.Add(delivery("evt_1"), nil)
	due := start()
	for attempt := range 1 + len(retryDelays()) {
		o.claimDue(clock.Now())
		d := o.take("wbh_1", clock)
		if d == nil {
			t.Fatalf("attempt %d is not due at %s", attempt+1, clock.Now())
		}
		o.finish(d, 0, errors.New("refused"), 1)
		if early := o.take("wbh_1", clock); early != nil {
			t.Fatalf("attempt %d is followed by another one at once", attempt+1)
		}
		if attempt < len(retryDelays()) {
			due = due.Add(retryDelays()[attempt])
			if got := o.All()[0]; got.State != Pending || !got.Due.Equal(due) {
				t.Fatalf("after attempt %d the delivery is %s, due %s, want %s", attempt+1, got.State, got.Due, due)
			}
			clock.Set(due)
		}
	}
	if got := o.All()[0]; got.State != Failed || len(got.Attempts) != 8 {
		t.Errorf("after all attempts: %s, %d attempts", got.State, len(got.Attempts))
	}
	o.Retry("evt_1", o.FailedFor("evt_1"), clock.Now())
	if ids, _, _ := o.claimDue(clock.Now()); !slices.Equal(ids, []string{"wbh_1"}) {
		t.Errorf("after a retry, %q are due", ids)
	}
}

func TestACanceledDeliveryIsNeverTaken(t *testing.T) {
	o, clock := NewOutbox(), stopped()
	o.Add(delivery("evt_1"), nil)
	o.Cancel("wbh_1")
	o.claimDue(clock.Now())
	if d := o.take("wbh_1", clock); d != nil {
		t.Errorf("took %+v", d)
	}
}

func TestARestoredOutboxContinues(t *testing.T) {
	o, clock := NewOutbox(), stopped()
	o.Add(delivery("evt_1"), nil)
	o.Skip(delivery("evt_2"))
	o.claimDue(clock.Now())
	o.finish(o.take("wbh_1", clock), 503, nil, 1)
	restored := Restored(o.Snapshot())
	clock.Advance(time.Hour)
	restored.claimDue(clock.Now())
	d := restored.take("wbh_1", clock)
	if d == nil || d.EventID != "evt_1" || len(d.Attempts) != 1 || !d.first.Equal(start()) {
		t.Errorf("took %+v", d)
	}
	if got := restored.CountByState(); got[Skipped] != 1 || got[Pending] != 1 {
		t.Errorf("states: %v", got)
	}
}

// deadSource is a sandbox without timers and webhooks.
type deadSource struct{}

func (deadSource) ExpireDue() (time.Time, bool) { return time.Time{}, false }

func (deadSource) Message(string, string, string) (*storage.Resource, []byte, error) {
	return nil, nil, errors.New("gone")
}

func (deadSource) Changed() {}

func TestADeliveryWithoutAMessageFails(t *testing.T) {
	d := NewDispatcher(Options{RetryScale: 1, Timeout: time.Second}, stopped(), deadSource{})
	o := NewOutbox()
	o.Add(delivery("evt_1"), nil)
	d.Use(map[string]*Outbox{"sandbox": o})
	d.Start()
	defer d.Close()
	for deadline := time.Now().Add(10 * time.Second); o.All()[0].State == Pending; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the delivery is still pending after 10 s")
		}
	}
	if got := o.All()[0]; got.State != Failed || len(got.Attempts) != 0 {
		t.Errorf("the delivery: %+v", got)
	}
}

// hookSource is a sandbox with one webhook.
type hookSource struct{ deadSource }

func (hookSource) Message(string, string, string) (*storage.Resource, []byte, error) {
	return &storage.Resource{ID: "wbh_1", Attributes: map[string]any{
		"url": "http://receiver.example/", Secrets: []any{map[string]any{"value": "wbhsec_1", "expires-at": nil}},
	}}, []byte(`{}`), nil
}

func TestAnAttemptThatCloseInterruptsIsNotRecorded(t *testing.T) {
	var once sync.Once
	dialing := make(chan struct{})
	d := NewDispatcher(Options{RetryScale: 1, Timeout: time.Hour, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		once.Do(func() { close(dialing) })
		<-ctx.Done()
		return nil, ctx.Err()
	}}, stopped(), hookSource{})
	o := NewOutbox()
	o.Add(delivery("evt_1"), nil)
	d.Use(map[string]*Outbox{"sandbox": o})
	d.Start()
	select {
	case <-dialing:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing is sent after 10 s")
	}
	d.Close()
	if got := o.All()[0]; got.State != Pending || len(got.Attempts) != 0 {
		t.Errorf("after Close: %+v", got)
	}
}

func TestAPayloadFilterMatchesASubset(t *testing.T) {
	payload := map[string]any{"data": map[string]any{"type": "inquiry", "tags": []any{"a", "b"}, "score": 3.0}}
	data := func(v any) map[string]any { return map[string]any{"data": v} }
	for name, test := range map[string]struct {
		filter any
		want   bool
	}{
		"an equal value":                   {data(map[string]any{"type": "inquiry"}), true},
		"another value":                    {data(map[string]any{"type": "case"}), false},
		"a missing key":                    {data(map[string]any{"status": "approved"}), false},
		"an element of a list":             {data(map[string]any{"tags": []any{"b"}}), true},
		"no element of a list":             {data(map[string]any{"tags": []any{"c"}}), false},
		"one of two choices":               {data(map[string]any{"type": map[string]any{"$or": []any{"case", "inquiry"}}}), true},
		"none of two choices":              {data(map[string]any{"type": map[string]any{"$or": []any{"case", "account"}}}), false},
		"a choice next to another key":     {data(map[string]any{"score": 3.0, "$or": []any{map[string]any{"type": "inquiry"}}}), true},
		"an object where a text is needed": {data(map[string]any{"type": map[string]any{"x": "y"}}), false},
	} {
		if got := Matches(test.filter, payload); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
