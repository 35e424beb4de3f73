package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
)

// notifications are all there are in the sandbox, oldest first.
func notifications(t *testing.T, s store.Store) []domain.Notification {
	t.Helper()
	page, err := s.Notifications(t.Context(), domain.Sandbox, store.Filter{Oldest: true, Limit: 100})
	must(t, err)
	return page.Rows
}

// told are the types, subjects and numbers of all notifications, oldest first.
func told(t *testing.T, s store.Store) (all []string) {
	t.Helper()
	for _, n := range notifications(t, s) {
		all = append(all, fmt.Sprintf("%s %s %d", n.Type, n.Subject, n.SubjectSequence))
	}
	return all
}

func notificationsNumbered(t *testing.T, s store.Store, _ *Jobs) {
	change := func(status string, more ...domain.Notification) {
		o, err := s.Object(t.Context(), domain.Sandbox, inquiry)
		if err != nil {
			o = object("inquiry", "inq_1", "user-1")
		}
		o.Status = status
		save(t, s, store.Advance{Objects: []domain.Object{o}, Notifications: more})
	}
	change("pending")
	a := action("axn_1", "dec_1")
	a.Spec.Target = inquiry
	save(t, s, store.Advance{Actions: []domain.Action{a}})
	a, err := s.Action(t.Context(), domain.Sandbox, "axn_1")
	must(t, err)
	a.State, a.FinishedAt = domain.ActionDone, start
	n, _ := notify.Finished(a)
	_, err = s.SaveAction(t.Context(), a, []domain.Notification{n}, nil)
	must(t, err)
	change("approved", notify.PolicyError(domain.Decision{ID: "dec_2", Environment: domain.Sandbox, Object: inquiry, DecidedAt: start}))
	change("approved", notify.PolicyError(domain.Decision{ID: "dec_3", Environment: domain.Sandbox, Object: inquiry, DecidedAt: start}))
	change("declined")
	want := []string{
		"subject.verdict_changed user-1 1", "action.done user-1 2", "subject.verdict_changed user-1 3", "policy.error user-1 4", "policy.error user-1 5", "subject.verdict_changed user-1 6",
	}
	if got := told(t, s); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	row, err := s.Subject(t.Context(), domain.Sandbox, "user-1")
	must(t, err)
	if row.Notified != 6 {
		t.Errorf("the subject was told of %d times", row.Notified)
	}
	n = notifications(t, s)[1]
	if n.Source != "axn_1" || n.Object != inquiry {
		t.Errorf("the action's notification is %+v", n)
	}
}

func notificationSubjects(t *testing.T, s store.Store, _ *Jobs) {
	other := domain.Ref{Type: "inquiry", ID: "inq_2"}
	save(t, s, store.Advance{Objects: []domain.Object{
		object("inquiry", "inq_1", "user-1"), object("inquiry", "inq_2", "user-2"), object("report/watchlist", "rep_1", "", inquiry),
		object("case", "case_1", "", inquiry), object("case", "case_2", "", inquiry, other), object("case", "case_3", "user-3"),
	}})
	before := len(notifications(t, s))
	for _, ref := range []domain.Ref{inquiry, {Type: "case", ID: "case_1"}, {Type: "case", ID: "case_2"}, {Type: "case", ID: "case_3"}, {Type: "report/watchlist", ID: "rep_1"}} {
		e := event("evt_"+ref.ID, start)
		e.Object = ref
		appendEvents(t, s, e)
		_, err := s.Tried(t.Context(), domain.Sandbox, ref, []string{e.ID}, "it is rejected", 1, []domain.Notification{notify.Poison(e, "it is rejected", start)}, audit.Entry{Environment: domain.Sandbox, At: start})
		must(t, err)
	}
	var got []string
	for _, n := range notifications(t, s)[before:] {
		got = append(got, n.Object.ID+" "+n.Subject)
	}
	if want := []string{"inq_1 user-1", "case_1 user-1", "case_2 ", "case_3 user-3", "rep_1 "}; !slices.Equal(got, want) {
		t.Errorf("the subjects are %q, want %q", got, want)
	}
}
