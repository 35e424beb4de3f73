package perform_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/idemhq/idem/internal/advance"
	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/perform"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/internal/telemetry"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outbox contains one action and records each state it is saved in.
type outbox struct {
	mu      sync.Mutex
	action  domain.Action
	saved   []domain.Action
	entries []audit.Entry
	notes   []domain.Notification
	claimed bool
}

func (o *outbox) Claim(context.Context, domain.Environment, domain.Ref) (store.Claim, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.claimed {
		return store.Claim{}, false, nil
	}
	o.claimed = true
	return store.Claim{}, true, nil
}

func (o *outbox) Release(context.Context, store.Claim) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.claimed = false
	return false, nil
}

func (o *outbox) Action(_ context.Context, env domain.Environment, id string) (domain.Action, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.action.ID != id || o.action.Environment != env {
		return domain.Action{}, store.ErrNotFound
	}
	return o.action, nil
}

func (o *outbox) SaveAction(_ context.Context, a domain.Action, n []domain.Notification, log []audit.Entry) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.action.State != domain.ActionWaiting || o.action.Version != a.Version {
		return 0, store.ErrChanged
	}
	a.Version++
	o.action = a
	o.saved = append(o.saved, a)
	o.entries = append(o.entries, log...)
	o.notes = append(o.notes, n...)
	return a.Version, nil
}

// stage is a performer with a sandbox, a manual clock, and one action in the outbox.
type stage struct {
	*outbox
	t         *testing.T
	sandbox   *sandbox.Server
	client    *persona.Client
	performer *perform.Performer
	now       time.Time
}

func newStage(t *testing.T, options sandbox.Options, spec domain.ActionSpec) *stage {
	t.Helper()
	if options.RateLimit == 0 {
		options.RateLimit = 10_000
	}
	s := &stage{t: t, sandbox: sandbox.NewServer(t, options), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s.client = s.sandbox.Client(persona.WithMaxRetries(0))
	inquiry, err := s.client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		t.Fatal(err)
	}
	if spec.Target.IsZero() {
		spec.Target = domain.Ref{Type: "inquiry", ID: inquiry.ID}
	}
	s.outbox = &outbox{action: domain.Action{
		ID: "axn_1", Environment: domain.Sandbox, DecisionID: "dec_1", Spec: spec, DerivedKey: "idem-key", IdempotencyKey: "idem-key", KeyMadeAt: s.now,
		State: domain.ActionWaiting, CreatedAt: s.now,
	}}
	reader := advance.Persona{Client: s.client, Environment: domain.Sandbox}
	environments := map[domain.Environment]perform.Deps{
		domain.Sandbox: {Client: s.client, Reader: reader, KeepResults: true}, domain.Production: {Client: s.client, Reader: reader},
	}
	s.performer = perform.New(s.outbox, environments, telemetry.New(), slog.New(slog.DiscardHandler), func() time.Time { return s.now })
	return s
}

// perform makes one attempt when it is due.
func (s *stage) perform() domain.Action {
	s.t.Helper()
	if next := s.action.NextAttemptAt; next.After(s.now) {
		s.now = next
	}
	if err := s.performer.Perform(s.t.Context(), s.action.Environment, "axn_1"); err != nil {
		s.t.Fatal(err)
	}
	return s.action
}

// calls returns the idempotency keys of an operation's calls, oldest first.
func (s *stage) calls(operation string) []string {
	var keys []string
	for _, call := range s.sandbox.Calls("sandbox") {
		if call.Operation == operation {
			keys = append(keys, call.IdempotencyKey)
		}
	}
	return keys
}

func (s *stage) must(_ any, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestPerform(t *testing.T) {
	approve := domain.ActionSpec{Kind: domain.ApproveInquiry}
	fault := func(f sandbox.Fault) func(*stage) {
		return func(s *stage) {
			f.Operation = "Inquiries.Approve"
			if err := s.sandbox.AddFault(f); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		spec     domain.ActionSpec
		prepare  func(*stage)
		attempts int // number of attempts; default 1
		want     domain.ActionState
		calls    int
	}{
		"a call is made once": {spec: approve, want: domain.ActionDone, calls: 1},
		"an effect that is already there is not repeated": {
			spec: approve, want: domain.ActionAlreadyDone, calls: 0,
			prepare: func(s *stage) {
				s.must(s.client.Inquiries.Approve(s.t.Context(), s.action.Spec.Target.ID, persona.InquiryApproveParams{}))
			},
		},
		"an action is dropped if somebody decided otherwise": {
			spec: approve, want: domain.ActionDropped, calls: 0,
			prepare: func(s *stage) {
				s.must(s.client.Inquiries.Decline(s.t.Context(), s.action.Spec.Target.ID, persona.InquiryDeclineParams{}))
			},
		},
		"a reviewer's decision is not overruled": {
			spec: domain.ActionSpec{Kind: domain.ApproveInquiry, Expects: "created"}, want: domain.ActionDropped, calls: 0,
			prepare: func(s *stage) { s.must(s.client.Inquiries.MarkForReview(s.t.Context(), s.action.Spec.Target.ID)) },
		},
		"an inquiry in the expected status is approved": {
			spec: domain.ActionSpec{Kind: domain.ApproveInquiry, Expects: "created"}, want: domain.ActionDone, calls: 1,
		},
		"a redacted object is left alone": {
			spec: approve, want: domain.ActionDropped, calls: 0,
			prepare: func(s *stage) { s.must(s.client.Inquiries.Redact(s.t.Context(), s.action.Spec.Target.ID)) },
		},
		"an effect despite a 500 is detected": {
			spec: approve, want: domain.ActionAlreadyDone, calls: 1, attempts: 2, prepare: fault(sandbox.Fault{Kind: sandbox.FaultStatusAfter}),
		},
		"a 500 without effect is retried": {
			spec: approve, want: domain.ActionDone, calls: 2, attempts: 2, prepare: fault(sandbox.Fault{Kind: sandbox.FaultStatusBefore}),
		},
		"a 409 that the state does not explain is retried": {
			spec: approve, want: domain.ActionDone, calls: 2, attempts: 2, prepare: fault(sandbox.Fault{Kind: sandbox.FaultStatusBefore, Status: 409}),
		},
		"a persistent 409 makes the action dead": {
			spec: approve, want: domain.ActionDead, calls: 5, attempts: 5, prepare: fault(sandbox.Fault{Kind: sandbox.FaultStatusBefore, Status: 409, Times: 9}),
		},
		"a rejection makes the action dead": {
			spec: approve, want: domain.ActionDead, calls: 1, prepare: fault(sandbox.Fault{Kind: sandbox.FaultStatusBefore, Status: 422}),
		},
		"an action is given up after many 5xx answers": {
			spec: approve, want: domain.ActionDead, calls: 20, attempts: 20, prepare: fault(sandbox.Fault{Kind: sandbox.FaultStatusBefore, Times: 30}),
		},
		"an unknown object makes the action dead": {
			spec: domain.ActionSpec{Kind: domain.ApproveInquiry, Target: domain.Ref{Type: "inquiry", ID: "inq_nobody"}}, want: domain.ActionDead,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, sandbox.Options{}, test.spec)
			before := 0
			if test.prepare != nil {
				test.prepare(s)
				before = len(s.calls("Inquiries.Approve"))
			}
			for i := range max(1, test.attempts) {
				if s.action.State != domain.ActionWaiting {
					t.Fatalf("%s after %d attempts: %s", s.action.State, i, s.action.Outcome)
				}
				s.perform()
			}
			if s.action.State != test.want {
				t.Errorf("%s (%s), want %s", s.action.State, s.action.Outcome, test.want)
			}
			if n := len(s.calls("Inquiries.Approve")) - before; n != test.calls {
				t.Errorf("%d calls, want %d", n, test.calls)
			}
			if s.action.Outcome == "" || len(s.entries) != 1 || s.entries[0].What != "action."+string(test.want) {
				t.Errorf("the outcome is %q, the trail %+v", s.action.Outcome, s.entries)
			}
			if before := len(s.saved); s.perform().State != test.want || len(s.saved) != before {
				t.Error("a finished action was performed again")
			}
		})
	}
}

func TestACaseThatAReviewerChangedKeepsItsStatus(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	c, err := s.client.Cases.Create(t.Context(), persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID})
	s.must(c, err)
	s.action.Spec = domain.ActionSpec{
		Kind: domain.SetCaseStatus, Target: domain.Ref{Type: "case", ID: c.ID}, Arguments: map[string]string{"status": "Approved"}, Expects: "Open",
	}
	s.must(s.client.Cases.SetStatus(t.Context(), c.ID, persona.CaseSetStatusParams{Status: "Pending"}))
	if a := s.perform(); a.State != domain.ActionDropped {
		t.Errorf("%s (%s)", a.State, a.Outcome)
	}
	got, err := s.client.Cases.Get(t.Context(), c.ID)
	s.must(got, err)
	if got.Attributes.Status != "Pending" {
		t.Errorf("the case is %s", got.Attributes.Status)
	}
}

func TestACallWhoseAnswerWasLostTakesEffectOnce(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	s.must(nil, s.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultLostAnswer, Operation: "Inquiries.Approve", Times: 2}))
	for s.action.State == domain.ActionWaiting && s.action.Attempts < 5 {
		s.perform()
	}
	if s.action.State != domain.ActionDone && s.action.State != domain.ActionAlreadyDone {
		t.Errorf("%s: %s", s.action.State, s.action.Outcome)
	}
	for _, key := range s.calls("Inquiries.Approve") {
		if key != "idem-key" {
			t.Errorf("the key %q was used, not the one that was stored", key)
		}
	}
	effects := 0
	for _, err := range s.client.Events.List(t.Context(), persona.EventListParams{Name: "inquiry.approved", ObjectID: s.action.Spec.Target.ID}) {
		s.must(nil, err)
		effects++
	}
	if effects != 1 {
		t.Errorf("the inquiry was approved %d times", effects)
	}
}

func TestALinkWhoseAnswerABadGatewayLostIsMadeOnce(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.GenerateOneTimeLink})
	for _, f := range []sandbox.Fault{
		{Kind: sandbox.FaultStatusAfter, Status: 503},
		{Kind: sandbox.FaultStatusBefore, Status: 502, Times: 10},
	} {
		f.Operation = "Inquiries.GenerateOneTimeLink"
		s.must(nil, s.sandbox.AddFault(f))
	}
	for range 12 {
		s.perform()
	}
	if s.action.State != domain.ActionDone {
		t.Fatalf("%s: %s", s.action.State, s.action.Outcome)
	}
	if keys := s.calls("Inquiries.GenerateOneTimeLink"); len(keys) != 12 || slices.ContainsFunc(keys, func(k string) bool { return k != "idem-key" }) {
		t.Errorf("the keys %q were used", keys)
	}
}

func TestALinkWhoseAnswerWasLostIsNotMadeAgainUnderANewKey(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.GenerateOneTimeLink})
	s.must(nil, s.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultStatusAfter, Status: 503, Operation: "Inquiries.GenerateOneTimeLink", Times: 1}))
	s.perform()
	s.now = s.now.Add(25 * time.Hour) // in the meantime nothing ran, and Persona forgot the key
	if s.perform(); s.action.State != domain.ActionDead || !strings.Contains(s.action.Outcome, "may have taken effect") {
		t.Errorf("%s: %s", s.action.State, s.action.Outcome)
	}
	if calls := s.calls("Inquiries.GenerateOneTimeLink"); len(calls) != 1 {
		t.Errorf("%d calls were made", len(calls))
	}
}

func TestALinkIsNotMadeAgainAfterACrash(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.GenerateOneTimeLink})
	before := s.action
	s.perform()
	s.action = s.saved[0] // as if the process had crashed before it stored the answer
	if s.action.State != domain.ActionWaiting || s.action.IdempotencyKey != before.IdempotencyKey {
		t.Fatalf("what was stored first is %s under %s", s.action.State, s.action.IdempotencyKey)
	}
	s.now = s.now.Add(25 * time.Hour)
	if s.perform(); s.action.State != domain.ActionDead {
		t.Errorf("%s: %s", s.action.State, s.action.Outcome)
	}
}

func TestALinkThatWasNeverRequestedIsMadeAfterALongOutage(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.GenerateOneTimeLink})
	s.now = s.now.Add(25 * time.Hour)
	if s.perform(); s.action.State != domain.ActionDone {
		t.Errorf("%s: %s", s.action.State, s.action.Outcome)
	}
}

func TestNewKeysAreUsedWhileAGatewayKeepsFailing(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	s.must(nil, s.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultCachedStatus, Operation: "Inquiries.Approve", Status: 503}))
	for s.action.State == domain.ActionWaiting && s.action.Attempts < 8 {
		s.perform()
	}
	if keys := slices.Compact(s.calls("Inquiries.Approve")); s.action.State != domain.ActionDone || s.action.Attempts != 6 || len(keys) != 2 {
		t.Errorf("%s after %d attempts with the keys %q", s.action.State, s.action.Attempts, keys)
	}
}

// Seed 2958322140 of the simulation: four keys in a row had a stored 502, and the action
// was given up.
func TestStoredAnswersOfAGatewayDoNotExhaustAllAttempts(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	s.must(nil, s.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultCachedStatus, Operation: "Inquiries.Approve", Status: 502, Times: 17}))
	for s.action.State == domain.ActionWaiting {
		s.perform()
	}
	if s.action.State != domain.ActionDone {
		t.Errorf("%s: %s", s.action.State, s.action.Outcome)
	}
}

func TestEveryKindOfActionHasItsEffect(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.SimulateInquiry, Arguments: map[string]string{"actions": "start_inquiry complete_inquiry"}})
	inquiry := s.action.Spec.Target
	kase, err := s.client.Cases.Create(t.Context(), persona.CaseCreateParams{CaseTemplateID: sandbox.CaseTemplateID, ObjectIDs: persona.Set([]string{inquiry.ID})})
	if err != nil {
		t.Fatal(err)
	}
	ofCase := domain.Ref{Type: "case", ID: kase.ID}
	account, err := s.client.Accounts.Create(t.Context(), persona.AccountCreateParams{})
	if err != nil {
		t.Fatal(err)
	}
	reader := advance.Persona{Client: s.client, Environment: domain.Sandbox}
	tagged := func(o domain.Object) bool { return strings.Contains(string(o.Attributes["tags"]), "VIP") }
	is := func(status string) func(domain.Object) bool {
		return func(o domain.Object) bool { return o.Status == status }
	}
	tag := map[string]string{"tag": "VIP"}
	for i, step := range []struct {
		spec domain.ActionSpec
		then func(domain.Object) bool
	}{
		{domain.ActionSpec{Kind: domain.SimulateInquiry, Target: inquiry, Arguments: map[string]string{"actions": "start_inquiry complete_inquiry"}}, is("completed")},
		{domain.ActionSpec{Kind: domain.TagInquiry, Target: inquiry, Arguments: tag}, tagged},
		{domain.ActionSpec{Kind: domain.TagCase, Target: ofCase, Arguments: tag}, tagged},
		{domain.ActionSpec{Kind: domain.TagAccount, Target: domain.Ref{Type: "account", ID: account.ID}, Arguments: tag}, tagged},
		{domain.ActionSpec{Kind: domain.MarkInquiryForReview, Target: inquiry}, is("needs_review")},
		{domain.ActionSpec{Kind: domain.SetCaseStatus, Target: ofCase, Arguments: map[string]string{"status": "Approved"}}, is("Approved")},
		{domain.ActionSpec{Kind: domain.DeclineInquiry, Target: inquiry}, is("declined")},
	} {
		s.action.Spec, s.action.State, s.action.IdempotencyKey = step.spec, domain.ActionWaiting, "idem-step-"+string(rune('a'+i))
		if got := s.perform(); got.State != domain.ActionDone {
			t.Fatalf("%s: %s, %s", step.spec.Kind, got.State, got.Outcome)
		}
		o, err := reader.Object(t.Context(), step.spec.Target)
		if err != nil || !step.then(o) {
			t.Errorf("%s: the object is %s with tags %s, error %v", step.spec.Kind, o.Status, o.Attributes["tags"], err)
		}
	}
}

func TestAOneTimeLinkIsOnlyInTheResult(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.GenerateOneTimeLink})
	a := s.perform()
	var result struct {
		Link string `json:"one_time_link"`
	}
	if err := json.Unmarshal(a.Result, &result); err != nil || !strings.Contains(result.Link, "/verify?") {
		t.Fatalf("the result is %s, error %v", a.Result, err)
	}
	if strings.Contains(a.Outcome+s.entries[0].Detail, result.Link) {
		t.Error("the outcome or the audit trail contains the link")
	}
}

// Without encryption, a link is not stored, and the action says how to get another.
func TestAOneTimeLinkIsNotStoredInTheClear(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.GenerateOneTimeLink})
	deps := map[domain.Environment]perform.Deps{domain.Sandbox: {Client: s.client, Reader: advance.Persona{Client: s.client, Environment: domain.Sandbox}}}
	s.performer = perform.New(s.outbox, deps, telemetry.New(), slog.New(slog.DiscardHandler), func() time.Time { return s.now })
	a := s.perform()
	if a.State != domain.ActionDone || a.Result != nil || !strings.Contains(a.Outcome, "secrets_key") || !strings.Contains(a.Outcome, "/verifications") {
		t.Errorf("the action is %s with %d bytes of result: %s", a.State, len(a.Result), a.Outcome)
	}
	for _, saved := range s.saved {
		if len(saved.Result) > 0 {
			t.Error("the result was saved")
		}
	}
	if calls := s.calls("Inquiries.GenerateOneTimeLink"); len(calls) != 1 {
		t.Errorf("%d calls were made", len(calls))
	}
}

func TestTheKeyIsStoredBeforeItIsUsed(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	s.now = s.now.Add(24 * time.Hour)
	s.perform()
	used := s.calls("Inquiries.Approve")
	if len(used) != 1 || used[0] == "idem-key" || len(s.saved) != 2 || s.saved[0].IdempotencyKey != used[0] || s.saved[0].State != domain.ActionWaiting {
		t.Errorf("the keys %q were used, saved were %+v", used, s.saved)
	}

	s = newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	s.now = s.now.Add(22 * time.Hour)
	s.perform()
	if used := s.calls("Inquiries.Approve"); len(used) != 1 || used[0] != "idem-key" {
		t.Errorf("the keys %q were used for an action that is 22 hours old", used)
	}
}

func TestWaitingForTheRateLimitIsNotAnAttempt(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	for range 3 {
		s.must(nil, s.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultStatusBefore, Operation: "Inquiries.Approve", Status: 429}))
	}
	for range 3 {
		if a := s.perform(); a.State != domain.ActionWaiting || a.Attempts != 0 || !a.NextAttemptAt.After(s.now) || a.IdempotencyKey != "idem-key" {
			t.Fatalf("after a 429: %+v", a)
		}
	}
	if a := s.perform(); a.State != domain.ActionDone || a.Attempts != 1 {
		t.Errorf("%s after %d attempts: %s", a.State, a.Attempts, a.Outcome)
	}
}

// Persona's windows last a minute. Whatever a 429 says, the action is soon tried again.
func TestAnActionDoesNotWaitForAYear(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	year := func(next persona.Doer) persona.Doer {
		return func(r *http.Request) (*http.Response, error) {
			res, err := next(r)
			if err == nil && res.StatusCode == http.StatusTooManyRequests {
				res.Header.Set("RateLimit-Remaining", "0")
				res.Header.Set("RateLimit-Reset", "31536000")
				res.Header.Set("Retry-After", "31536000")
			}
			return res, err
		}
	}
	reader := advance.Persona{Client: s.client, Environment: domain.Sandbox}
	s.client = s.sandbox.Client(persona.WithMaxRetries(0), persona.WithMiddleware(year))
	s.performer = perform.New(s.outbox, map[domain.Environment]perform.Deps{domain.Sandbox: {Client: s.client, Reader: reader}}, telemetry.New(),
		slog.New(slog.DiscardHandler), func() time.Time { return s.now })
	s.must(nil, s.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultStatusBefore, Operation: "Inquiries.Approve", Status: 429}))
	if err := s.performer.Perform(t.Context(), domain.Sandbox, "axn_1"); err != nil {
		t.Fatal(err)
	}
	if wait := s.action.NextAttemptAt.Sub(s.now); s.action.State != domain.ActionWaiting || wait <= 0 || wait > time.Hour {
		t.Errorf("it is %s and waits %s", s.action.State, wait)
	}
}

func TestAnActionThatIsNotDueIsSnoozed(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	s.action.NextAttemptAt = s.now.Add(time.Second)
	err := s.performer.Perform(t.Context(), domain.Sandbox, "axn_1")
	if early := (store.NotDue{}); !errors.As(err, &early) || early.Wait != time.Second || len(s.saved) != 0 {
		t.Errorf("saved %+v, error %v", s.saved, err)
	}
}

func TestAnActionThatAClockAheadHasScheduledIsPerformed(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	s.action.NextAttemptAt = s.now.Add(3 * time.Hour)
	if a := s.perform(); a.State != domain.ActionDone {
		t.Errorf("it is %s: %s", a.State, a.Outcome)
	}
}

func TestAConflictOnAReadCausesNoSecondRead(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
	for range 5 {
		s.must(nil, s.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultStatusBefore, Operation: "Inquiries.Get", Status: 409}))
	}
	if a := s.perform(); a.State != domain.ActionWaiting || a.Attempts != 1 {
		t.Errorf("%s after %d attempts: %s", a.State, a.Attempts, a.Outcome)
	}
	if reads := s.calls("Inquiries.Get"); len(reads) != 1 {
		t.Errorf("the inquiry was read %d times in one attempt", len(reads))
	}
}

func TestProductionRejectsSimulateActionsBeforeAnyCall(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.SimulateInquiry, Arguments: map[string]string{"actions": "complete_inquiry"}})
	s.action.Environment = domain.Production
	before := len(s.sandbox.Calls("sandbox"))
	if a := s.perform(); a.State != domain.ActionDead || len(s.notes) != 1 {
		t.Errorf("%s: %s", a.State, a.Outcome)
	}
	if n := len(s.sandbox.Calls("sandbox")) - before; n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

func TestOnlyALateActionIsConfirmedBeforeItsCall(t *testing.T) {
	for name, test := range map[string]struct {
		after time.Duration
		why   string
		asked int
		want  domain.ActionState
		calls int
	}{
		"a decision by a clock that was ahead is late": {after: -time.Hour, asked: 1, want: domain.ActionDone, calls: 1},
		"a recent decision holds":                      {after: time.Minute, why: "a report has found a match", want: domain.ActionDone, calls: 1},
		"a late action that still stands is made":      {after: time.Hour, asked: 1, want: domain.ActionDone, calls: 1},
		"a late action that does not stand is dropped": {after: time.Hour, why: "a report has found a match", asked: 1, want: domain.ActionDropped},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.ApproveInquiry})
			asked := 0
			deps := perform.Deps{Client: s.client, Reader: advance.Persona{Client: s.client, Environment: domain.Sandbox}, Confirm: func(_ context.Context, late domain.Action) (string, error) {
				asked++
				return test.why, nil
			}}
			s.performer = perform.New(s.outbox, map[domain.Environment]perform.Deps{domain.Sandbox: deps}, telemetry.New(), slog.New(slog.DiscardHandler), func() time.Time { return s.now })
			s.now = s.now.Add(test.after)
			a := s.perform()
			if a.State != test.want || asked != test.asked || len(s.calls("Inquiries.Approve")) != test.calls {
				t.Errorf("it is %s (%s) after %d confirmations and the calls %q", a.State, a.Outcome, asked, s.calls("Inquiries.Approve"))
			}
		})
	}
}

// A proxy in front of Persona can mix up answers.
func TestALinkToAnotherInquiryIsNotKept(t *testing.T) {
	s := newStage(t, sandbox.Options{}, domain.ActionSpec{Kind: domain.GenerateOneTimeLink})
	other, err := s.client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID)})
	if err != nil {
		t.Fatal(err)
	}
	client := s.sandbox.Client(persona.WithMaxRetries(0), persona.WithMiddleware(func(next persona.Doer) persona.Doer {
		return func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				r = r.Clone(r.Context())
				r.URL.Path = strings.Replace(r.URL.Path, s.action.Spec.Target.ID, other.ID, 1)
			}
			return next(r)
		}
	}))
	deps := perform.Deps{Client: client, Reader: advance.Persona{Client: s.client, Environment: domain.Sandbox}, KeepResults: true}
	s.performer = perform.New(s.outbox, map[domain.Environment]perform.Deps{domain.Sandbox: deps}, telemetry.New(), slog.New(slog.DiscardHandler), func() time.Time { return s.now })
	if a := s.perform(); a.State != domain.ActionWaiting || len(a.Result) != 0 {
		t.Errorf("it is %s with the result %s", a.State, a.Result)
	}
}
