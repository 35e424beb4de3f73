package storetest

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlstore"
)

// tried records a failed attempt to process an event.
func tried(t *testing.T, s store.Store, id, reason string) {
	t.Helper()
	must(t, s.(sqlstore.Database).Tx(t.Context(), func(tx sqlstore.Tx) error {
		_, err := tx.Exec(t.Context(), "UPDATE events SET tries = tries + 1, reason = $1 WHERE environment = 'sandbox' AND id = $2", reason, id)
		return err
	}))
}

func backlog(t *testing.T, s store.Store, _ *Jobs) {
	none, err := s.Backlog(t.Context(), domain.Sandbox)
	must(t, err)
	if none.Waiting != 0 || !none.OldestWaiting.IsZero() || none.Retried != 0 || none.ActionsWaiting != 0 {
		t.Errorf("the backlog of an empty database is %+v", none)
	}

	other := event("evt_elsewhere", start)
	other.Environment = domain.Production
	appendEvents(t, s, other)
	for i, id := range []string{"evt_0", "evt_1", "evt_2", "evt_3", "evt_4", "evt_poison", "evt_applied"} {
		appendEvents(t, s, event(id, start.Add(time.Duration(i)*time.Minute)))
	}
	save(t, s, store.Advance{
		Events: []store.EventMark{
			{ID: "evt_0", ReceivedAt: start.Add(time.Second), State: domain.EventApplied},
			{ID: "evt_applied", ReceivedAt: start.Add(6*time.Minute + time.Second), State: domain.EventApplied},
			{ID: "evt_poison", ReceivedAt: start.Add(5*time.Minute + time.Second), State: domain.EventPoison},
		},
		Actions: []domain.Action{action("axn_waits", "dec_1"), action("axn_dead", "dec_2"), action("axn_done", "dec_3"), action("axn_dropped", "dec_4")},
	})
	for id, state := range map[string]domain.ActionState{"axn_dead": domain.ActionDead, "axn_done": domain.ActionDone, "axn_dropped": domain.ActionDropped} {
		a, err := s.Action(t.Context(), domain.Sandbox, id)
		must(t, err)
		a.State = state
		saveAction(t, s, a)
	}
	tried(t, s, "evt_1", "not allowed: the API key may not read inq_1")
	tried(t, s, "evt_2", "not allowed: the API key may not read inq_2")
	tried(t, s, "evt_3", "no answer from Persona")
	tried(t, s, "evt_poison", "cannot be read: no attributes")

	got, err := s.Backlog(t.Context(), domain.Sandbox)
	must(t, err)
	if got.Waiting != 4 || got.Poison != 1 || got.Retried != 3 || got.ActionsWaiting != 1 || got.ActionsDead != 1 {
		t.Errorf("the backlog is %+v", got)
	}
	if want := start.Add(time.Minute + time.Second); !got.OldestWaiting.Equal(want) { // received a second later
		t.Errorf("the oldest waits since %s, want %s", got.OldestWaiting, want)
	}
	if want := map[string]int{"not allowed": 2, store.OtherReason: 1}; !maps.Equal(got.Reasons, want) {
		t.Errorf("the reasons are %v, want %v", got.Reasons, want)
	}
	e, err := s.Event(t.Context(), domain.Sandbox, "evt_1")
	if err != nil || e.Tries != 1 || !strings.HasPrefix(e.Reason, "not allowed") {
		t.Errorf("the event says %d tries and %q, error %v", e.Tries, e.Reason, err)
	}
}

func forward(t *testing.T, s store.Store, _ *Jobs) {
	var want []string
	for _, id := range []string{"ntf_a", "ntf_b", "ntf_c", "ntf_d", "ntf_e"} {
		n := domain.Notification{ID: id, Environment: domain.Sandbox, Type: domain.NotifyActionDone, Object: inquiry, CreatedAt: start}
		save(t, s, store.Advance{Actions: []domain.Action{action("axn_"+id, "dec_"+id)}})
		a, err := s.Action(t.Context(), domain.Sandbox, "axn_"+id)
		must(t, err)
		_, err = s.SaveAction(t.Context(), a, []domain.Notification{n}, nil)
		must(t, err)
		want = append(want, id)
	}
	var got []string
	last := int64(0)
	for n, err := range store.All(t.Context(), s.Notifications, domain.Sandbox, store.Filter{Oldest: true, Limit: 2}) {
		must(t, err)
		got = append(got, n.ID)
		if n.Sequence <= last {
			t.Errorf("%s has the sequence %d, after %d", n.ID, n.Sequence, last)
		}
		last = n.Sequence
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v", got)
	}
	page, err := s.Notifications(t.Context(), domain.Sandbox, store.Filter{After: last, Oldest: true})
	if err != nil || len(page.Rows) != 0 || page.Next != 0 {
		t.Errorf("after the last one: %+v, error %v", page, err)
	}
}
