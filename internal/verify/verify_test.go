package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/store/sqlite"
	"github.com/idemhq/idem/internal/store/sqlite/sqlitetest"
	"github.com/idemhq/idem/internal/verify"
	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox"
)

// world is a verifier on SQLite that calls a sandbox. Both have the same clock.
type world struct {
	t        *testing.T
	sandbox  *sandbox.Server
	db       *sqlite.DB
	store    verify.Store // db, or something in front of it
	settings verify.Settings
	verifier *verify.Verifier

	mu   sync.Mutex
	each func(next persona.Doer, r *http.Request) (*http.Response, error) // of each request to Persona; nil for nothing
}

func newWorld(t *testing.T, change func(*verify.Flow)) *world {
	t.Helper()
	w := &world{t: t, sandbox: sandbox.NewServer(t, sandbox.Options{RateLimit: 100_000})}
	var err error
	if w.db, err = sqlite.Open(t.Context(), sqlitetest.New(t)); err != nil {
		t.Fatal(err)
	}
	w.store = w.db
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	f := verify.Flow{Name: "kyc", Template: sandbox.InquiryTemplateID}
	if change != nil {
		change(&f)
	}
	client := w.sandbox.Client(persona.WithMaxRetries(0), persona.WithMiddleware(func(next persona.Doer) persona.Doer {
		return func(r *http.Request) (*http.Response, error) {
			w.mu.Lock()
			each := w.each
			w.mu.Unlock()
			if each == nil {
				return next(r)
			}
			return each(next, r)
		}
	}))
	w.settings = verify.Settings{Client: client, Flows: []verify.Flow{f}, Verdicts: fold.VerdictRules{Reapply: fold.ReapplyReview}}
	w.verifier = w.another()
	return w
}

// another returns a verifier on the same database that shares no calls with others, as on
// another node.
func (w *world) another() *verify.Verifier {
	return verify.New(w.store, map[domain.Environment]verify.Settings{domain.Sandbox: w.settings}, slog.New(slog.DiscardHandler), w.sandbox.Now)
}

// during lets f see every request to Persona.
func (w *world) during(f func(next persona.Doer, r *http.Request) (*http.Response, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.each = f
}

func (w *world) verify(fields string) (verify.Answer, error) {
	var values verify.Fields
	if fields != "" {
		if err := json.Unmarshal([]byte(fields), &values); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.verifier.Verify(w.t.Context(), verify.Request{Environment: domain.Sandbox, Reference: "user-1", Flow: "kyc", Fields: values, Actor: "test"})
}

func (w *world) mustVerify(want verify.Action) verify.Answer {
	w.t.Helper()
	a, err := w.verify("")
	if err != nil {
		w.t.Fatal(err)
	}
	if a.Action != want {
		w.t.Fatalf("it %s (%s), want %s", a.Action, a.Reason, want)
	}
	return a
}

// inquiries counts the subject's inquiries at the sandbox.
func (w *world) inquiries() (n int) {
	w.t.Helper()
	for _, err := range w.sandbox.Client().Inquiries.List(w.t.Context(), persona.InquiryListParams{ReferenceID: "user-1"}) {
		if err != nil {
			w.t.Fatal(err)
		}
		n++
	}
	return n
}

func creates(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/inquiries")
}

func lists(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/inquiries")
}

var errLost = errors.New("the connection was cut")

// losing performs the request that creates an inquiry, and loses the answer.
func losing(next persona.Doer, r *http.Request) (*http.Response, error) {
	if !creates(r) {
		return next(r)
	}
	res, err := next(r)
	if err != nil {
		return nil, err
	}
	res.Body.Close()
	return nil, errLost
}

// hiding makes lists of inquiries empty, as if Persona's lists were behind.
func hiding(next persona.Doer, r *http.Request) (*http.Response, error) {
	res, err := next(r)
	if err != nil || !lists(r) {
		return res, err
	}
	res.Body.Close()
	res.Body = io.NopCloser(strings.NewReader(`{"data":[],"links":{"prev":null,"next":null}}`))
	return res, nil
}

// failing answers the request that creates an inquiry with a status, after it took effect or
// before.
func failing(status int, effect bool) func(persona.Doer, *http.Request) (*http.Response, error) {
	return func(next persona.Doer, r *http.Request) (*http.Response, error) {
		if !creates(r) {
			return next(r)
		}
		if effect {
			res, err := next(r)
			if err != nil {
				return nil, err
			}
			res.Body.Close()
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"errors":[{"title":"made up"}]}`)), Request: r}, nil
	}
}

// The answer is lost, and Persona's list does not show the inquiry yet: only the key keeps
// the next call from creating another one.
func TestALostAnswerThatNoListShowsMakesNoSecondInquiry(t *testing.T) {
	w := newWorld(t, nil)
	w.during(losing)
	if a, err := w.verify(""); !errors.Is(err, persona.ErrOutcomeUnknown) {
		t.Fatalf("the first call: %+v, error %v", a, err)
	}
	w.during(hiding)
	w.mustVerify(verify.ActionCreated) // Persona repeats its answer
	if n := w.inquiries(); n != 1 {
		t.Errorf("there are %d inquiries", n)
	}
}

// The next call has other fields, so Persona rejects the same key, and no list shows the
// inquiry yet: the call waits until one does.
func TestALostAnswerOfADifferentRequestMakesNoSecondInquiry(t *testing.T) {
	w := newWorld(t, nil)
	w.during(losing)
	if _, err := w.verify(`{"name-first":"One"}`); err == nil {
		t.Fatal("the first call succeeded")
	}
	w.during(hiding)
	for range 3 {
		if a, err := w.verify(`{"name-first":"Two"}`); !errors.Is(err, verify.ErrUncertain) {
			t.Fatalf("the next call: %+v, error %v", a, err)
		}
		w.sandbox.Advance(19 * time.Second)
	}
	w.during(nil)
	w.mustVerify(verify.ActionReused)
	if n := w.inquiries(); n != 1 {
		t.Errorf("there are %d inquiries", n)
	}
}

// After a day Persona has forgotten the key: only the list keeps the next call from creating
// another inquiry.
func TestALostAnswerIsFoundWhenTheKeyHasExpired(t *testing.T) {
	w := newWorld(t, nil)
	w.during(losing)
	if _, err := w.verify(""); err == nil {
		t.Fatal("the first call succeeded")
	}
	w.during(nil)
	w.sandbox.Advance(25 * time.Hour) // the inquiry has expired as well: it was the first attempt
	if a := w.mustVerify(verify.ActionCreated); a.Verification.Attempts != 2 {
		t.Errorf("after the inquiry expired: %+v", a.Verification)
	}
	if n := w.inquiries(); n != 2 {
		t.Errorf("there are %d inquiries", n)
	}
}

// A key that Persona has forgotten and that had no effect is replaced.
func TestAnExpiredKeyIsReplaced(t *testing.T) {
	w := newWorld(t, nil)
	w.during(failing(http.StatusServiceUnavailable, false))
	if _, err := w.verify(""); err == nil {
		t.Fatal("the first call succeeded")
	}
	before, err := w.db.VerificationOf(t.Context(), domain.Sandbox, "user-1", "kyc")
	if err != nil || !before.Starting {
		t.Fatalf("%+v, error %v", before, err)
	}
	w.during(nil)
	w.sandbox.Advance(24 * time.Hour)
	if a := w.mustVerify(verify.ActionCreated); a.Verification.IdempotencyKey == before.IdempotencyKey || a.Verification.Attempts != 1 {
		t.Errorf("it is %+v", a.Verification)
	}
}

// Persona stores a 500 under the key, so that the key is useless, and may have created an
// inquiry that no list shows yet. Another is created only when the lists must show it.
func TestAServerErrorMakesNoSecondInquiry(t *testing.T) {
	for name, effect := range map[string]bool{"after the effect": true, "before it": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.during(failing(http.StatusInternalServerError, effect))
			if _, err := w.verify(""); !errors.Is(err, verify.ErrUncertain) {
				t.Fatalf("the first call: %v", err)
			}
			w.during(hiding)
			w.sandbox.Advance(50 * time.Second)
			if _, err := w.verify(""); !errors.Is(err, verify.ErrUncertain) {
				t.Fatalf("within a minute: %v", err)
			}
			w.sandbox.Advance(11 * time.Second)
			w.during(nil)
			want := map[bool]verify.Action{true: verify.ActionReused, false: verify.ActionCreated}[effect]
			w.mustVerify(want)
			if n := w.inquiries(); n != 1 {
				t.Errorf("there are %d inquiries", n)
			}
		})
	}
}

// A gateway's error is not supposed to be stored, but if it is, the subject is not locked out
// until the key expires.
func TestAGatewayErrorThatPersonaStoredLocksNobodyOut(t *testing.T) {
	w := newWorld(t, nil)
	w.during(failing(http.StatusBadGateway, false))
	for range 12 {
		if _, err := w.verify(""); err == nil || errors.Is(err, verify.ErrUncertain) && w.inquiries() > 0 {
			t.Fatalf("a call: %v", err)
		}
		w.sandbox.Advance(time.Minute)
	}
	w.during(nil)
	if a := w.mustVerify(verify.ActionCreated); a.Verification.Starts != 2 {
		t.Errorf("it is %+v", a.Verification)
	}
}

// A request that Persona rejects has no effect, and the next call may be different.
func TestARejectedRequestIsOver(t *testing.T) {
	w := newWorld(t, nil)
	_, err := w.verify(`{"no-such-field":1}`)
	if _, rejected := verify.Rejection(err); !rejected {
		t.Fatalf("the first call: %v", err)
	}
	if a := w.mustVerify(verify.ActionCreated); a.Verification.Attempts != 1 {
		t.Errorf("it is %+v", a.Verification)
	}
}

// An inquiry that somebody created elsewhere is the live one.
func TestAnInquiryFromElsewhereIsReused(t *testing.T) {
	for name, test := range map[string]struct {
		steps []string
		want  verify.Action
	}{
		"created":               {nil, verify.ActionReused},
		"pending":               {[]string{"start_inquiry"}, verify.ActionReused},
		"in review":             {[]string{"start_inquiry", "mark_for_review_inquiry"}, verify.ActionReused},
		"failed":                {[]string{"start_inquiry", "fail_inquiry"}, verify.ActionCreated},
		"expired":               {[]string{"expire_inquiry"}, verify.ActionCreated},
		"approved a moment ago": {[]string{"start_inquiry", "approve_inquiry"}, verify.ActionReused},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			client := w.sandbox.Client()
			made, err := client.Inquiries.Create(t.Context(), persona.InquiryCreateParams{
				InquiryTemplateID: persona.Set(sandbox.InquiryTemplateID), AutoCreateAccountReferenceID: persona.Set("user-1"),
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range test.steps {
				if _, err := client.Inquiries.PerformSimulateActions(t.Context(), made.ID, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{{Type: step}}}); err != nil {
					t.Fatal(err)
				}
			}
			if a := w.mustVerify(test.want); (a.Inquiry.ID == made.ID) != (test.want == verify.ActionReused) {
				t.Errorf("it names %s, and %s is from elsewhere", a.Inquiry.ID, made.ID)
			}
		})
	}
}

// In an embedded flow, the person gets a session token.
func TestAnEmbeddedFlowHasSessionTokens(t *testing.T) {
	w := newWorld(t, func(f *verify.Flow) { f.Mode = verify.ModeEmbedded })
	first := w.mustVerify(verify.ActionCreated)
	again := w.mustVerify(verify.ActionReused)
	for name, a := range map[string]verify.Answer{"the first call": first, "the second": again} {
		if a.Entry.SessionToken == "" || a.Entry.Link != "" || a.Entry.ExpiresAt.IsZero() {
			t.Errorf("%s gives a token: %v, a link: %v, until %v", name, a.Entry.SessionToken != "", a.Entry.Link != "", a.Entry.ExpiresAt)
		}
	}
	w.during(func(next persona.Doer, r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.URL.Path, "/resume") {
			return next(r)
		}
		return &http.Response{StatusCode: http.StatusConflict, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{}`)), Request: r}, nil
	})
	if a := w.mustVerify(verify.ActionReused); a.Entry.SessionToken != "" || a.Inquiry.ID != first.Inquiry.ID {
		t.Errorf("a created inquiry that Persona does not resume: %+v", a.Inquiry)
	}
}

// A link ends when its inquiry does, however long the flow allows.
func TestALinkEndsWithItsInquiry(t *testing.T) {
	for life, want := range map[time.Duration]time.Duration{time.Hour: time.Hour, 72 * time.Hour: 24 * time.Hour} {
		w := newWorld(t, func(f *verify.Flow) { f.Expiry = life })
		a := w.mustVerify(verify.ActionCreated)
		if got := a.Entry.ExpiresAt.Sub(w.sandbox.Now()); (got - want).Abs() > time.Minute {
			t.Errorf("a link for %s ends after %s", life, got)
		}
	}
}

// What a caller leaves is finished for the others, and a panic ends no process.
func TestACallerMayLeave(t *testing.T) {
	w := newWorld(t, nil)
	arrived, leave := make(chan struct{}), make(chan struct{})
	w.during(func(next persona.Doer, r *http.Request) (*http.Response, error) {
		if creates(r) {
			close(arrived)
			<-leave
		}
		return next(r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := w.verifier.Verify(ctx, verify.Request{Environment: domain.Sandbox, Reference: "user-1", Flow: "kyc", Actor: "test"})
		left <- err
	}()
	<-arrived
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the first caller got %v", err)
	}
	close(leave)
	w.mustVerify(verify.ActionReused)
	w.during(func(persona.Doer, *http.Request) (*http.Response, error) { panic("made up") })
	if _, err := w.verify(""); err == nil || !strings.Contains(err.Error(), "panic: made up") {
		t.Errorf("a panic: %v", err)
	}
}

// Another flow of the same subject has its own inquiry.
func TestFlowsAreSeparate(t *testing.T) {
	w := newWorld(t, nil)
	first := w.mustVerify(verify.ActionCreated)
	w.verifier.SetFlows(domain.Sandbox, []verify.Flow{{Name: "kyc", Template: sandbox.InquiryTemplateID}, {Name: "other", Template: "itmpl_Absent"}})
	_, err := w.verifier.Verify(t.Context(), verify.Request{Environment: domain.Sandbox, Reference: "user-1", Flow: "other", Actor: "test"})
	if details, rejected := verify.Rejection(err); !rejected || !strings.Contains(strings.Join(details, ""), "inquiry_template_id is not found") {
		t.Errorf("a flow whose template there is not: %v", err)
	}
	if again := w.mustVerify(verify.ActionReused); again.Inquiry.ID != first.Inquiry.ID {
		t.Errorf("the first flow has %s by now", again.Inquiry.ID)
	}
	var unknown *verify.UnknownFlowError
	_, err = w.verifier.Verify(t.Context(), verify.Request{Environment: domain.Production, Reference: "user-1", Flow: "kyc"})
	if !errors.As(err, &unknown) || len(unknown.Known) != 0 {
		t.Errorf("an environment without flows: %v", err)
	}
}

// A cancellation while it is not known whether there is an inquiry finds out first.
func TestACancellationOfAnUncertainStart(t *testing.T) {
	for name, effect := range map[string]bool{"that took effect": true, "that did not": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.during(failing(http.StatusGatewayTimeout, effect))
			if _, err := w.verify(""); err == nil {
				t.Fatal("the call succeeded")
			}
			w.during(nil)
			row, err := w.db.VerificationOf(t.Context(), domain.Sandbox, "user-1", "kyc")
			if err != nil {
				t.Fatal(err)
			}
			_, i, err := w.verifier.Cancel(t.Context(), domain.Sandbox, row.ID, "the person left", "test")
			if effect {
				if err != nil || i.Status != "expired" {
					t.Errorf("it is %+v, error %v", i, err)
				}
				return
			}
			if !errors.Is(err, verify.ErrUncertain) {
				t.Fatalf("within a minute: %v", err)
			}
			w.sandbox.Advance(61 * time.Second)
			row, _, err = w.verifier.Cancel(t.Context(), domain.Sandbox, row.ID, "the person left", "test")
			if err != nil || row.Starting {
				t.Errorf("after a minute it is %+v, error %v", row, err)
			}
			if n := w.inquiries(); n != 0 {
				t.Errorf("there are %d inquiries", n)
			}
		})
	}
}

// A clock was three hours ahead when the outcome of a start became uncertain. After it is
// right again, the wait is a minute, and not three hours.
func TestAClockThatWasAheadKeepsNobodyWaiting(t *testing.T) {
	for name, finish := range map[string]func(*world, string) error{
		"a start": func(w *world, _ string) error {
			_, err := w.verify("")
			return err
		},
		"a cancellation": func(w *world, id string) error {
			_, _, err := w.verifier.Cancel(w.t.Context(), domain.Sandbox, id, "the person left", "test")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			ahead := func() time.Time { return w.sandbox.Now().Add(3 * time.Hour) }
			right := w.verifier
			w.verifier = verify.New(w.store, map[domain.Environment]verify.Settings{domain.Sandbox: w.settings}, slog.New(slog.DiscardHandler), ahead)
			w.during(failing(http.StatusInternalServerError, false))
			if _, err := w.verify(""); !errors.Is(err, verify.ErrUncertain) {
				t.Fatalf("the first call: %v", err)
			}
			w.during(nil)
			w.verifier = right
			row, err := w.db.VerificationOf(t.Context(), domain.Sandbox, "user-1", "kyc")
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := finish(w, row.ID); !errors.Is(err, verify.ErrUncertain) {
					t.Fatalf("within a minute: %v", err)
				}
				w.sandbox.Advance(40 * time.Second)
			}
			if err := finish(w, row.ID); err != nil {
				t.Errorf("after a minute: %v", err)
			}
		})
	}
}

// A reset during a start is not lost, and the inquiry that was being created is kept.
func TestAResetDuringAStart(t *testing.T) {
	w := newWorld(t, nil)
	w.during(func(next persona.Doer, r *http.Request) (*http.Response, error) {
		res, err := next(r)
		if creates(r) {
			row, read := w.db.VerificationOf(r.Context(), domain.Sandbox, "user-1", "kyc")
			if read != nil {
				t.Error(read)
			}
			if _, err := w.verifier.Reset(r.Context(), domain.Sandbox, row.ID, "in between", "test"); err != nil {
				t.Error(err)
			}
			w.during(nil)
		}
		return res, err
	})
	if a := w.mustVerify(verify.ActionReused); a.Verification.ResetAt.IsZero() || a.Verification.Attempts != 1 {
		t.Errorf("it is %+v", a.Verification)
	}
	if n := w.inquiries(); n != 1 {
		t.Errorf("there are %d inquiries", n)
	}
}

// Verifiers that share only the database make one inquiry, although no list shows it.
func TestVerifiersOnOneDatabaseMakeOneInquiry(t *testing.T) {
	w := newWorld(t, nil)
	w.during(hiding)
	var all sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for range 5 {
		node := w.another()
		for range 4 {
			all.Go(func() {
				a, err := node.Verify(t.Context(), verify.Request{Environment: domain.Sandbox, Reference: "user-1", Flow: "kyc", Actor: "test"})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				answers[a.Inquiry.ID]++
			})
		}
	}
	all.Wait()
	if n := w.inquiries(); n != 1 || len(answers) != 1 {
		t.Errorf("there are %d inquiries, and the answers name %v", n, answers)
	}
}

// Time passes between the attempts of a subject.
func TestACoolDownEndsAndAttemptsDoNotComeBack(t *testing.T) {
	w := newWorld(t, func(f *verify.Flow) { f.Attempts, f.CoolDown = 2, 24*time.Hour })
	fail := func(id string) {
		t.Helper()
		if _, err := w.sandbox.Client().Inquiries.PerformSimulateActions(t.Context(), id, persona.InquiryPerformSimulateActionsParams{
			SimulateActions: []persona.SimulateAction{{Type: "start_inquiry"}, {Type: "fail_inquiry"}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	fail(w.mustVerify(verify.ActionCreated).Inquiry.ID)
	w.sandbox.Advance(23 * time.Hour)
	early := w.mustVerify(verify.ActionRefused)
	if left := early.RetryAt.Sub(w.sandbox.Now()); early.Reason != verify.CoolingDown || left < 59*time.Minute || left > time.Hour {
		t.Errorf("an hour early: %s, %s left", early.Reason, left)
	}
	w.sandbox.Advance(time.Hour)
	fail(w.mustVerify(verify.ActionCreated).Inquiry.ID)
	for range 3 {
		w.sandbox.Advance(30 * 24 * time.Hour)
		if a := w.mustVerify(verify.ActionRefused); a.Reason != verify.AttemptsUsed || !a.RetryAt.IsZero() {
			t.Errorf("after the last attempt: %+v", a)
		}
	}
	row, err := w.db.VerificationOf(t.Context(), domain.Sandbox, "user-1", "kyc")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.verifier.Reset(t.Context(), domain.Sandbox, row.ID, "a test", "test"); err != nil {
		t.Fatal(err)
	}
	if a := w.mustVerify(verify.ActionCreated); a.Verification.Attempts != 1 {
		t.Errorf("after a reset: %+v", a.Verification)
	}
}

// unwilling is a database that fails to save.
type unwilling struct {
	verify.Store
	failures int
}

func (u *unwilling) SaveVerification(ctx context.Context, v domain.Verification, log []audit.Entry) (int64, error) {
	if v.Inquiry != "" && u.failures > 0 {
		u.failures--
		return 0, errors.New("the disk is full")
	}
	return u.Store.SaveVerification(ctx, v, log)
}

// The database fails after Persona has created the inquiry.
func TestADatabaseThatFailsMakesNoSecondInquiry(t *testing.T) {
	w := newWorld(t, nil)
	w.verifier = verify.New(&unwilling{w.db, 2}, map[domain.Environment]verify.Settings{domain.Sandbox: w.settings}, slog.New(slog.DiscardHandler), w.sandbox.Now)
	for range 2 {
		if _, err := w.verify(""); err == nil || !strings.Contains(err.Error(), "the disk is full") {
			t.Fatalf("while the disk is full: %v", err)
		}
	}
	w.mustVerify(verify.ActionReused)
	if n := w.inquiries(); n != 1 {
		t.Errorf("there are %d inquiries", n)
	}
}

// Persona no longer has the inquiry, as after a local sandbox was started again.
func TestAnInquiryThatIsGoneIsReplaced(t *testing.T) {
	w := newWorld(t, func(f *verify.Flow) { f.Attempts = 1 })
	w.mustVerify(verify.ActionCreated)
	w.sandbox.Reset()
	if a := w.mustVerify(verify.ActionCreated); a.Verification.Attempts != 1 || len(a.Verification.Earlier) != 1 {
		t.Errorf("it is %+v", a.Verification)
	}
}

// The inquiry is finished or expires between the read and the request for a link, or has too
// many sessions, so that Persona expires it.
func TestAnInquiryThatChangesIsDecidedOnAgain(t *testing.T) {
	for step, want := range map[string]verify.Action{"expire_inquiry": verify.ActionCreated, "approve_inquiry": verify.ActionReused} {
		w := newWorld(t, nil)
		first := w.mustVerify(verify.ActionCreated).Inquiry.ID
		w.during(func(next persona.Doer, r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/generate-one-time-link") {
				w.during(nil)
				if _, err := w.sandbox.Client().Inquiries.PerformSimulateActions(r.Context(), first, persona.InquiryPerformSimulateActionsParams{SimulateActions: []persona.SimulateAction{{Type: "start_inquiry"}, {Type: step}}}); err != nil {
					t.Error(err)
				}
			}
			return next(r)
		})
		if a := w.mustVerify(want); (a.Inquiry.ID == first) != (want == verify.ActionReused) {
			t.Errorf("%s: it names %s", step, a.Inquiry.ID)
		}
	}
}

// A key without the permission to make links is an error at once.
func TestAForbiddenLinkIsAnError(t *testing.T) {
	w := newWorld(t, nil)
	calls := 0
	w.during(func(next persona.Doer, r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.URL.Path, "/generate-one-time-link") {
			return next(r)
		}
		calls++
		return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{}`)), Request: r}, nil
	})
	for range 2 {
		if _, err := w.verify(""); !errors.Is(err, persona.ErrForbidden) {
			t.Errorf("a call: %v", err)
		}
	}
	if n := w.inquiries(); n != 1 || calls != 2 {
		t.Errorf("there are %d inquiries after %d calls", n, calls)
	}
}
