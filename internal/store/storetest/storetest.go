// Package storetest is the test suite for implementations of [store.Store].
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
	"github.com/idemhq/idem/internal/notify"
	"github.com/idemhq/idem/internal/store"
)

// Jobs records the jobs that a store inserts.
type Jobs struct {
	mu   sync.Mutex
	jobs []store.Job
}

// Add records jobs.
func (j *Jobs) Add(jobs []store.Job) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.jobs = append(j.jobs, jobs...)
}

// Take returns the jobs since the last call.
func (j *Jobs) Take() []store.Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	jobs := j.jobs
	j.jobs = nil
	return jobs
}

// Open opens an empty database until the test ends. Its jobs are recorded.
type Open func(*testing.T) (store.Store, *Jobs)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, store.Store, *Jobs){
		"an event is stored once, with one job":                            eventOnce,
		"concurrent requests store each event once":                        eventsAtOnce,
		"a webhook for an event from the history makes it wait again":      historyTakenOver,
		"an unhandled event gets no job":                                   unhandledEvent,
		"waiting events are returned in the order they were stored":        waitingOrder,
		"environments do not see each other's rows":                        separateEnvironments,
		"an object is saved only over the version that was read":           objectVersions,
		"an object is read as it was saved":                                objectRoundTrip,
		"a subject has the cases of its inquiries":                         subjectObjects,
		"a changed verdict causes a notification":                          verdictTold,
		"a verdict follows the changes of its objects":                     verdictFollows,
		"a case and its inquiry may be saved at the same time":             verdictsAtOnce,
		"subjects have pages, the oldest first":                            subjectPages,
		"subjects are evaluated again under other rules":                   subjectsReevaluated,
		"notifications appear in the order of their numbers":               notificationsInOrder,
		"a claim has one holder, who is told when it was wanted":           claimHolder,
		"an event that fails too often becomes poison":                     tries,
		"a decision is read with its facts":                                decisionRoundTrip,
		"an object that was changed does not keep others from being saved": savedAlone,
		"a stale worker does not overwrite an action":                      actionStale,
		"a skipped action does not delay the next":                         actionSkipped,
		"a failed transaction saves nothing":                               allOrNothing,
		"the same action is not stored twice":                              actionOnce,
		"the actions of a decision run one after another":                  actionOrder,
		"the actions after one without effect are dropped":                 actionDropped,
		"a waiting action is retried when it is due":                       actionAgain,
		"pending work gets jobs again after a crash":                       resume,
		"a reconciliation has one holder at a time":                        reconciliationHolder,
		"the watermark is where the last finished reconciliation began":    watermark,
		"a requeued event is waiting again":                                eventRequeued,
		"a dead action is revived with the actions after it":               actionRevived,
		"lists have pages":                                  pages,
		"a list can be read forward from a cursor":          forward,
		"the backlog counts unfinished work":                backlog,
		"the audit trail is one chain for each environment": auditChain,
		"what does not exist is not found":                  notFound,
		"the notifications of a subject are numbered":       notificationsNumbered,
		"a notification finds the subject of its object":    notificationSubjects,
		"an endpoint is read as it was saved":               endpointRoundTrip,
		"an endpoint begins at its position":                endpointBegins,
		"an endpoint receives its types":                    deliveriesByType,
		"the deliveries of a subject follow each other":     deliveriesInOrder,
		"a delivery is retried when it is due":              deliveryRetried,
		"a stale worker does not overwrite a delivery":      attemptsOfBefore,
		"a delivery waits no longer than a limit":           waitsLimited,
		"an endpoint that is enabled again has no failures": endpointDisabled,
		"failed deliveries can be replayed":                 redelivered,
		"deliveries are listed and pruned":                  deliveriesListed,
		"a claim can be renewed while it is held":           claimRenewed,
		"a token is read as it was saved":                   tokenRoundTrip,
		"a request with a key is handled once":              requestOnce,
		"what was read is recorded":                         recorded,
		"a timeline has pages":                              timelineInPages,
		"pages of a timeline lose and repeat nothing":       timelineWhileRowsAreAdded,
		"secrets of endpoints can be encrypted":             secretsEncrypted,
		"results of actions are encrypted":                  resultsEncrypted,
		"many results are encrypted":                        manyResultsEncrypted,
		"an action by hand is stored once, and discarded":   actionByHand,
		"a verification is read as it was saved":            verificationRoundTrip,
		"a verification is saved only over its version":     verificationStale,
		"a subject has one verification in each flow":       verificationsAtOnce,
		"verifications are listed":                          verificationsListed,
		"objects can be read through views":                 viewsOfObjects,
		"decisions, actions and events have views":          viewsOfWork,
		"a view is read from one snapshot":                  viewSnapshot,
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
	must(t, saving(t, s, a))
}

// saving saves an advance, and returns ErrChanged if it was not saved.
func saving(t *testing.T, s store.Store, a store.Advance) error {
	saved, err := s.Save(t.Context(), domain.Sandbox, []store.Advance{a}, verdicts("1"))
	if err == nil && len(saved.Changed) > 0 {
		err = store.ErrChanged
	}
	return err
}

// verdicts uses the status of a subject's last case as its verdict, or that of its last
// inquiry.
func verdicts(rules string) store.Verdicts {
	return store.Verdicts{Rules: rules, Now: start, Of: func(objects []domain.Object) domain.Subject {
		is := domain.Subject{Verdict: domain.VerdictNone}
		for _, typ := range []string{"inquiry", "case"} {
			for _, o := range objects {
				if o.Ref.Type == typ {
					is = domain.Subject{Verdict: domain.Verdict(o.Status), Object: o.Ref, Status: o.Status}
				}
			}
		}
		return is
	}}
}

// waiting returns the ids of the inquiry's waiting events.
func waiting(t *testing.T, s store.Store) (ids []string) {
	t.Helper()
	inbox, err := s.Inbox(t.Context(), domain.Sandbox, []domain.Ref{inquiry}, 100)
	must(t, err)
	for _, e := range inbox[0].Events {
		ids = append(ids, e.ID)
	}
	return ids
}

// marks returns the states of events that were received a second after start.
func marks(states map[string]domain.EventState) (marks []store.EventMark) {
	for id, state := range states {
		marks = append(marks, store.EventMark{ID: id, ReceivedAt: start.Add(time.Second), State: state})
	}
	return marks
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
	if got := jobs.Take(); !slices.Equal(got, []store.Job{want, want}) {
		t.Errorf("jobs: %+v", got)
	}
	got, err := s.Event(t.Context(), domain.Sandbox, "evt_1")
	must(t, err)
	if !reflect.DeepEqual(got, first) {
		t.Errorf("it was read as %+v, was %+v", got, first)
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
	if n := len(jobs.Take()); n != 20 {
		t.Errorf("%d jobs for 20 events", n)
	}
	if n := len(waiting(t, s)); n != 20 {
		t.Errorf("%d of 20 events wait", n)
	}
}

func unhandledEvent(t *testing.T, s store.Store, jobs *Jobs) {
	e := event("evt_1", start)
	e.State = domain.EventUnhandled
	appendEvents(t, s, e)
	if got := jobs.Take(); len(got) != 0 {
		t.Errorf("jobs: %+v", got)
	}
	if ids := waiting(t, s); len(ids) != 0 {
		t.Errorf("%v wait", ids)
	}
}

func waitingOrder(t *testing.T, s store.Store, _ *Jobs) {
	other := event("evt_other", start)
	other.Object.ID = "inq_2"
	done := event("evt_done", start)
	appendEvents(t, s, event("evt_1", start.Add(time.Second)), event("evt_2", start), done, other)
	save(t, s, store.Advance{Objects: []domain.Object{object("inquiry", "inq_1", "user-1")}, Events: marks(map[string]domain.EventState{"evt_done": domain.EventApplied})})
	inbox, err := s.Inbox(t.Context(), domain.Sandbox, []domain.Ref{{Type: "inquiry", ID: "inq_2"}, {Type: "case", ID: "inq_1"}, inquiry}, 100)
	must(t, err)
	ids := func(in store.Inbox) (ids []string) {
		for _, e := range in.Events {
			ids = append(ids, e.ID)
		}
		return ids
	}
	if got := ids(inbox[0]); !slices.Equal(got, []string{"evt_other"}) || inbox[0].Object.Version != 0 {
		t.Errorf("the first has %v and version %d", got, inbox[0].Object.Version)
	}
	if got := ids(inbox[1]); len(got) != 0 {
		t.Errorf("another type has %v", got)
	}
	if got := ids(inbox[2]); !slices.Equal(got, []string{"evt_1", "evt_2"}) || inbox[2].Object.Version == 0 {
		t.Errorf("the last has %v and version %d", got, inbox[2].Object.Version)
	}
	if inbox, err = s.Inbox(t.Context(), domain.Sandbox, []domain.Ref{inquiry}, 1); err != nil || !slices.Equal(ids(inbox[0]), []string{"evt_1"}) {
		t.Errorf("the one that came first is %v, error %v", ids(inbox[0]), err)
	}
	counted, err := s.Backlog(t.Context(), domain.Sandbox)
	must(t, err)
	if counted.Waiting != 3 {
		t.Errorf("counted %+v", counted)
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
	if objects, err := s.SubjectObjects(ctx, domain.Production, "user-1"); err != nil || len(objects) != 0 {
		t.Errorf("the subject: %v, error %v", objects, err)
	}
	if page, err := s.Actions(ctx, domain.Production, store.Filter{}); err != nil || len(page.Rows) != 0 {
		t.Errorf("the actions: %v, error %v", page.Rows, err)
	}
}

func objectVersions(t *testing.T, s store.Store, _ *Jobs) {
	o := object("inquiry", "inq_1", "user-1")
	save(t, s, store.Advance{Objects: []domain.Object{o}})
	if err := saving(t, s, store.Advance{Objects: []domain.Object{o}}); !errors.Is(err, store.ErrChanged) {
		t.Errorf("inserting it twice: %v", err)
	}
	read, err := s.Object(t.Context(), domain.Sandbox, inquiry)
	must(t, err)
	stale := read
	read.Status = "approved"
	save(t, s, store.Advance{Objects: []domain.Object{read}})
	if err := saving(t, s, store.Advance{Objects: []domain.Object{stale}}); !errors.Is(err, store.ErrChanged) {
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
		t.Errorf("it was read as %+v, was %+v", got, o)
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
	if got := ids(s.SubjectObjects(t.Context(), domain.Sandbox, "user-1")); !slices.Equal(got, []string{"inq_1", "case_1"}) {
		t.Errorf("the subject has %v", got)
	}
	if got := ids(s.SubjectObjects(t.Context(), domain.Sandbox, "")); len(got) != 0 {
		t.Errorf("the empty reference id has %v", got)
	}
}

func allOrNothing(t *testing.T, s store.Store, jobs *Jobs) {
	appendEvents(t, s, event("evt_1", start))
	o := object("inquiry", "inq_1", "user-1")
	save(t, s, store.Advance{Objects: []domain.Object{o}})
	jobs.Take()
	err := saving(t, s, store.Advance{
		Objects: []domain.Object{object("case", "case_1", "", inquiry), o}, // the second one fails
		Events:  marks(map[string]domain.EventState{"evt_1": domain.EventApplied}), Actions: []domain.Action{action("axn_1", "dec_1")},
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
	wantActions(t, jobs.Take())
}

func actionOnce(t *testing.T, s store.Store, jobs *Jobs) {
	same := action("axn_2", "dec_2")
	same.DerivedKey = "key-axn_1"
	save(t, s, store.Advance{Actions: []domain.Action{action("axn_1", "dec_1")}})
	save(t, s, store.Advance{Actions: []domain.Action{same}})
	wantActions(t, jobs.Take(), "axn_1")
	if _, err := s.Action(t.Context(), domain.Sandbox, "axn_2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the second is there: %v", err)
	}
	got, err := s.Action(t.Context(), domain.Sandbox, "axn_1")
	must(t, err)
	want := action("axn_1", "dec_1")
	want.Version = got.Version
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it was read as %+v, was %+v", got, want)
	}
}

func actionOrder(t *testing.T, s store.Store, jobs *Jobs) {
	first, second, other := action("axn_1", "dec_1"), action("axn_2", "dec_1"), action("axn_3", "dec_2")
	save(t, s, store.Advance{Actions: []domain.Action{first, second, other}})
	wantActions(t, jobs.Take(), "axn_1", "axn_3")
	first.State, first.Result, first.FinishedAt = domain.ActionAlreadyDone, json.RawMessage(`{"a":1}`), start
	saveAction(t, s, first)
	wantActions(t, jobs.Take(), "axn_2")
	second.State = domain.ActionDone
	saveAction(t, s, second)
	wantActions(t, jobs.Take())
	if got, err := s.Action(t.Context(), domain.Sandbox, "axn_1"); err != nil || !sameAction(got, first) {
		t.Errorf("it was read as %+v, error %v, was %+v", got, err, first)
	}
}

func verdictTold(t *testing.T, s store.Store, _ *Jobs) {
	one, other := object("inquiry", "inq_1", "user-1"), object("inquiry", "inq_2", "user-2")
	one.Status, other.Status = "pending", "approved"
	save(t, s, store.Advance{Objects: []domain.Object{one}})
	save(t, s, store.Advance{Objects: []domain.Object{other}})
	one, err := s.Object(t.Context(), domain.Sandbox, inquiry)
	must(t, err)
	before := one
	one.Status, one.EventID = "review", "evt_2"
	save(t, s, store.Advance{Before: before, Objects: []domain.Object{one}})
	told, err := s.Notifications(t.Context(), domain.Sandbox, store.Filter{})
	must(t, err)
	var got []string
	for _, n := range told.Rows {
		got = append(got, fmt.Sprint(n.Subject, " ", n.Verdict, " ", n.EventID))
	}
	if want := []string{"user-1 review evt_2", "user-2 approved evt_1", "user-1 pending evt_1"}; !slices.Equal(got, want) {
		t.Errorf("the notifications have %q, want %q", got, want)
	}
	subject, err := s.Subject(t.Context(), domain.Sandbox, "user-1")
	must(t, err)
	if subject.Verdict != "review" || subject.Object != inquiry || subject.Status != "review" || subject.Notification != told.Rows[0].Sequence || !subject.Since.Equal(start) {
		t.Errorf("the subject is %+v", subject)
	}
	if _, err := s.Subject(t.Context(), domain.Production, "user-1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the subject of another environment: %v", err)
	}
}

// A subject is evaluated again when any of its objects changes, and also when an object no
// longer belongs to it.
func verdictFollows(t *testing.T, s store.Store, _ *Jobs) {
	stands := func(reference string, want domain.Verdict) {
		t.Helper()
		subject, err := s.Subject(t.Context(), domain.Sandbox, reference)
		must(t, err)
		page, err := s.Notifications(t.Context(), domain.Sandbox, store.Filter{})
		must(t, err)
		at := slices.IndexFunc(page.Rows, func(n domain.Notification) bool { return n.Subject == reference })
		if subject.Verdict != want || at < 0 || page.Rows[at].Verdict != want {
			t.Errorf("the verdict on %s is %s, want %s; notifications %+v", reference, subject.Verdict, want, page.Rows)
		}
	}
	change := func(ref domain.Ref, f func(*domain.Object)) {
		t.Helper()
		before, err := s.Object(t.Context(), domain.Sandbox, ref)
		must(t, err)
		after := before
		f(&after)
		save(t, s, store.Advance{Before: before, Objects: []domain.Object{after}})
	}
	kase := domain.Ref{Type: "case", ID: "case_1"}
	attached := object("case", "case_1", "", inquiry)
	attached.Status = "approved"
	save(t, s, store.Advance{Objects: []domain.Object{attached}}) // before its inquiry is known
	declined := object("inquiry", "inq_1", "user-1")
	declined.Status = "declined"
	save(t, s, store.Advance{Objects: []domain.Object{declined}})
	stands("user-1", "approved")

	change(kase, func(o *domain.Object) { o.Relationships = map[string][]domain.Ref{"inquiries": {}} })
	stands("user-1", "declined")

	change(inquiry, func(o *domain.Object) { o.ReferenceID = "user-2" })
	stands("user-1", "none")
	stands("user-2", "declined")

	change(kase, func(o *domain.Object) { o.Relationships = map[string][]domain.Ref{"inquiries": {inquiry}} })
	stands("user-2", "approved")
}

func verdictsAtOnce(t *testing.T, s store.Store, _ *Jobs) {
	const n = 30
	var all sync.WaitGroup
	for i := range n { // a case and its inquiry, both new, at the same time
		ref := domain.Ref{Type: "inquiry", ID: fmt.Sprint("inq_", i)}
		o, kase := object(ref.Type, ref.ID, fmt.Sprint("user-", i)), object("case", fmt.Sprint("case_", i), "", ref)
		o.Status, kase.Status = "declined", "approved"
		for _, each := range []domain.Object{o, kase} {
			all.Go(func() {
				if err := saving(t, s, store.Advance{Objects: []domain.Object{each}}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	for i := range n {
		if subject, err := s.Subject(t.Context(), domain.Sandbox, fmt.Sprint("user-", i)); err != nil || subject.Verdict != "approved" {
			t.Errorf("the verdict on user-%d is %s, error %v", i, subject.Verdict, err)
		}
	}
}

func subjectPages(t *testing.T, s store.Store, _ *Jobs) {
	for i := range 5 {
		o := object("inquiry", fmt.Sprint("inq_", i), fmt.Sprint("user ", i))
		o.Status = []string{"review", "approved"}[i%2]
		v := verdicts("1")
		v.Now = start.Add(-time.Duration(i) * time.Minute)
		_, err := s.Save(t.Context(), domain.Sandbox, []store.Advance{{Objects: []domain.Object{o}}}, v)
		must(t, err)
	}
	var got []string
	for cursor, pages := "", 0; pages < 5; pages++ {
		page, next, err := s.Subjects(t.Context(), domain.Sandbox, domain.VerdictReview, cursor, 2)
		must(t, err)
		for _, subject := range page {
			got = append(got, subject.Reference)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if !slices.Equal(got, []string{"user 4", "user 2", "user 0"}) {
		t.Errorf("listed %q", got)
	}
	if _, _, err := s.Subjects(t.Context(), domain.Sandbox, "", "nonsense", 2); !errors.Is(err, store.ErrCursor) {
		t.Errorf("an invalid cursor: %v", err)
	}
}

func all(string) bool { return true }

func subjectsReevaluated(t *testing.T, s store.Store, _ *Jobs) {
	for i := range 3 {
		o := object("inquiry", fmt.Sprint("inq_", i), fmt.Sprint("user-", i))
		o.Status = "pending"
		save(t, s, store.Advance{Objects: []domain.Object{o}})
	}
	stricter := verdicts("2")
	stricter.Of = func(objects []domain.Object) domain.Subject {
		return domain.Subject{Verdict: domain.VerdictReview, Object: objects[0].Ref, Status: "pending"}
	}
	var under []string
	none := func(rules string) bool {
		under = append(under, rules)
		return false
	}
	last, told, err := s.Reevaluate(t.Context(), domain.Sandbox, stricter, none, "")
	if err != nil || last != "user-2" || len(told) != 0 || !slices.Equal(under, []string{"1", "1", "1"}) {
		t.Errorf("without a replacement of %q, up to %q, notifications %+v, error %v", under, last, told, err)
	}
	last, told, err = s.Reevaluate(t.Context(), domain.Sandbox, stricter, all, "")
	must(t, err)
	if last != "user-2" || len(told) != 3 {
		t.Errorf("up to %q, notifications %+v", last, told)
	}
	if last, told, err = s.Reevaluate(t.Context(), domain.Sandbox, stricter, all, ""); err != nil || last != "" || len(told) != 0 {
		t.Errorf("again up to %q, notifications %+v, error %v", last, told, err)
	}
	if subject, err := s.Subject(t.Context(), domain.Sandbox, "user-1"); err != nil || subject.Verdict != domain.VerdictReview {
		t.Errorf("the subject is %+v, error %v", subject, err)
	}
}

// A client that reads notifications by sequence while others are written misses none.
func notificationsInOrder(t *testing.T, s store.Store, _ *Jobs) {
	const writers, each = 8, 20
	var writing sync.WaitGroup
	done := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				o := object("inquiry", fmt.Sprintf("inq_%d_%d", w, i), fmt.Sprintf("user-%d-%d", w, i))
				o.Status = "pending"
				if err := saving(t, s, store.Advance{Objects: []domain.Object{o}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { writing.Wait(); close(done) }()
	seen := map[int64]bool{}
	newest := int64(0)
	for finished := false; ; {
		select {
		case <-done:
			finished = true
		default:
		}
		page, err := s.Notifications(t.Context(), domain.Sandbox, store.Filter{Limit: 100})
		must(t, err)
		last := newest
		for _, n := range page.Rows {
			if n.Sequence <= last && !seen[n.Sequence] {
				t.Fatalf("%d appears behind %d", n.Sequence, last)
			}
			seen[n.Sequence], newest = true, max(newest, n.Sequence)
		}
		if finished {
			return
		}
	}
}

func claimHolder(t *testing.T, s store.Store, _ *Jobs) {
	ctx, other := t.Context(), domain.Ref{Type: "inquiry", ID: "inq_2"}
	claim, ok, err := s.Claim(ctx, domain.Sandbox, inquiry)
	if err != nil || !ok {
		t.Fatalf("the first claim: ok %v, error %v", ok, err)
	}
	if again, err := s.Release(ctx, claim); err != nil || again {
		t.Errorf("released without another claim: again %v, error %v", again, err)
	}
	if claim, ok, err = s.Claim(ctx, domain.Sandbox, inquiry); err != nil || !ok {
		t.Fatalf("a claim after the release: ok %v, error %v", ok, err)
	}
	if _, ok, err := s.Claim(ctx, domain.Sandbox, inquiry); err != nil || ok {
		t.Errorf("a second claim: ok %v, error %v", ok, err)
	}
	if _, ok, err := s.Claim(ctx, domain.Production, inquiry); err != nil || !ok {
		t.Errorf("a claim in another environment: ok %v, error %v", ok, err)
	}
	if again, err := s.Release(ctx, claim); err != nil || !again {
		t.Errorf("released after a second claim: again %v, error %v", again, err)
	}
	if claim, ok, err = s.Claim(ctx, domain.Sandbox, other); err != nil || !ok {
		t.Fatalf("ok %v, error %v", ok, err)
	}
	if taken, err := s.Claimed(ctx, domain.Sandbox, []domain.Ref{inquiry, other}); err != nil || !slices.Equal(taken, []domain.Ref{other}) {
		t.Errorf("claimed are %v, error %v", taken, err)
	}
	if again, err := s.Release(ctx, claim); err != nil || !again {
		t.Errorf("released after Claimed: again %v, error %v", again, err)
	}
}

func tries(t *testing.T, s store.Store, _ *Jobs) {
	appendEvents(t, s, event("evt_1", start), event("evt_2", start))
	entry := audit.Entry{Environment: domain.Sandbox, At: start, What: "event.poison"}
	for i := range 3 {
		aside, err := s.Tried(t.Context(), domain.Sandbox, inquiry, []string{"evt_1"}, "it is rejected", 3, []domain.Notification{notify.Poison(event("evt_1", start), "it is rejected", start)}, entry)
		must(t, err)
		if aside != (i == 2) {
			t.Errorf("after try %d it is poison: %v", i+1, aside)
		}
	}
	aside, err := s.Tried(t.Context(), domain.Sandbox, inquiry, []string{"evt_1", "evt_2"}, "no answer", 0, nil, entry)
	must(t, err)
	if aside {
		t.Error("an event became poison that should wait")
	}
	for id, want := range map[string]domain.Event{"evt_1": {State: domain.EventPoison, Tries: 3, Reason: "it is rejected"}, "evt_2": {State: domain.EventWaiting, Tries: 1, Reason: "no answer"}} {
		if e, err := s.Event(t.Context(), domain.Sandbox, id); err != nil || e.State != want.State || e.Tries != want.Tries || e.Reason != want.Reason {
			t.Errorf("%s is %+v, error %v", id, e, err)
		}
	}
	if trail, err := s.AuditTrail(t.Context(), domain.Sandbox, 0, 10); err != nil || len(trail) != 1 {
		t.Errorf("the trail is %+v, error %v", trail, err)
	}
	if told := notifications(t, s); len(told) != 1 || told[0].Type != domain.NotifyInboxPoison || told[0].EventID != "evt_1" {
		t.Errorf("told %+v", told)
	}
}

func decisionRoundTrip(t *testing.T, s store.Store, _ *Jobs) {
	want := domain.Decision{
		ID: "dec_1", Environment: domain.Sandbox, Object: inquiry, Transition: domain.Transition{Object: inquiry, From: "pending", To: "completed", At: start, EventID: "evt_1"},
		Result: domain.Incomplete, Rule: "approve", PolicyVersion: "1", Explanation: "it passed", Reason: "a report is missing",
		Actions: []domain.ActionSpec{{Kind: domain.MarkInquiryForReview, Target: inquiry}}, Facts: json.RawMessage(`{"Inquiry":null}`), DecidedAt: start,
	}
	save(t, s, store.Advance{Decisions: []domain.Decision{want}})
	got, err := s.Decision(t.Context(), domain.Sandbox, "dec_1")
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it was read as %+v, was %+v", got, want)
	}
	page, err := s.Decisions(t.Context(), domain.Sandbox, store.Filter{})
	must(t, err)
	if want.Facts = nil; len(page.Rows) != 1 || !reflect.DeepEqual(page.Rows[0], want) {
		t.Errorf("the list has %+v", page.Rows)
	}
}

func savedAlone(t *testing.T, s store.Store, _ *Jobs) {
	save(t, s, store.Advance{Objects: []domain.Object{object("inquiry", "inq_2", "")}})
	entry := audit.Entry{What: "object.moved"}
	saved, err := s.Save(t.Context(), domain.Sandbox, []store.Advance{
		{Objects: []domain.Object{object("inquiry", "inq_1", "")}, Audit: []audit.Entry{entry}},
		{Objects: []domain.Object{object("inquiry", "inq_2", "")}, Audit: []audit.Entry{entry}}, // somebody made it first
		{Objects: []domain.Object{object("inquiry", "inq_3", "")}, Audit: []audit.Entry{entry}},
	}, verdicts("1"))
	must(t, err)
	if !slices.Equal(saved.Changed, []int{1}) {
		t.Errorf("not saved are %v", saved.Changed)
	}
	if trail, err := s.AuditTrail(t.Context(), domain.Sandbox, 0, 10); err != nil || len(trail) != 2 {
		t.Errorf("the trail is %+v, error %v", trail, err)
	}
	for _, id := range []string{"inq_1", "inq_3"} {
		if _, err := s.Object(t.Context(), domain.Sandbox, domain.Ref{Type: "inquiry", ID: id}); err != nil {
			t.Error(err)
		}
	}
}

// sameAction compares actions but for their versions.
func sameAction(a, b domain.Action) bool {
	a.Version = b.Version
	return reflect.DeepEqual(a, b)
}

func actionStale(t *testing.T, s store.Store, jobs *Jobs) {
	save(t, s, store.Advance{Actions: []domain.Action{action("axn_1", "dec_1")}})
	a, err := s.Action(t.Context(), domain.Sandbox, "axn_1")
	must(t, err)
	done := a
	done.State, done.FinishedAt = domain.ActionDone, start
	saveAction(t, s, done)
	a.IdempotencyKey = "another" // of a worker that hung
	if _, err := s.SaveAction(t.Context(), a, nil, nil); !errors.Is(err, store.ErrChanged) {
		t.Errorf("a worker of before saved it, error %v", err)
	}
	if now, err := s.Action(t.Context(), domain.Sandbox, "axn_1"); err != nil || now.State != domain.ActionDone || now.IdempotencyKey == "another" {
		t.Errorf("it is %+v, error %v", now, err)
	}
}

func actionSkipped(t *testing.T, s store.Store, jobs *Jobs) {
	skipped, next := action("axn_1", "dec_1"), action("axn_2", "dec_1")
	skipped.State, skipped.FinishedAt = domain.ActionSkipped, start
	save(t, s, store.Advance{Actions: []domain.Action{skipped, next}})
	wantActions(t, jobs.Take(), "axn_2")
}

// saveAction saves an action over the stored version.
func saveAction(t *testing.T, s store.Store, a domain.Action) {
	t.Helper()
	stored, err := s.Action(t.Context(), domain.Sandbox, a.ID)
	must(t, err)
	a.Version = stored.Version
	version, err := s.SaveAction(t.Context(), a, nil, nil)
	must(t, err)
	if stored, err = s.Action(t.Context(), domain.Sandbox, a.ID); err != nil || stored.Version != version {
		t.Errorf("its version is %d, not %d, error %v", stored.Version, version, err)
	}
}

func actionDropped(t *testing.T, s store.Store, jobs *Jobs) {
	for _, state := range []domain.ActionState{domain.ActionDropped, domain.ActionDead} {
		decision := "dec_" + string(state)
		first, second, third := action("axn_1"+decision, decision), action("axn_2"+decision, decision), action("axn_3"+decision, decision)
		save(t, s, store.Advance{Actions: []domain.Action{first, second, third}})
		jobs.Take()
		first.State, first.FinishedAt = state, start
		saveAction(t, s, first)
		wantActions(t, jobs.Take())
		for _, id := range []string{second.ID, third.ID} {
			got, err := s.Action(t.Context(), domain.Sandbox, id)
			must(t, err)
			if got.State != domain.ActionDropped || !strings.Contains(got.Outcome, first.ID) || !got.FinishedAt.Equal(start) {
				t.Errorf("after an action that is %s, %s is %s: %s", state, id, got.State, got.Outcome)
			}
		}
	}
}

func actionAgain(t *testing.T, s store.Store, jobs *Jobs) {
	a := action("axn_1", "dec_1")
	save(t, s, store.Advance{Actions: []domain.Action{a}})
	jobs.Take()
	a.Attempts, a.NextAttemptAt, a.IdempotencyKey = 1, start.Add(time.Minute), "key-axn_1-new"
	saveAction(t, s, a)
	want := store.Job{Kind: store.JobPerform, Environment: domain.Sandbox, Action: "axn_1", At: a.NextAttemptAt}
	if got := jobs.Take(); !slices.Equal(got, []store.Job{want}) {
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
	saveAction(t, s, done)
	jobs.Take()
	must(t, s.Resume(t.Context()))
	got := jobs.Take()
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
			o := object("inquiry", domain.NewID("inq"), "")
			if err := saving(t, s, store.Advance{Objects: []domain.Object{o}, Audit: []audit.Entry{entry, entry}}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	elsewhere := entry
	elsewhere.Environment = domain.Production
	_, err := s.Save(t.Context(), domain.Production, []store.Advance{{Objects: []domain.Object{object("inquiry", "inq_1", "")}, Audit: []audit.Entry{elsewhere}}}, verdicts("1"))
	must(t, err)
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
		t.Fatalf("begun %v as %+v", ok, first)
	}
	if _, ok := begin("rec_2", "b", start.Add(time.Second)); ok {
		t.Error("a second holder has it too")
	}
	first.Cursor, first.Seen, first.From, first.OldestSeen = "evt_7", 7, domain.Mark{EventID: "evt_1", At: start}, start.Add(-time.Minute)
	must(t, s.SaveReconciliation(t.Context(), first, "a", start.Add(2*time.Minute)))
	if _, ok := begin("rec_2", "b", start.Add(90*time.Second)); ok {
		t.Error("renewing did not keep it")
	}
	taken, ok := begin("rec_2", "b", start.Add(3*time.Minute))
	if !ok || !reflect.DeepEqual(taken, first) {
		t.Errorf("the next holder resumed (%v) with %+v, want %+v", ok, taken, first)
	}
	if err := s.SaveReconciliation(t.Context(), first, "a", start.Add(time.Hour)); !errors.Is(err, store.ErrChanged) {
		t.Errorf("the previous holder saved it, error %v", err)
	}
	if _, ok := begin("rec_4", "d", start.Add(-3*time.Hour)); !ok {
		t.Error("it waits for the end of a time that a clock ahead has set")
	}
	production := reconciliation("rec_3")
	production.Environment = domain.Production
	if _, ok, err := s.BeginReconciliation(t.Context(), production, "c", start, start.Add(time.Minute)); err != nil || !ok {
		t.Errorf("one of another environment did not begin: %v, error %v", ok, err)
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
			t.Errorf("during a reconciliation, the watermark is %+v, error %v", mark, err)
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
	save(t, s, store.Advance{Events: marks(map[string]domain.EventState{"evt_1": domain.EventApplied})})
	jobs.Take()
	if fresh := appendEvents(t, s, old); fresh[0] || len(jobs.Take()) != 0 {
		t.Error("an event from the history that is read again is new")
	}
	if fresh := appendEvents(t, s, event("evt_1", start)); !fresh[0] || len(jobs.Take()) != 1 {
		t.Error("an event from the history is not new when a webhook delivers it")
	}
	inbox, err := s.Inbox(t.Context(), domain.Sandbox, []domain.Ref{inquiry}, 100)
	must(t, err)
	if len(inbox[0].Events) != 1 || inbox[0].Events[0].Via != domain.ViaWebhook {
		t.Errorf("the waiting events are %+v", inbox[0].Events)
	}
	// The worker that folded it as history saves that after the webhook has arrived.
	late := marks(map[string]domain.EventState{"evt_1": domain.EventApplied})
	late[0].History = true
	save(t, s, store.Advance{Events: late})
	if ids := waiting(t, s); len(ids) != 1 {
		t.Error("the event is no longer waiting")
	}
	if fresh := appendEvents(t, s, event("evt_1", start)); fresh[0] {
		t.Error("the event is new twice")
	}
}

func eventRequeued(t *testing.T, s store.Store, jobs *Jobs) {
	appendEvents(t, s, event("evt_1", start), event("evt_2", start), event("evt_3", start))
	save(t, s, store.Advance{Events: marks(map[string]domain.EventState{"evt_1": domain.EventApplied, "evt_2": domain.EventPoison})})
	jobs.Take()
	n, err := s.Requeue(t.Context(), domain.Sandbox, []string{"evt_1", "evt_2", "evt_3", "evt_9"}, []audit.Entry{{Environment: domain.Sandbox, What: "event.replayed"}})
	must(t, err)
	if got := jobs.Take(); n != 2 || len(got) != 1 || got[0].Object != inquiry {
		t.Errorf("%d were requeued, with jobs %+v", n, got)
	}
	inbox, err := s.Inbox(t.Context(), domain.Sandbox, []domain.Ref{inquiry}, 100)
	must(t, err)
	if waiting := inbox[0].Events; len(waiting) != 3 || waiting[0].Headers["User-Agent"] != "Persona" {
		t.Errorf("the waiting events are %+v", waiting)
	}
	if trail, err := s.AuditTrail(t.Context(), domain.Sandbox, 0, 10); err != nil || len(trail) != 1 {
		t.Errorf("the trail is %+v, error %v", trail, err)
	}
}

func actionRevived(t *testing.T, s store.Store, jobs *Jobs) {
	first, second, other := action("axn_1", "dec_1"), action("axn_2", "dec_1"), action("axn_3", "dec_2")
	save(t, s, store.Advance{Actions: []domain.Action{first, second, other}})
	other.State, other.Outcome = domain.ActionDropped, "a person decided"
	saveAction(t, s, other)
	first.State, first.Outcome, first.Attempts, first.FinishedAt = domain.ActionDead, "refused", 3, start
	saveAction(t, s, first)
	jobs.Take()
	if err := s.Revive(t.Context(), domain.Sandbox, "axn_2", "key-new", start, nil); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an action that is not dead is revived, error %v", err)
	}
	must(t, s.Revive(t.Context(), domain.Sandbox, "axn_1", "key-new", start.Add(time.Hour), nil))
	wantActions(t, jobs.Take(), "axn_1")
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
