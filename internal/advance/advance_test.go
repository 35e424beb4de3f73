package advance_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/policy"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
	"github.com/idemhq/idem/internal/store/storetest"
	"github.com/idemhq/idem/internal/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	start   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	inquiry = domain.Ref{Type: "inquiry", ID: "inq_1"}
	account = domain.Ref{Type: "account", ID: "act_1"}
)

// persona is a Reader that returns an inquiry of a given status, with one passed
// verification and a case.
type persona struct {
	mu     sync.Mutex
	status string
	asOf   time.Time
	err    error
	reads  int
	onRead func() // called before a read; may be nil

	created string // when the inquiry was created; empty means absent
	others  advance.Others
	missing []string // what the facts lack
	unnamed bool     // cases do not name what they are about
	reports []domain.Object

	together  []domain.Ref                  // other inquiries of the case
	elsewhere map[domain.Ref]*domain.Object // that can be read; nil if one cannot
	people    []string                      // of the inquiries of a case that is read
}

func (p *persona) Others(context.Context, domain.Object) (advance.Others, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.others, nil
}

func (p *persona) say(status string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.err = status, err
}

func (p *persona) Object(_ context.Context, ref domain.Ref) (domain.Object, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reads++
	if o, other := p.elsewhere[ref]; other {
		if o == nil {
			return domain.Object{}, advance.ErrCannotRead
		}
		return *o, nil
	}
	if p.onRead != nil {
		p.onRead()
	}
	o := domain.Object{Environment: domain.Sandbox, Ref: ref, Status: p.status, ReferenceID: "user-1", AsOf: p.asOf}
	o.Attributes = map[string]json.RawMessage{"status": json.RawMessage(fmt.Sprintf("%q", p.status))}
	if p.created != "" {
		o.Attributes["created-at"] = json.RawMessage(fmt.Sprintf("%q", p.created))
	}
	o.Relationships = map[string][]domain.Ref{"account": {account}, "verifications": {}}
	return o, p.err
}

func (p *persona) Facts(ctx context.Context, ref domain.Ref, _ bool) (policy.Facts, error) {
	o, err := p.Object(ctx, ref)
	if errors.Is(err, advance.ErrCannotRead) {
		return policy.Facts{Environment: domain.Sandbox, Missing: append([]string{ref.String()}, p.missing...)}, nil
	}
	if ref.Family() == "case" {
		f := policy.Facts{Environment: domain.Sandbox, Cases: []domain.Object{o}, Missing: p.missing}
		for i, reference := range p.people {
			f.Inquiries = append(f.Inquiries, domain.Object{Ref: domain.Ref{Type: "inquiry", ID: fmt.Sprint("inq_", i)}, Status: "completed", ReferenceID: reference})
		}
		f.Inquiry = &f.Inquiries[0]
		return f, err
	}
	passed := domain.Object{Ref: domain.Ref{Type: "verification/government-id", ID: "ver_1"}, Status: "passed"}
	passed.Attributes = map[string]json.RawMessage{"status": json.RawMessage(`"passed"`), "created-at": json.RawMessage(`"2026-03-01T11:30:00.000Z"`), "checks": json.RawMessage(`[]`)}
	kase := domain.Object{Environment: domain.Sandbox, Ref: domain.Ref{Type: "case", ID: "case_1"}, Status: "Open", Relationships: map[string][]domain.Ref{"inquiries": {o.Ref}}}
	kase.Relationships["inquiries"] = append(kase.Relationships["inquiries"], p.together...)
	if p.unnamed {
		kase.Relationships = nil
	}
	return policy.Facts{Environment: domain.Sandbox, Inquiry: &o, Inquiries: []domain.Object{o}, Verifications: []domain.Object{passed}, Reports: p.reports, Cases: []domain.Object{kase}, Missing: p.missing}, err
}

// stage is an advancer with a real database and a fake persona.
type stage struct {
	*sqlite.DB
	t        *testing.T
	persona  *persona
	advancer *advance.Advancer
	jobs     *storetest.Jobs
	policy   *policy.Policy
	now      time.Time
	failures int // of the read job
}

// recorder is a queue that only records jobs.
type recorder struct{ jobs *storetest.Jobs }

func (r recorder) Insert(_ context.Context, _ *sql.Tx, jobs []store.Job) error {
	r.jobs.Add(jobs)
	return nil
}

func (recorder) Committed([]store.Job) {}

func newStage(t *testing.T) *stage {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlitetest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	name, source := policy.Default()
	rules, err := policy.Load(name, source, domain.Sandbox)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{DB: db, t: t, persona: &persona{status: "completed", asOf: start.Add(time.Hour)}, jobs: &storetest.Jobs{}, policy: rules}
	db.UseQueue(recorder{s.jobs})
	s.useStore(db)
	s.now = start.Add(time.Minute)
	return s
}

// useStore makes the advancer use a store.
func (s *stage) useStore(st store.Store) {
	s.advancer = advance.New(st, map[domain.Environment]advance.Deps{domain.Sandbox: {Reader: s.persona, Policy: s.policy}}, telemetry.New(),
		slog.New(slog.DiscardHandler), func() time.Time { return s.now })
}

// event returns an event about the inquiry, dated a number of seconds after the start.
func event(second int, status string) domain.Event {
	return eventWith(second, status, `"account":{"data":{"type":"account","id":"act_1"}},"verifications":{"data":[]}`)
}

func eventWith(second int, status, relationships string) domain.Event {
	at := start.Add(time.Duration(second) * time.Second)
	id := fmt.Sprintf("evt_%d", second)
	body := fmt.Sprintf(`{"data":{"type":"event","id":%q,"attributes":{"name":"inquiry.%s","created-at":%q,"payload":{"data":{"type":"inquiry","id":"inq_1","attributes":{"status":%q,"reference-id":"user-1","created-at":"2026-03-01T11:00:00.000Z"},"relationships":{%s}}}}}}`,
		id, status, at.Format("2006-01-02T15:04:05.000Z"), status, relationships)
	return domain.Event{Environment: domain.Sandbox, ID: id, Name: "inquiry." + status, CreatedAt: at, Object: inquiry, Body: []byte(body), Via: domain.ViaWebhook, ReceivedAt: at, State: domain.EventWaiting}
}

func (s *stage) receive(events ...domain.Event) {
	s.t.Helper()
	if _, err := s.AppendEvents(s.t.Context(), events); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) advance() {
	s.t.Helper()
	if err := s.work(inquiry); err != nil {
		s.t.Fatal(err)
	}
}

// work advances an object, and runs its read job if it needs one.
func (s *stage) work(ref domain.Ref) error {
	s.jobs.Take()
	if err := s.advancer.Advance(s.t.Context(), domain.Sandbox, []domain.Ref{ref}); err != nil {
		return err
	}
	for _, job := range s.jobs.Take() {
		if job.Kind == store.JobRead {
			if err := s.advancer.Read(s.t.Context(), domain.Sandbox, job.Object, s.failures); err != nil {
				s.failures++
				return err
			}
			s.failures = 0
		}
	}
	return nil
}

// workUntilDone works on the inquiry until nothing is left to retry, which must be soon.
func (s *stage) workUntilDone() {
	s.t.Helper()
	for tries := 0; s.work(inquiry) != nil; tries++ {
		if tries > 20 {
			s.t.Fatal("it is retried forever")
		}
	}
}

func (s *stage) status() string {
	s.t.Helper()
	o, err := s.Object(s.t.Context(), domain.Sandbox, inquiry)
	if err != nil {
		s.t.Fatal(err)
	}
	return o.Status
}

func (s *stage) wantEvent(id string, want domain.EventState) {
	s.t.Helper()
	if e, err := s.Event(s.t.Context(), domain.Sandbox, id); err != nil || e.State != want {
		s.t.Errorf("%s is %s, want %s, error %v", id, e.State, want, err)
	}
}

// rows counts the decisions and actions.
func (s *stage) rows() (decisions, actions int) {
	s.t.Helper()
	d, err := s.Decisions(s.t.Context(), domain.Sandbox, store.Filter{})
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := s.Actions(s.t.Context(), domain.Sandbox, store.Filter{})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(d.Rows), len(a.Rows)
}

func (s *stage) wantRows(decisions, actions int) {
	s.t.Helper()
	if d, a := s.rows(); d != decisions || a != actions {
		s.t.Errorf("%d decisions and %d actions, want %d and %d", d, a, decisions, actions)
	}
}

func (s *stage) actions() []domain.Action {
	s.t.Helper()
	a, err := s.Actions(s.t.Context(), domain.Sandbox, store.Filter{})
	if err != nil {
		s.t.Fatal(err)
	}
	return a.Rows
}

func (s *stage) wantActions(want ...domain.ActionKind) {
	s.t.Helper()
	var got []domain.ActionKind
	for _, a := range s.actions() {
		got = append(got, a.Spec.Kind)
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("the actions are %v, want %v", got, want)
	}
}

// wantResult checks the result of the newest decision.
func (s *stage) wantResult(want domain.DecisionResult) {
	s.t.Helper()
	d, err := s.Decisions(s.t.Context(), domain.Sandbox, store.Filter{})
	if err != nil || len(d.Rows) == 0 || d.Rows[0].Result != want {
		s.t.Errorf("decided %+v, want %s, error %v", d.Rows, want, err)
	}
}

func TestEventsOfABatchAreFoldedInOrder(t *testing.T) {
	s := newStage(t)
	s.receive(event(3, "completed"), event(1, "created"), event(2, "pending"))
	s.advance()
	if got := s.status(); got != "completed" {
		t.Errorf("the status is %s", got)
	}
	s.wantRows(1, 2) // approve the inquiry and set the case status
	n, err := s.Notifications(t.Context(), domain.Sandbox, store.Filter{})
	if err != nil || len(n.Rows) != 1 || n.Rows[0].Subject != "user-1" || n.Rows[0].Verdict != domain.VerdictReview {
		t.Errorf("notified %+v, error %v", n.Rows, err)
	}
}

func TestManyWaitingEventsAreFoldedInBatches(t *testing.T) {
	s := newStage(t)
	s.persona.say("approved", nil)
	var events []domain.Event
	for second := range 249 { // alternately pending and completed, and some unreadable
		e := event(second, []string{"pending", "completed"}[second%2])
		if second%100 == 49 {
			e.Body = []byte("{")
		}
		events = append(events, e)
	}
	s.receive(append(events, event(249, "approved"))...)
	s.advance()
	if got := s.status(); got != "approved" {
		t.Errorf("the inquiry is %s", got)
	}
	inbox, err := s.Inbox(t.Context(), domain.Sandbox, []domain.Ref{inquiry}, 1)
	if err != nil || len(inbox[0].Events) != 0 {
		t.Errorf("%d events wait, error %v", len(inbox[0].Events), err)
	}
	s.wantEvent("evt_249", domain.EventApplied)
	s.wantEvent("evt_149", domain.EventPoison)
	s.wantActions() // no action for a decision on past events
	decisions, err := s.Decisions(t.Context(), domain.Sandbox, store.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range decisions.Rows {
		if d.Result != domain.Superseded {
			t.Errorf("decided %+v", d)
		}
	}
}

func TestALateEventDoesNotChangeTheStatus(t *testing.T) {
	s := newStage(t)
	s.receive(event(5, "approved"))
	s.advance()
	s.receive(event(3, "completed"))
	s.advance()
	if got := s.status(); got != "approved" {
		t.Errorf("the status is %s", got)
	}
	s.wantEvent("evt_5", domain.EventApplied)
	s.wantEvent("evt_3", domain.EventStale)
	s.wantRows(0, 0)
}

func TestAnUnreadableEventDoesNotBlockOthers(t *testing.T) {
	s := newStage(t)
	poison := event(1, "created")
	poison.Body = []byte(`{"data":`)
	s.receive(poison, event(2, "completed"))
	s.advance()
	s.wantEvent("evt_1", domain.EventPoison)
	s.wantEvent("evt_2", domain.EventApplied)
	s.wantRows(1, 2)
}

func TestAdvancingTwiceDecidesOnce(t *testing.T) {
	s := newStage(t)
	s.receive(event(1, "completed"))
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			if err := s.work(inquiry); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	s.wantRows(1, 2)
}

func TestAnIncompletePayloadIsCompletedFromPersona(t *testing.T) {
	s := newStage(t)
	s.receive(eventWith(1, "completed", ""))
	s.advance()
	o, err := s.Object(t.Context(), domain.Sandbox, inquiry)
	if err != nil || len(o.Relationships["account"]) != 1 || !o.AsOf.Equal(start.Add(time.Second)) {
		t.Errorf("the object is %+v, error %v", o, err)
	}
}

func TestAReadThatIsOlderThanItsEventDoesNotCompleteAPayload(t *testing.T) {
	s := newStage(t)
	s.persona.say("pending", nil)
	s.persona.asOf = start.Add(-time.Second)
	s.receive(eventWith(1, "approved", ""))
	if err := s.work(inquiry); err == nil {
		t.Error("no error")
	}
	s.wantEvent("evt_1", domain.EventWaiting)
}

func TestADecisionIsSupersededIfTheObjectHasChangedAgain(t *testing.T) {
	s := newStage(t)
	s.persona.say("approved", nil)
	s.receive(event(1, "completed"))
	s.advance()
	if got := s.status(); got != "completed" {
		t.Errorf("the status is %s: an event will tell", got)
	}
	s.wantResult(domain.Superseded)
	s.wantRows(1, 0)
}

func TestADecisionWaitsForFactsThatAreNotOlderThanItsEvent(t *testing.T) {
	s := newStage(t)
	s.persona.say("pending", nil)
	s.persona.asOf = start.Add(-time.Second)
	s.receive(event(1, "completed"))
	if err := s.work(inquiry); err == nil {
		t.Error("no error")
	}
	s.wantEvent("evt_1", domain.EventWaiting)
	s.persona.say("completed", nil)
	s.advance()
	s.wantRows(1, 2)
}

// In an earlier version, a node with a wrong clock marked such an event as done.
func TestAnEventThatPersonaNeverConfirmsLeadsToReviewAfterAFewTries(t *testing.T) {
	for name, clock := range map[string]time.Time{"right": start.Add(time.Minute), "ahead": start.Add(time.Hour), "behind": start.Add(-time.Hour)} {
		t.Run("the clock is "+name, func(t *testing.T) {
			s := newStage(t)
			s.now = clock
			s.persona.say("pending", nil)
			s.persona.asOf = start.Add(-time.Hour)
			s.receive(event(1, "completed"))
			tries := 0
			for s.work(inquiry) != nil {
				s.wantEvent("evt_1", domain.EventWaiting)
				if tries++; tries > 20 {
					t.Fatal("it is retried forever")
				}
			}
			if tries < 3 {
				t.Errorf("it was tried %d times", tries)
			}
			s.wantEvent("evt_1", domain.EventApplied)
			s.wantResult(domain.NotEvaluated)
			s.wantActions(domain.MarkInquiryForReview)
		})
	}
}

func TestEventsWaitWhilePersonaDoesNotAnswer(t *testing.T) {
	s := newStage(t)
	s.persona.say("completed", errors.New("no answer"))
	s.receive(event(1, "completed"))
	if err := s.work(inquiry); err == nil {
		t.Error("no error")
	}
	s.wantEvent("evt_1", domain.EventWaiting)
	s.wantRows(0, 0)
	s.persona.say("completed", nil)
	s.advance()
	s.wantEvent("evt_1", domain.EventApplied)
	s.wantRows(1, 2)
}

func TestAnInquiryThatPersonaDoesNotShowIsMarkedForReviewAfterAFewTries(t *testing.T) {
	s := newStage(t)
	s.persona.say("", fmt.Errorf("read: %w", advance.ErrCannotRead))
	s.receive(event(1, "completed"))
	s.workUntilDone()
	s.wantEvent("evt_1", domain.EventApplied)
	s.wantActions(domain.SetCaseStatus, domain.MarkInquiryForReview)
	for _, a := range s.actions() {
		if a.Spec.Kind == domain.MarkInquiryForReview && (a.State != domain.ActionWaiting || a.Spec.Target != inquiry) {
			t.Errorf("the review of %s is %s", a.Spec.Target, a.State)
		}
	}
}

func TestAnInquiryThatTheKeyMayNotReadIsMarkedForReviewAtOnce(t *testing.T) {
	s := newStage(t)
	s.persona.say("", fmt.Errorf("read: %w", advance.ErrCannotRead))
	s.persona.missing = []string{inquiry.String() + " (403 Forbidden)"}
	s.receive(event(1, "completed"))
	s.advance()
	s.wantEvent("evt_1", domain.EventApplied)
	s.wantActions(domain.SetCaseStatus, domain.MarkInquiryForReview)
}

// Each event can bring a job of its own, and every job's failures count as tries of the event.
func TestJobsOfNewEventsDoNotShortenTheWaitForAnAnswerThatLags(t *testing.T) {
	s := newStage(t)
	s.persona.say("", fmt.Errorf("read: %w", advance.ErrCannotRead))
	s.receive(event(1, "completed"))
	for range 20 {
		s.failures = 0
		if err := s.work(inquiry); err == nil {
			t.Fatal("no error")
		}
	}
	s.wantEvent("evt_1", domain.EventWaiting)
}

func TestAnInquiryThatPersonaShowsALittleLaterIsDecidedOn(t *testing.T) {
	s := newStage(t)
	s.persona.say("", fmt.Errorf("read: %w", advance.ErrCannotRead))
	s.receive(event(1, "completed"))
	if err := s.work(inquiry); err == nil {
		t.Error("no error")
	}
	s.wantEvent("evt_1", domain.EventWaiting)
	s.persona.say("completed", nil)
	s.advance()
	s.wantActions(domain.SetCaseStatus, domain.ApproveInquiry)
}

func TestACaseThatIsReadIsStored(t *testing.T) {
	s := newStage(t)
	s.receive(event(1, "completed"))
	s.advance()
	objects, err := s.SubjectObjects(t.Context(), domain.Sandbox, "user-1")
	if err != nil || len(objects) != 2 || objects[1].Ref.ID != "case_1" && objects[0].Ref.ID != "case_1" {
		t.Errorf("the subject has %+v, error %v", objects, err)
	}
}

func TestACaseThatIsListedForAnInquiryIsAboutItAlsoIfThatIsWithheld(t *testing.T) {
	for name, stored := range map[string]bool{"a new case": false, "a known case": true} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.persona.unnamed = true
			if stored {
				kase := domain.Object{Environment: domain.Sandbox, Ref: domain.Ref{Type: "case", ID: "case_1"}, Status: "Open"}
				if _, err := s.Save(t.Context(), domain.Sandbox, []store.Advance{{Objects: []domain.Object{kase}}}, store.Verdicts{Of: func([]domain.Object) domain.Subject { return domain.Subject{} }}); err != nil {
					t.Fatal(err)
				}
			}
			s.receive(event(1, "completed"))
			s.advance()
			objects, err := s.SubjectObjects(t.Context(), domain.Sandbox, "user-1")
			if err != nil || !slices.ContainsFunc(objects, func(o domain.Object) bool { return o.Ref.ID == "case_1" }) {
				t.Errorf("the subject has %+v, error %v", objects, err)
			}
		})
	}
}

func TestHistoryThatAWebhookDeliversDuringAReadIsDecidedOn(t *testing.T) {
	s := newStage(t)
	delivered := eventWith(1, "completed", "") // its payload is incomplete, so it needs a read
	old := delivered
	old.Via = domain.ViaHistory
	s.receive(old)
	s.persona.onRead = func() { s.receive(delivered); s.persona.onRead = nil }
	s.advance() // the worker that reads also processes the events that arrive during the read
	s.wantRows(1, 2)
	s.wantEvent("evt_1", domain.EventStale)
}

func TestAnObjectWithoutWaitingEventsIsNotRead(t *testing.T) {
	s := newStage(t)
	s.advance()
	if s.persona.reads != 0 {
		t.Errorf("%d reads", s.persona.reads)
	}
}
