// Package storetest is the suite that every database of the service passes.
package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
)

// Jobs is what a queue was told, for the suite to look at.
type Jobs struct {
	mu   sync.Mutex
	jobs []store.Job
}

// Add takes jobs.
func (j *Jobs) Add(jobs []store.Job) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.jobs = append(j.jobs, jobs...)
}

// take returns the jobs since the last time.
func (j *Jobs) take() []store.Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	jobs := j.jobs
	j.jobs = nil
	return jobs
}

// Open opens an empty database, whose jobs go to the suite, until the test ends.
type Open func(*testing.T) (store.Store, *Jobs)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, store.Store, *Jobs){
		"an event is stored once, with one job":                  eventOnce,
		"requests at the same time store each event once":        eventsAtOnce,
		"a webhook takes an event of history over":               historyTakenOver,
		"an event that nothing handles gets no job":              unhandledEvent,
		"what waits comes in the order of created-at":            waitingOrder,
		"no environment sees another's rows":                     separateEnvironments,
		"an object is saved only over the version that was read": objectVersions,
		"an object comes back as it was saved":                   objectRoundTrip,
		"a subject has the cases of its inquiries":               subjectObjects,
		"the last verdict that was told is known":                lastVerdict,
		"nothing of a transaction that fails is kept":            allOrNothing,
		"the same action is not stored twice":                    actionOnce,
		"the actions of a decision follow each other":            actionOrder,
		"what follows an action without effect is dropped":       actionDropped,
		"an action that waits is run again when it is due":       actionAgain,
		"what waits gets its jobs again after a crash":           resume,
		"one holder has a reconciliation at a time":              reconciliationHolder,
		"the watermark is where the last that finished began":    watermark,
		"an event that is put back waits again":                  eventRequeued,
		"a dead action is revived with what came after it":       actionRevived,
		"lists have pages":                                       pages,
		"a list goes forward from a cursor":                      forward,
		"the backlog is what is not finished":                    backlog,
		"the audit trail is one chain for each environment":      auditChain,
		"what does not exist is not found":                       notFound,
	} {
		t.Run(name, func(t *testing.T) {
			s, jobs := open(t)
			test(t, s, jobs)
		})
	}
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 123000, time.UTC)

var inquiry = domain.Ref{Type: "inquiry", ID: "inq_1"}

func event(id string, at time.Time) domain.Event {
	return domain.Event{
		Environment: domain.Sandbox, ID: id, Name: "inquiry.completed", CreatedAt: at, Object: inquiry,
		Body: []byte(`{"data":{"id":"` + id + `"}}`), Headers: map[string]string{"User-Agent": "Persona"}, Via: domain.ViaWebhook, ReceivedAt: at.Add(time.Second), State: domain.EventWaiting,
	}
}

func object(typ, id, reference string, to ...domain.Ref) domain.Object {
	return domain.Object{
		Environment: domain.Sandbox, Ref: domain.Ref{Type: typ, ID: id}, Status: "completed", ReferenceID: reference,
		Attributes:    map[string]json.RawMessage{"status": json.RawMessage(`"completed"`)},
		Relationships: map[string][]domain.Ref{"inquiries": to}, AsOf: start, EventID: "evt_1",
	}
}

func action(id, decision string) domain.Action {
	return domain.Action{
		ID: id, Environment: domain.Sandbox, DecisionID: decision, DerivedKey: "key-" + id, IdempotencyKey: "key-" + id, KeyMadeAt: start,
		Spec:  domain.ActionSpec{Kind: domain.SetCaseStatus, Target: domain.Ref{Type: "case", ID: "case_1"}, Arguments: map[string]string{"status": "Approved"}},
		State: domain.ActionWaiting, CreatedAt: start,
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func appendEvents(t *testing.T, s store.Store, events ...domain.Event) []bool {
	t.Helper()
	fresh, err := s.AppendEvents(t.Context(), events)
	must(t, err)
	return fresh
}

func save(t *testing.T, s store.Store, a store.Advance) {
	t.Helper()
	must(t, s.Save(t.Context(), domain.Sandbox, a))
}

func wantActions(t *testing.T, jobs []store.Job, want ...string) {
	t.Helper()
	var got []string
	for _, job := range jobs {
		if job.Kind == store.JobPerform {
			got = append(got, job.Action)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("jobs for the actions %v, want %v", got, want)
	}
}

func eventOnce(t *testing.T, s store.Store, jobs *Jobs) {
	first, second := event("evt_1", start), event("evt_2", start)
	if fresh := appendEvents(t, s, first, second, first); !slices.Equal(fresh, []bool{true, true, false}) {
		t.Errorf("fresh: %v", fresh)
	}
	changed := first
	changed.Body = []byte("{}")
	if fresh := appendEvents(t, s, changed); fresh[0] {
		t.Error("a known event is fresh")
	}
	want := store.Job{Kind: store.JobAdvance, Environment: domain.Sandbox, Object: inquiry}
	if got := jobs.take(); !slices.Equal(got, []store.Job{want, want}) {
		t.Errorf("jobs: %+v", got)
	}
	got, err := s.Event(t.Context(), domain.Sandbox, "evt_1")
	must(t, err)
	if !reflect.DeepEqual(got, first) {
		t.Errorf("it came back as %+v, was %+v", got, first)
	}
}

func eventsAtOnce(t *testing.T, s store.Store, jobs *Jobs) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 20 {
				if _, err := s.AppendEvents(t.Context(), []domain.Event{event(fmt.Sprintf("evt_%d", i), start)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := len(jobs.take()); n != 20 {
		t.Errorf("%d jobs for 20 events", n)
	}
	waiting, err := s.Waiting(t.Context(), domain.Sandbox, inquiry, 100)
	must(t, err)
	if len(waiting) != 20 {
		t.Errorf("%d of 20 events wait", len(waiting))
	}
}

func unhandledEvent(t *testing.T, s store.Store, jobs *Jobs) {
	e := event("evt_1", start)
	e.State = domain.EventUnhandled
	appendEvents(t, s, e)
	if got := jobs.take(); len(got) != 0 {
		t.Errorf("jobs: %+v", got)
	}
	if waiting, err := s.Waiting(t.Context(), domain.Sandbox, inquiry, 100); err != nil || len(waiting) != 0 {
		t.Errorf("%d events wait, error %v", len(waiting), err)
	}
}

func waitingOrder(t *testing.T, s store.Store, _ *Jobs) {
	appendEvents(t, s, event("evt_late", start.Add(time.Second)), event("evt_early", start), event("evt_done", start))
	save(t, s, store.Advance{Events: map[string]domain.EventState{"evt_done": domain.EventApplied}})
	waiting, err := s.Waiting(t.Context(), domain.Sandbox, inquiry, 100)
	must(t, err)
	if len(waiting) != 2 || waiting[0].ID != "evt_early" || waiting[1].ID != "evt_late" {
		t.Errorf("waiting: %+v", waiting)
	}
	if waiting, err = s.Waiting(t.Context(), domain.Sandbox, inquiry, 1); err != nil || len(waiting) != 1 || waiting[0].ID != "evt_early" {
		t.Errorf("the one that waits longest is %+v, error %v", waiting, err)
	}
	counted, _, err := s.Counts(t.Context(), domain.Sandbox)
	must(t, err)
	if counted[domain.EventWaiting] != 2 {
		t.Errorf("counted %v", counted)
	}
}

func separateEnvironments(t *testing.T, s store.Store, _ *Jobs) {
	mine, other := event("evt_1", start), event("evt_1", start)
	other.Environment = domain.Production
	if fresh := appendEvents(t, s, mine, other); !fresh[0] || !fresh[1] {
		t.Errorf("fresh: %v", fresh)
	}
	save(t, s, store.Advance{Objects: []domain.Object{object("inquiry", "inq_1", "user-1")}, Actions: []domain.Action{action("axn_1", "dec_1")}})
	ctx := t.Context()
	if _, err := s.Object(ctx, domain.Production, inquiry); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the object: %v", err)
	}
	if _, err := s.Action(ctx, domain.Production, "axn_1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the action: %v", err)
	}
	if objects, err := s.ObjectsOf(ctx, domain.Production, "user-1"); err != nil || len(objects) != 0 {
		t.Errorf("the subject: %v, error %v", objects, err)
	}
	if page, err := s.Actions(ctx, domain.Production, store.Filter{}); err != nil || len(page.Rows) != 0 {
		t.Errorf("the actions: %v, error %v", page.Rows, err)
	}
}

func objectVersions(t *testing.T, s store.Store, _ *Jobs) {
	o := object("inquiry", "inq_1", "user-1")
	save(t, s, store.Advance{Objects: []domain.Object{o}})
	if err := s.Save(t.Context(), domain.Sandbox, store.Advance{Objects: []domain.Object{o}}); !errors.Is(err, store.ErrChanged) {
		t.Errorf("made twice: %v", err)
	}
	read, err := s.Object(t.Context(), domain.Sandbox, inquiry)
	must(t, err)
	stale := read
	read.Status = "approved"
	save(t, s, store.Advance{Objects: []domain.Object{read}})
	if err := s.Save(t.Context(), domain.Sandbox, store.Advance{Objects: []domain.Object{stale}}); !errors.Is(err, store.ErrChanged) {
		t.Errorf("saved over a newer version: %v", err)
	}
	if now, err := s.Object(t.Context(), domain.Sandbox, inquiry); err != nil || now.Status != "approved" {
		t.Errorf("it is %s now, error %v", now.Status, err)
	}
}

func objectRoundTrip(t *testing.T, s store.Store, _ *Jobs) {
	o := object("case", "case_1", "user-1", inquiry)
	o.RedactedAt = start.Add(time.Hour)
	save(t, s, store.Advance{Objects: []domain.Object{o}})
	got, err := s.Object(t.Context(), domain.Sandbox, o.Ref)
	must(t, err)
	if got.Version == 0 {
		t.Error("a stored object has no version")
	}
	got.Version = o.Version
	if !reflect.DeepEqual(got, o) {
		t.Errorf("it came back as %+v, was %+v", got, o)
	}
}

func subjectObjects(t *testing.T, s store.Store, _ *Jobs) {
	save(t, s, store.Advance{Objects: []domain.Object{
		object("inquiry", "inq_1", "user-1"), object("case", "case_1", "", inquiry),
		object("inquiry", "inq_2", "user-2"), object("case", "case_2", "", domain.Ref{Type: "inquiry", ID: "inq_2"}),
		object("report/watchlist", "rep_1", "", inquiry), object("inquiry", "inq_3", ""),
	}})
	ids := func(objects []domain.Object, err error) []string {
		must(t, err)
		var ids []string
		for _, o := range objects {
			ids = append(ids, o.Ref.ID)
		}
		return ids
	}
	if got := ids(s.ObjectsOf(t.Context(), domain.Sandbox, "user-1")); !slices.Equal(got, []string{"inq_1", "case_1"}) {
		t.Errorf("the subject has %v", got)
	}
	if got := ids(s.ObjectsOf(t.Context(), domain.Sandbox, "")); len(got) != 0 {
		t.Errorf("nobody has %v", got)
	}
	if got := ids(s.ObjectsTo(t.Context(), domain.Sandbox, "case", inquiry)); !slices.Equal(got, []string{"case_1"}) {
		t.Errorf("the inquiry's cases are %v", got)
	}
}

func allOrNothing(t *testing.T, s store.Store, jobs *Jobs) {
	appendEvents(t, s, event("evt_1", start))
	o := object("inquiry", "inq_1", "user-1")
	save(t, s, store.Advance{Objects: []domain.Object{o}})
	jobs.take()
	err := s.Save(t.Context(), domain.Sandbox, store.Advance{
		Objects: []domain.Object{object("case", "case_1", "", inquiry), o}, // the second fails
		Events:  map[string]domain.EventState{"evt_1": domain.EventApplied}, Actions: []domain.Action{action("axn_1", "dec_1")},
	})
	if !errors.Is(err, store.ErrChanged) {
		t.Fatalf("error %v", err)
	}
	if _, err := s.Object(t.Context(), domain.Sandbox, domain.Ref{Type: "case", ID: "case_1"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the case was kept: %v", err)
	}
	if e, err := s.Event(t.Context(), domain.Sandbox, "evt_1"); err != nil || e.State != domain.EventWaiting {
		t.Errorf("the event is %s, error %v", e.State, err)
	}
	wantActions(t, jobs.take())
}

func actionOnce(t *testing.T, s store.Store, jobs *Jobs) {
	same := action("axn_2", "dec_2")
	same.DerivedKey = "key-axn_1"
	save(t, s, store.Advance{Actions: []domain.Action{action("axn_1", "dec_1")}})
	save(t, s, store.Advance{Actions: []domain.Action{same}})
	wantActions(t, jobs.take(), "axn_1")
	if _, err := s.Action(t.Context(), domain.Sandbox, "axn_2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the second is there: %v", err)
	}
	got, err := s.Action(t.Context(), domain.Sandbox, "axn_1")
	must(t, err)
	if want := action("axn_1", "dec_1"); !reflect.DeepEqual(got, want) {
		t.Errorf("it came back as %+v, was %+v", got, want)
	}
}

func actionOrder(t *testing.T, s store.Store, jobs *Jobs) {
	first, second, other := action("axn_1", "dec_1"), action("axn_2", "dec_1"), action("axn_3", "dec_2")
	save(t, s, store.Advance{Actions: []domain.Action{first, second, other}})
	wantActions(t, jobs.take(), "axn_1", "axn_3")
	first.State, first.Result, first.FinishedAt = domain.ActionAlreadyDone, json.RawMessage(`{"a":1}`), start
	must(t, s.SaveAction(t.Context(), first, nil, nil))
	wantActions(t, jobs.take(), "axn_2")
	second.State = domain.ActionDone
	must(t, s.SaveAction(t.Context(), second, nil, nil))
	wantActions(t, jobs.take())
	if got, err := s.Action(t.Context(), domain.Sandbox, "axn_1"); err != nil || !reflect.DeepEqual(got, first) {
		t.Errorf("it came back as %+v, error %v, was %+v", got, err, first)
	}
}

func lastVerdict(t *testing.T, s store.Store, _ *Jobs) {
	told := func(id, subject string, verdict domain.Verdict) domain.Notification {
		return domain.Notification{ID: id, Environment: domain.Sandbox, Name: "verdict.changed", Subject: subject, Object: inquiry, Verdict: verdict, CreatedAt: start}
	}
	save(t, s, store.Advance{Notifications: []domain.Notification{
		told("ntf_1", "user-1", domain.VerdictPending), told("ntf_2", "user-1", domain.VerdictReview), told("ntf_3", "user-2", domain.VerdictApproved), told("ntf_4", "user-1", ""),
	}})
	for subject, want := range map[string]domain.Verdict{"user-1": domain.VerdictReview, "user-2": domain.VerdictApproved, "user-3": domain.VerdictNone} {
		if got, err := s.LastVerdict(t.Context(), domain.Sandbox, subject); err != nil || got != want {
			t.Errorf("%s was told %s, error %v, want %s", subject, got, err, want)
		}
	}
}

func actionDropped(t *testing.T, s store.Store, jobs *Jobs) {
	for _, state := range []domain.ActionState{domain.ActionDropped, domain.ActionDead} {
		decision := "dec_" + string(state)
		first, second, third := action("axn_1"+decision, decision), action("axn_2"+decision, decision), action("axn_3"+decision, decision)
		save(t, s, store.Advance{Actions: []domain.Action{first, second, third}})
		jobs.take()
		first.State, first.FinishedAt = state, start
		must(t, s.SaveAction(t.Context(), first, nil, nil))
		wantActions(t, jobs.take())
		for _, id := range []string{second.ID, third.ID} {
			got, err := s.Action(t.Context(), domain.Sandbox, id)
			must(t, err)
			if got.State != domain.ActionDropped || !strings.Contains(got.Outcome, first.ID) || !got.FinishedAt.Equal(start) {
				t.Errorf("after one that is %s, %s is %s: %s", state, id, got.State, got.Outcome)
			}
		}
	}
}

func actionAgain(t *testing.T, s store.Store, jobs *Jobs) {
	a := action("axn_1", "dec_1")
	save(t, s, store.Advance{Actions: []domain.Action{a}})
	jobs.take()
	a.Attempts, a.NextAttemptAt, a.IdempotencyKey = 1, start.Add(time.Minute), "key-axn_1-new"
	must(t, s.SaveAction(t.Context(), a, nil, nil))
	want := store.Job{Kind: store.JobPerform, Environment: domain.Sandbox, Action: "axn_1", At: a.NextAttemptAt}
	if got := jobs.take(); !slices.Equal(got, []store.Job{want}) {
		t.Errorf("jobs: %+v", got)
	}
	if got, err := s.Action(t.Context(), domain.Sandbox, "axn_1"); err != nil || got.IdempotencyKey != a.IdempotencyKey || got.DerivedKey != "key-axn_1" {
		t.Errorf("the keys are %q and %q, error %v", got.IdempotencyKey, got.DerivedKey, err)
	}
}

func resume(t *testing.T, s store.Store, jobs *Jobs) {
	appendEvents(t, s, event("evt_1", start), event("evt_2", start))
	done := action("axn_1", "dec_1")
	save(t, s, store.Advance{Actions: []domain.Action{done, action("axn_2", "dec_1"), action("axn_3", "dec_1")}})
	done.State = domain.ActionDone
	must(t, s.SaveAction(t.Context(), done, nil, nil))
	jobs.take()
	must(t, s.Resume(t.Context()))
	got := jobs.take()
	wantActions(t, got, "axn_2")
	if len(got) != 2 || !slices.Contains(got, store.Job{Kind: store.JobAdvance, Environment: domain.Sandbox, Object: inquiry}) {
		t.Errorf("jobs: %+v", got)
	}
}

func pages(t *testing.T, s store.Store, _ *Jobs) {
	for i := range 5 {
		appendEvents(t, s, event(fmt.Sprintf("evt_%d", i), start))
	}
	elsewhere := event("evt_other", start)
	elsewhere.Object.ID = "inq_2"
	appendEvents(t, s, elsewhere)
	var got []string
	filter := store.Filter{Object: inquiry, State: string(domain.EventWaiting), Limit: 2}
	for range 4 {
		page, err := s.Events(t.Context(), domain.Sandbox, filter)
		must(t, err)
		for _, e := range page.Rows {
			got = append(got, e.ID)
		}
		if filter.Before = page.Next; page.Next == 0 {
			break
		}
	}
	if !slices.Equal(got, []string{"evt_4", "evt_3", "evt_2", "evt_1", "evt_0"}) {
		t.Errorf("listed %v", got)
	}
}

func auditChain(t *testing.T, s store.Store, _ *Jobs) {
	entry := audit.Entry{Environment: domain.Sandbox, At: start, Actor: "idem", What: "decision.made", About: inquiry, Detail: "dec_1"}
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if err := s.Save(t.Context(), domain.Sandbox, store.Advance{Audit: []audit.Entry{entry, entry}}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	elsewhere := entry
	elsewhere.Environment = domain.Production
	must(t, s.Save(t.Context(), domain.Production, store.Advance{Audit: []audit.Entry{elsewhere}}))
	for env, want := range map[domain.Environment]int{domain.Sandbox: 10, domain.Production: 1} {
		trail, err := s.AuditTrail(t.Context(), env, 0, 100)
		must(t, err)
		if broken := audit.Verify(audit.Entry{}, trail); len(trail) != want || broken != 0 {
			t.Errorf("%s: %d entries, broken at %d", env, len(trail), broken)
		}
	}
	page, err := s.AuditTrail(t.Context(), domain.Sandbox, 3, 2)
	must(t, err)
	if len(page) != 2 || page[0].Sequence != 4 {
		t.Errorf("after the third: %+v", page)
	}
}

func notFound(t *testing.T, s store.Store, _ *Jobs) {
	ctx := t.Context()
	_, eventErr := s.Event(ctx, domain.Sandbox, "evt_none")
	_, objectErr := s.Object(ctx, domain.Sandbox, inquiry)
	_, actionErr := s.Action(ctx, domain.Sandbox, "axn_none")
	for what, err := range map[string]error{"event": eventErr, "object": objectErr, "action": actionErr} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the %s: %v", what, err)
		}
	}
}

func reconciliation(id string) domain.Reconciliation {
	return domain.Reconciliation{ID: id, Environment: domain.Sandbox, StartedAt: start, Until: start.Add(-time.Hour)}
}

func reconciliationHolder(t *testing.T, s store.Store, _ *Jobs) {
	begin := func(id, holder string, now time.Time) (domain.Reconciliation, bool) {
		r, ok, err := s.BeginReconciliation(t.Context(), reconciliation(id), holder, now, now.Add(time.Minute))
		must(t, err)
		return r, ok
	}
	first, ok := begin("rec_1", "a", start)
	if !ok || !reflect.DeepEqual(first, reconciliation("rec_1")) {
		t.Fatalf("it began %v as %+v", ok, first)
	}
	if _, ok := begin("rec_2", "b", start.Add(time.Second)); ok {
		t.Error("two holders have it")
	}
	first.Cursor, first.Seen, first.From, first.OldestSeen = "evt_7", 7, domain.Mark{EventID: "evt_1", At: start}, start.Add(-time.Minute)
	must(t, s.SaveReconciliation(t.Context(), first, "a", start.Add(2*time.Minute)))
	if _, ok := begin("rec_2", "b", start.Add(90*time.Second)); ok {
		t.Error("a sign of life did not keep it")
	}
	taken, ok := begin("rec_2", "b", start.Add(3*time.Minute))
	if !ok || !reflect.DeepEqual(taken, first) {
		t.Errorf("the next holder goes on %v with %+v, not with %+v", ok, taken, first)
	}
	if err := s.SaveReconciliation(t.Context(), first, "a", start.Add(time.Hour)); !errors.Is(err, store.ErrChanged) {
		t.Errorf("the holder of before saved it, error %v", err)
	}
	production := reconciliation("rec_3")
	production.Environment = domain.Production
	if _, ok, err := s.BeginReconciliation(t.Context(), production, "c", start, start.Add(time.Minute)); err != nil || !ok {
		t.Errorf("another environment's is held up: %v, error %v", ok, err)
	}
}

func watermark(t *testing.T, s store.Store, _ *Jobs) {
	mark, since, err := s.Watermark(t.Context(), domain.Sandbox)
	if err != nil || mark != (domain.Mark{}) || !since.IsZero() {
		t.Errorf("before the first it is %+v since %s, error %v", mark, since, err)
	}
	for i, newest := range []string{"evt_1", "evt_2", ""} {
		r := reconciliation(fmt.Sprint("rec_", i))
		r.StartedAt = start.Add(time.Duration(i) * time.Hour)
		r, ok, err := s.BeginReconciliation(t.Context(), r, "a", r.StartedAt, r.StartedAt)
		must(t, err)
		if !ok {
			t.Fatal("it did not begin")
		}
		r.From = domain.Mark{EventID: newest, At: r.StartedAt}
		must(t, s.SaveReconciliation(t.Context(), r, "a", r.StartedAt))
		if mark, _, err := s.Watermark(t.Context(), domain.Sandbox); err != nil || mark.EventID == newest && newest != "" {
			t.Errorf("under way, the watermark is %+v, error %v", mark, err)
		}
		if i < 2 {
			r.FinishedAt, r.Lost, r.Missed, r.History, r.OldestMissed = r.StartedAt.Add(time.Minute), i == 1, 3, 4, start
			must(t, s.SaveReconciliation(t.Context(), r, "a", r.StartedAt))
		}
	}
	mark, since, err = s.Watermark(t.Context(), domain.Sandbox)
	if want := (domain.Mark{EventID: "evt_2", At: start.Add(time.Hour)}); err != nil || mark != want || !since.Equal(start) {
		t.Errorf("the watermark is %+v since %s, error %v", mark, since, err)
	}
	page, err := s.Reconciliations(t.Context(), domain.Sandbox, store.Filter{Limit: 2})
	if err != nil || len(page.Rows) != 2 || page.Next == 0 || !page.Rows[1].Lost || page.Rows[1].Missed != 3 || page.Rows[1].History != 4 || !page.Rows[1].OldestMissed.Equal(start) {
		t.Errorf("the list is %+v, error %v", page, err)
	}
}

func historyTakenOver(t *testing.T, s store.Store, jobs *Jobs) {
	old := event("evt_1", start)
	old.Via = domain.ViaHistory
	appendEvents(t, s, old)
	must(t, s.Save(t.Context(), domain.Sandbox, store.Advance{Events: map[string]domain.EventState{"evt_1": domain.EventApplied}}))
	jobs.take()
	if fresh := appendEvents(t, s, old); fresh[0] || len(jobs.take()) != 0 {
		t.Error("history that is read again is new")
	}
	if fresh := appendEvents(t, s, event("evt_1", start)); !fresh[0] || len(jobs.take()) != 1 {
		t.Error("an event of history is not new when a webhook brings it")
	}
	waiting, err := s.Waiting(t.Context(), domain.Sandbox, inquiry, 100)
	must(t, err)
	if len(waiting) != 1 || waiting[0].Via != domain.ViaWebhook {
		t.Errorf("what waits is %+v", waiting)
	}
	// Who folded it as history saves that when the webhook is there.
	must(t, s.Save(t.Context(), domain.Sandbox, store.Advance{Events: map[string]domain.EventState{"evt_1": domain.EventApplied}, History: []string{"evt_1"}}))
	if waiting, err = s.Waiting(t.Context(), domain.Sandbox, inquiry, 100); err != nil || len(waiting) != 1 {
		t.Errorf("the webhook does not wait any more, error %v", err)
	}
	if fresh := appendEvents(t, s, event("evt_1", start)); fresh[0] {
		t.Error("the webhook is new twice")
	}
}

func eventRequeued(t *testing.T, s store.Store, jobs *Jobs) {
	appendEvents(t, s, event("evt_1", start), event("evt_2", start), event("evt_3", start))
	must(t, s.Save(t.Context(), domain.Sandbox, store.Advance{Events: map[string]domain.EventState{"evt_1": domain.EventApplied, "evt_2": domain.EventPoison}}))
	jobs.take()
	n, err := s.Requeue(t.Context(), domain.Sandbox, []string{"evt_1", "evt_2", "evt_3", "evt_9"}, []audit.Entry{{Environment: domain.Sandbox, What: "event.replayed"}})
	must(t, err)
	if got := jobs.take(); n != 2 || len(got) != 1 || got[0].Object != inquiry {
		t.Errorf("%d were put back, with jobs %+v", n, got)
	}
	waiting, err := s.Waiting(t.Context(), domain.Sandbox, inquiry, 100)
	must(t, err)
	if len(waiting) != 3 || waiting[0].Headers["User-Agent"] != "Persona" {
		t.Errorf("what waits is %+v", waiting)
	}
	if trail, err := s.AuditTrail(t.Context(), domain.Sandbox, 0, 10); err != nil || len(trail) != 1 {
		t.Errorf("the trail is %+v, error %v", trail, err)
	}
}

func actionRevived(t *testing.T, s store.Store, jobs *Jobs) {
	first, second, other := action("axn_1", "dec_1"), action("axn_2", "dec_1"), action("axn_3", "dec_2")
	save(t, s, store.Advance{Actions: []domain.Action{first, second, other}})
	other.State, other.Outcome = domain.ActionDropped, "a person decided"
	must(t, s.SaveAction(t.Context(), other, nil, nil))
	first.State, first.Outcome, first.Attempts, first.FinishedAt = domain.ActionDead, "refused", 3, start
	must(t, s.SaveAction(t.Context(), first, nil, nil))
	jobs.take()
	if err := s.Revive(t.Context(), domain.Sandbox, "axn_2", "key-new", start, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("one that is not dead is revived, error %v", err)
	}
	must(t, s.Revive(t.Context(), domain.Sandbox, "axn_1", "key-new", start.Add(time.Hour), nil))
	wantActions(t, jobs.take(), "axn_1")
	got, err := s.Action(t.Context(), domain.Sandbox, "axn_1")
	must(t, err)
	if got.State != domain.ActionWaiting || got.IdempotencyKey != "key-new" || got.Attempts != 0 || !got.FinishedAt.IsZero() || !got.KeyMadeAt.Equal(start.Add(time.Hour)) {
		t.Errorf("it is %+v", got)
	}
	for id, want := range map[string]domain.ActionState{"axn_2": domain.ActionWaiting, "axn_3": domain.ActionDropped} {
		if got, err := s.Action(t.Context(), domain.Sandbox, id); err != nil || got.State != want {
			t.Errorf("%s is %s, error %v", id, got.State, err)
		}
	}
}
