package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
)

func endpoint(name string, types ...string) domain.Endpoint {
	return domain.Endpoint{
		Environment: domain.Sandbox, Name: name, URL: "https://host.example/" + name, Types: types,
		Secrets: []domain.SigningSecret{{Secret: "whsec_new"}, {Secret: "whsec_old", ExpiresAt: start.Add(time.Hour)}}, CreatedAt: start,
	}
}

func createEndpoint(t *testing.T, s store.Store, e domain.Endpoint) domain.Endpoint {
	t.Helper()
	must(t, s.CreateEndpoint(t.Context(), e, nil))
	made, err := s.Endpoint(t.Context(), e.Environment, e.Name)
	must(t, err)
	return made
}

// tell stores notifications about subjects, which may be "".
func tell(t *testing.T, s store.Store, typ string, subjects ...string) (ids []string) {
	t.Helper()
	for _, subject := range subjects {
		e := event(domain.NewID("evt"), start)
		n := notify.Poison(e, "", start)
		n.Type, n.Subject, n.Object = typ, subject, domain.Ref{}
		appendEvents(t, s, e)
		_, err := s.Tried(t.Context(), domain.Sandbox, e.Object, []string{e.ID}, "", 1, []domain.Notification{n}, audit.Entry{Environment: domain.Sandbox, At: start, What: "event.poison"})
		must(t, err)
		ids = append(ids, n.ID)
	}
	return ids
}

// due expands all that there is, and returns what is due at a moment.
func due(t *testing.T, s store.Store, endpoint string, now time.Time) []store.Due {
	t.Helper()
	for {
		more, err := s.Expand(t.Context(), domain.Sandbox, endpoint, 2, start)
		must(t, err)
		if !more {
			break
		}
	}
	found, _, err := s.Due(t.Context(), domain.Sandbox, endpoint, now, 100)
	must(t, err)
	return found
}

// ids are those of the notifications that are due.
func ids(found []store.Due) (all []string) {
	for _, d := range found {
		all = append(all, d.Notification.ID)
	}
	return all
}

// finish saves that deliveries came to a state.
func finish(t *testing.T, s store.Store, endpoint string, state domain.DeliveryState, found ...store.Due) {
	t.Helper()
	a := store.Attempts{Environment: domain.Sandbox, Endpoint: endpoint}
	for _, d := range found {
		d.Delivery.State, d.Delivery.FinishedAt, d.Delivery.Attempts = state, start.Add(time.Minute), d.Delivery.Attempts+1
		a.Deliveries = append(a.Deliveries, d.Delivery)
	}
	must(t, s.SaveAttempts(t.Context(), a))
}

func endpointRoundTrip(t *testing.T, s store.Store, _ *Jobs) {
	want := endpoint("crm", domain.NotifyVerdictChanged)
	got := createEndpoint(t, s, want)
	want.Version = got.Version
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it came back as %+v, was %+v", got, want)
	}
	if text := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(text, "whsec") {
		t.Errorf("it prints its secrets: %s", text)
	}
	if err := s.CreateEndpoint(t.Context(), want, nil); !errors.Is(err, store.ErrExists) {
		t.Errorf("made twice: %v", err)
	}
	stale := got
	got.URL, got.Disabled = "https://host.example/other", "by a person"
	must(t, s.UpdateEndpoint(t.Context(), got, nil))
	if err := s.UpdateEndpoint(t.Context(), stale, nil); !errors.Is(err, store.ErrChanged) {
		t.Errorf("saved over a newer version: %v", err)
	}
	if all, err := s.Endpoints(t.Context(), domain.Sandbox); err != nil || len(all) != 1 || all[0].URL != got.URL || all[0].Disabled != got.Disabled {
		t.Errorf("there are %+v, error %v", all, err)
	}
	if all, err := s.Endpoints(t.Context(), domain.Production); err != nil || len(all) != 0 {
		t.Errorf("another environment has %+v, error %v", all, err)
	}
	must(t, s.DeleteEndpoint(t.Context(), domain.Sandbox, "crm", nil))
	if err := s.DeleteEndpoint(t.Context(), domain.Sandbox, "crm", nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := s.Endpoint(t.Context(), domain.Sandbox, "crm"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}
}

func endpointBegins(t *testing.T, s store.Store, _ *Jobs) {
	before := tell(t, s, domain.NotifyVerdictChanged, "user-1")
	fromNow := endpoint("now")
	fromNow.Position = -1
	createEndpoint(t, s, endpoint("always"))
	createEndpoint(t, s, fromNow)
	after := tell(t, s, domain.NotifyVerdictChanged, "user-2")
	if got := ids(due(t, s, "always", start)); !slices.Equal(got, slices.Concat(before, after)) {
		t.Errorf("one that begins with the first gets %v", got)
	}
	if got := ids(due(t, s, "now", start)); !slices.Equal(got, after) {
		t.Errorf("one that begins now gets %v", got)
	}
}

func deliveriesByType(t *testing.T, s store.Store, _ *Jobs) {
	createEndpoint(t, s, endpoint("verdicts", domain.NotifyVerdictChanged))
	createEndpoint(t, s, endpoint("all"))
	first := tell(t, s, domain.NotifyVerdictChanged, "user-1")
	second := tell(t, s, domain.NotifyActionDead, "user-2")
	if got := ids(due(t, s, "verdicts", start)); !slices.Equal(got, first) {
		t.Errorf("one for verdicts gets %v", got)
	}
	if got := ids(due(t, s, "all", start)); !slices.Equal(got, slices.Concat(first, second)) {
		t.Errorf("one for all types gets %v", got)
	}
	before, err := s.NotificationVersion(t.Context())
	must(t, err)
	tell(t, s, domain.NotifyActionDead, "user-3")
	if after, err := s.NotificationVersion(t.Context()); err != nil || after <= before {
		t.Errorf("the version is %d, was %d, error %v", after, before, err)
	}
}

func deliveriesInOrder(t *testing.T, s store.Store, _ *Jobs) {
	createEndpoint(t, s, endpoint("crm"))
	told := tell(t, s, domain.NotifyVerdictChanged, "user-1", "user-2", "user-1", "", "", "user-1")
	first := due(t, s, "crm", start)
	if got, want := ids(first), []string{told[0], told[1], told[3], told[4]}; !slices.Equal(got, want) {
		t.Fatalf("due are %v, want the first of each subject, %v", got, want)
	}
	if first[0].Notification.Subject != "user-1" || first[0].Notification.SubjectSequence != 1 || first[0].Delivery.State != domain.DeliveryWaiting {
		t.Errorf("the first is %+v", first[0])
	}
	finish(t, s, "crm", domain.DeliveryDelivered, first[1], first[2])
	if got, want := ids(due(t, s, "crm", start)), []string{told[0], told[4]}; !slices.Equal(got, want) {
		t.Errorf("due are %v, want %v", got, want)
	}
	finish(t, s, "crm", domain.DeliveryFailed, first[0])
	second := due(t, s, "crm", start)
	if got, want := ids(second), []string{told[2], told[4]}; !slices.Equal(got, want) {
		t.Errorf("after the first was given up due are %v, want %v", got, want)
	}
	more := tell(t, s, domain.NotifyVerdictChanged, "user-1", "user-2")
	if got, want := ids(due(t, s, "crm", start)), []string{told[2], told[4], more[1]}; !slices.Equal(got, want) {
		t.Errorf("with new ones due are %v, want %v", got, want)
	}
	finish(t, s, "crm", domain.DeliveryDelivered, second[0])
	if got, want := ids(due(t, s, "crm", start)), []string{told[4], told[5], more[1]}; !slices.Equal(got, want) {
		t.Errorf("then due are %v, want %v", got, want)
	}
}

func deliveryRetried(t *testing.T, s store.Store, _ *Jobs) {
	createEndpoint(t, s, endpoint("crm"))
	tell(t, s, domain.NotifyVerdictChanged, "user-1", "user-1")
	d := due(t, s, "crm", start)[0].Delivery
	d.Attempts, d.NextAttemptAt = 1, start.Add(time.Minute)
	d.Log = []domain.Attempt{{At: start, Status: 500, Response: "later", Millis: 12}}
	must(t, s.SaveAttempts(t.Context(), store.Attempts{Environment: domain.Sandbox, Endpoint: "crm", Deliveries: []domain.Delivery{d}, Failures: 1, PausedUntil: start.Add(time.Second)}))
	found, next, err := s.Due(t.Context(), domain.Sandbox, "crm", start, 100)
	if err != nil || len(found) != 0 || !next.Equal(start.Add(time.Minute)) {
		t.Errorf("due are %v and next at %s, error %v", ids(found), next, err)
	}
	if again := due(t, s, "crm", start.Add(time.Minute)); len(again) != 1 || !reflect.DeepEqual(again[0].Delivery, d) {
		t.Errorf("after a minute due are %+v, want %+v", again, d)
	}
	if e, err := s.Endpoint(t.Context(), domain.Sandbox, "crm"); err != nil || e.Failures != 1 || !e.PausedUntil.Equal(start.Add(time.Second)) {
		t.Errorf("the endpoint is %+v, error %v", e, err)
	}
	found, _, err = s.Due(t.Context(), domain.Sandbox, "crm", start.Add(time.Minute), 0)
	if err != nil || len(found) != 0 {
		t.Errorf("due without room are %v, error %v", ids(found), err)
	}
}

func waitsLimited(t *testing.T, s store.Store, _ *Jobs) {
	createEndpoint(t, s, endpoint("crm"))
	createEndpoint(t, s, endpoint("erp"))
	told := tell(t, s, domain.NotifyCaseChanged, "user-1", "user-2", "user-3")
	due(t, s, "erp", start)
	for _, name := range []string{"crm", "erp"} {
		found := due(t, s, name, start)
		a := store.Attempts{Environment: domain.Sandbox, Endpoint: name}
		for i, wait := range []time.Duration{3 * time.Hour, 30 * time.Minute, 3 * time.Hour} {
			d := found[i].Delivery
			d.Attempts, d.NextAttemptAt = 1+i, start.Add(wait) // the last one has more attempts than are limited
			a.Deliveries = append(a.Deliveries, d)
		}
		must(t, s.SaveAttempts(t.Context(), a))
	}
	if n, err := s.LimitWaits(t.Context(), domain.Sandbox, "crm", start, 2, time.Hour); err != nil || n != 1 {
		t.Errorf("%d deliveries waited too long, error %v", n, err)
	}
	if got := ids(due(t, s, "crm", start)); !slices.Equal(got, told[:1]) {
		t.Errorf("due are %v, want %v", got, told[:1])
	}
	if got := ids(due(t, s, "erp", start)); len(got) != 0 {
		t.Errorf("of another endpoint, %v are due", got)
	}
}

func attemptsOfBefore(t *testing.T, s store.Store, _ *Jobs) {
	createEndpoint(t, s, endpoint("crm"))
	tell(t, s, domain.NotifyVerdictChanged, "user-1")
	found := due(t, s, "crm", start)
	finish(t, s, "crm", domain.DeliveryDelivered, found...)
	finish(t, s, "crm", domain.DeliveryFailed, found...)
	if d, err := s.Delivery(t.Context(), domain.Sandbox, found[0].Delivery.ID); err != nil || d.State != domain.DeliveryDelivered {
		t.Errorf("one that was delivered is %s, error %v", d.State, err)
	}
}

func endpointDisabled(t *testing.T, s store.Store, _ *Jobs) {
	createEndpoint(t, s, endpoint("crm"))
	n := notify.EndpointDisabled(domain.Sandbox, "crm", "it answered 410", start)
	must(t, s.SaveAttempts(t.Context(), store.Attempts{
		Environment: domain.Sandbox, Endpoint: "crm", Disabled: "it answered 410", Failures: 3, PausedUntil: start, Notifications: []domain.Notification{n},
	}))
	e, err := s.Endpoint(t.Context(), domain.Sandbox, "crm")
	if err != nil || e.Disabled != "it answered 410" || e.Failures != 3 {
		t.Errorf("the endpoint is %+v, error %v", e, err)
	}
	if got := told(t, s); !slices.Equal(got, []string{"endpoint.disabled  0"}) {
		t.Errorf("told %q", got)
	}
	e.Disabled = ""
	must(t, s.UpdateEndpoint(t.Context(), e, nil))
	if e, err = s.Endpoint(t.Context(), domain.Sandbox, "crm"); err != nil || e.Disabled != "" || e.Failures != 0 || !e.PausedUntil.IsZero() {
		t.Errorf("enabled again it is %+v, error %v", e, err)
	}
}

func redelivered(t *testing.T, s store.Store, _ *Jobs) {
	createEndpoint(t, s, endpoint("crm", domain.NotifyVerdictChanged))
	verdicts := tell(t, s, domain.NotifyVerdictChanged, "user-1", "user-2", "user-3")
	tell(t, s, domain.NotifyActionDone, "user-1")
	found := due(t, s, "crm", start)
	finish(t, s, "crm", domain.DeliveryFailed, found[0], found[1])
	finish(t, s, "crm", domain.DeliveryDelivered, found[2])
	replay := func(what store.Selection, limit int) (int, int64) {
		n, last, err := s.Redeliver(t.Context(), domain.Sandbox, "crm", what, limit, start, nil)
		must(t, err)
		return n, last
	}
	finishAll := func(want ...string) {
		t.Helper()
		again := due(t, s, "crm", start)
		if got := ids(again); !slices.Equal(got, want) {
			t.Errorf("due are %v, want %v", got, want)
		}
		finish(t, s, "crm", domain.DeliveryDelivered, again...)
	}
	if n, _ := replay(store.Selection{Delivery: found[0].Delivery.ID}, 10); n != 1 {
		t.Errorf("%d of one are replayed", n)
	}
	finishAll(verdicts[0])
	if n, _ := replay(store.Selection{FailedSince: start}, 10); n != 1 {
		t.Errorf("%d of those that failed are replayed", n)
	}
	finishAll(verdicts[1])
	if n, _ := replay(store.Selection{FailedSince: start}, 10); n != 0 {
		t.Errorf("%d are replayed again", n)
	}
	all := notifications(t, s)
	n, last := replay(store.Selection{After: all[0].Sequence, Until: all[3].Sequence}, 1)
	if n != 1 || last != all[1].Sequence {
		t.Errorf("%d of a range are replayed, up to %d", n, last)
	}
	if n, last = replay(store.Selection{After: last, Until: all[3].Sequence}, 10); n != 1 || last != 0 {
		t.Errorf("%d of the rest are replayed, up to %d", n, last)
	}
	finishAll(verdicts[1], verdicts[2])
	replayedByType(t, s)
	for _, what := range []store.Selection{{Delivery: "dlv_no"}} {
		if _, _, err := s.Redeliver(t.Context(), domain.Sandbox, "crm", what, 10, start, nil); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%+v: %v", what, err)
		}
	}
	if _, _, err := s.Redeliver(t.Context(), domain.Sandbox, "no", store.Selection{FailedSince: start}, 10, start, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an endpoint that there is not: %v", err)
	}
}

// replayedByType replays what failed before an endpoint stopped to receive its type. A caller
// repeats the request while there are more, so what is not replayed must not be selected.
func replayedByType(t *testing.T, s store.Store) {
	made := endpoint("erp")
	made.Position = -1
	createEndpoint(t, s, made)
	tell(t, s, domain.NotifyCaseChanged, "user-4", "user-5")
	wanted := tell(t, s, domain.NotifyActionDone, "user-6")
	finish(t, s, "erp", domain.DeliveryFailed, due(t, s, "erp", start)...)
	e, err := s.Endpoint(t.Context(), domain.Sandbox, "erp")
	must(t, err)
	e.Types = []string{domain.NotifyActionDone}
	must(t, s.UpdateEndpoint(t.Context(), e, nil))
	requests, total := 0, 0
	for {
		n, last, err := s.Redeliver(t.Context(), domain.Sandbox, "erp", store.Selection{FailedSince: start}, 2, start, nil)
		must(t, err)
		requests, total = requests+1, total+n
		if last == 0 || requests > 5 {
			break
		}
	}
	if requests != 1 || total != 1 {
		t.Errorf("after %d requests, %d notifications are replayed", requests, total)
	}
	if got := ids(due(t, s, "erp", start)); !slices.Equal(got, wanted) {
		t.Errorf("due are %v, want %v", got, wanted)
	}
}

func deliveriesListed(t *testing.T, s store.Store, _ *Jobs) {
	createEndpoint(t, s, endpoint("crm"))
	createEndpoint(t, s, endpoint("log"))
	told := tell(t, s, domain.NotifyVerdictChanged, "user-1", "user-2", "user-3")
	found := due(t, s, "crm", start)
	due(t, s, "log", start)
	finish(t, s, "crm", domain.DeliveryFailed, found[1])
	for name, c := range map[string]struct {
		filter store.Filter
		want   int
	}{
		"all": {store.Filter{}, 6}, "of an endpoint": {store.Filter{Endpoint: "crm"}, 3}, "of a notification": {store.Filter{Notification: told[0]}, 2},
		"failed": {store.Filter{Endpoint: "crm", State: "failed"}, 1}, "waiting": {store.Filter{State: "waiting"}, 5}, "delivered": {store.Filter{State: "delivered"}, 0},
	} {
		if page, err := s.Deliveries(t.Context(), domain.Sandbox, c.filter); err != nil || len(page.Rows) != c.want {
			t.Errorf("%s: %d are listed, want %d, error %v", name, len(page.Rows), c.want, err)
		}
	}
	if n, err := s.PruneDeliveries(t.Context(), domain.Sandbox, start.Add(time.Minute)); err != nil || n != 0 {
		t.Errorf("%d that are too young are pruned, error %v", n, err)
	}
	if n, err := s.PruneDeliveries(t.Context(), domain.Sandbox, start.Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("%d are pruned, error %v", n, err)
	}
	if n := len(due(t, s, "crm", start)); n != 2 {
		t.Errorf("%d wait", n)
	}
	must(t, s.DeleteEndpoint(t.Context(), domain.Sandbox, "crm", nil))
	if page, err := s.Deliveries(t.Context(), domain.Sandbox, store.Filter{}); err != nil || len(page.Rows) != 3 {
		t.Errorf("%d are left after an endpoint was deleted, error %v", len(page.Rows), err)
	}
}

func claimRenewed(t *testing.T, s store.Store, _ *Jobs) {
	target := domain.Ref{Type: store.EndpointClaim, ID: "crm"}
	claim, ok, err := s.Claim(t.Context(), domain.Sandbox, target)
	if err != nil || !ok {
		t.Fatalf("ok %v, error %v", ok, err)
	}
	if held, err := s.Renew(t.Context(), claim); err != nil || !held {
		t.Errorf("it is held: %v, error %v", held, err)
	}
	_, err = s.Release(t.Context(), claim)
	must(t, err)
	if held, err := s.Renew(t.Context(), claim); err != nil || held {
		t.Errorf("one that was released is held: %v, error %v", held, err)
	}
}
