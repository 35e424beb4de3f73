package verify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/idemhq/idem/internal/audit"
	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// Store stores how far subjects are, and what is known about them.
type Store interface {
	Subject(ctx context.Context, env domain.Environment, reference string) (domain.Subject, error)
	SubjectObjects(ctx context.Context, env domain.Environment, reference string) ([]domain.Object, error)
	Verification(ctx context.Context, env domain.Environment, id string) (domain.Verification, error)
	VerificationOf(ctx context.Context, env domain.Environment, reference, flow string) (domain.Verification, error)
	SaveVerification(ctx context.Context, v domain.Verification, log []audit.Entry) (version int64, err error)
	Claim(ctx context.Context, env domain.Environment, target domain.Ref) (store.Claim, bool, error)
	Release(ctx context.Context, c store.Claim) (again bool, err error)
}

// Settings are the settings of an environment.
type Settings struct {
	Client        *persona.Client
	Flows         []Flow
	Verdicts      fold.VerdictRules // of the policy
	AllowLoopback bool              // redirect addresses at this machine
}

// Verifier verifies subjects.
type Verifier struct {
	store  Store
	logger *slog.Logger
	now    func() time.Time
	calls  singleflight.Group

	mu           sync.RWMutex
	environments map[domain.Environment]Settings
}

// New returns a verifier for the environments that have an entry.
func New(s Store, environments map[domain.Environment]Settings, logger *slog.Logger, now func() time.Time) *Verifier {
	return &Verifier{store: s, logger: logger, now: now, environments: maps.Clone(environments)}
}

// SetFlows replaces the flows of an environment. Calls that have begun keep the old ones.
func (v *Verifier) SetFlows(env domain.Environment, flows []Flow) {
	v.change(env, func(s *Settings) { s.Flows = flows })
}

// SetVerdicts replaces the policy's rules for verdicts.
func (v *Verifier) SetVerdicts(env domain.Environment, rules fold.VerdictRules) {
	v.change(env, func(s *Settings) { s.Verdicts = rules })
}

func (v *Verifier) change(env domain.Environment, f func(*Settings)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.environments[env]
	f(&s)
	v.environments[env] = s
}

// settings returns the settings of an environment. Without settings it has no flows.
func (v *Verifier) settings(env domain.Environment) Settings {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.environments[env]
}

// flow returns a flow by its name, with its defaults.
func (s Settings) flow(name string) (Flow, error) {
	var names []string
	for _, f := range s.Flows {
		if f.Name != name {
			names = append(names, f.Name)
			continue
		}
		if f.Reapply == "" {
			f.Reapply = s.Verdicts.Reapply
		}
		return f.WithDefaults(), nil
	}
	slices.Sort(names)
	return Flow{}, &UnknownFlowError{name, names}
}

// Action says what a call did.
type Action string

// The actions.
const (
	ActionCreated         Action = "created"          // a new inquiry
	ActionReused          Action = "reused"           // nothing new: the subject has a live inquiry
	ActionAlreadyApproved Action = "already_approved" // nothing: the subject is approved
	ActionRefused         Action = "refused"          // nothing: see Answer.Reason
)

// Answer is the result of [Verifier.Verify].
type Answer struct {
	Verification domain.Verification // zero if there is none
	Verdict      domain.Verdict
	Action       Action
	Reason       Reason    // of ActionRefused
	RetryAt      time.Time // when a call may start an inquiry again; zero if only a reset allows it
	Inquiry      *Inquiry  // the live inquiry; nil if there is none
	Entry        Entry     // zero if there is nothing for the person to open
}

const (
	callTime        = 25 * time.Second // of a call, including waiting for others
	keyLife         = 23 * time.Hour   // Persona keeps keys for 24 h (Persona docs: Idempotence)
	effectDelay     = time.Minute      // until the effect of a call is visible in all of Persona's answers
	gatewayPatience = 10 * time.Minute // until a gateway's error is taken for one that Persona stored
	clockError      = 5 * time.Minute  // by which Persona's clock may be behind
	releaseTime     = 5 * time.Second  // limit for the last steps of a call that has no time left
	firstWait       = 20 * time.Millisecond
	longestWait     = 500 * time.Millisecond
	maxChanges      = 5  // how often an inquiry or a row may change while a call works on it
	maxRemembered   = 50 // earlier inquiries of a verification
)

// Verify returns the live inquiry of a subject in a flow, or starts one. Calls for the same
// subject and flow share their work, and one of them creates the inquiry.
//
// Errors are an [*UnknownFlowError], a [*RequestError], [ErrUncertain], [ErrBusy], those of
// the database, and those of the client: see [Rejection].
func (v *Verifier) Verify(ctx context.Context, r Request) (Answer, error) {
	s := v.settings(r.Environment)
	f, err := s.flow(r.Flow)
	if err != nil {
		return Answer{}, err
	}
	if err := checkReference(r.Reference); err != nil {
		return Answer{}, err
	}
	if r.RedirectURI != "" {
		if err := CheckRedirect(r.RedirectURI, s.AllowLoopback); err != nil {
			return Answer{}, err
		}
	}
	ran := false
	key := fmt.Sprintf("%s %s %s", r.Environment, r.Flow, r.Reference)
	result := v.calls.DoChan(key, func() (answer any, err error) {
		ran = true
		defer recoverTo(&err)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
		defer cancel()
		return v.verify(ctx, s, f, r)
	})
	select {
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	case got := <-result:
		if got.Err != nil {
			return Answer{}, got.Err
		}
		answer := got.Val.(Answer)
		if !ran && answer.Action == ActionCreated {
			answer.Action = ActionReused // it was another call that created it
		}
		return answer, nil
	}
}

// recoverTo turns a panic into an error: a shared call runs in a goroutine of its own, where
// nothing else would recover.
func recoverTo(err *error) {
	if reason := recover(); reason != nil {
		*err = fmt.Errorf("verify: panic: %v\n%s", reason, debug.Stack())
	}
}

// verify decides and acts until there is an answer.
func (v *Verifier) verify(ctx context.Context, s Settings, f Flow, r Request) (Answer, error) {
	w := work{v, s, f, r}
	wait, changes := firstWait, 0
	for {
		state, err := w.look(ctx)
		if err != nil {
			return Answer{}, err
		}
		plan := Decide(state, f, v.now())
		answer := Answer{Verification: state.Verification, Verdict: state.Verdict, Action: ActionReused, Inquiry: state.Inquiry}
		switch plan.Step {
		case AlreadyApproved:
			return Answer{Verification: state.Verification, Verdict: state.Verdict, Action: ActionAlreadyApproved}, nil
		case Refuse:
			return w.refuse(ctx, state, plan)
		case Await:
			answer.Entry, err = w.openFinished(ctx, *state.Inquiry)
			return answer, err
		case Open:
			opened, entry, err := w.open(ctx, *state.Inquiry)
			if err == nil {
				answer.Inquiry, answer.Entry = &opened, entry
				return answer, nil
			}
			if !hasChanged(err) || changes >= maxChanges {
				return Answer{}, err
			}
			changes++
		case Start, Finish:
			made, entry, err := w.start(ctx, state.Verification, plan.Anew)
			if err != nil {
				return Answer{}, err
			}
			if made.created {
				answer.Verification, answer.Action, answer.Inquiry, answer.Entry = made.verification, ActionCreated, &made.inquiry, entry
				return w.withLink(ctx, answer)
			}
			if made.done {
				continue // there is an inquiry now: decide on it
			}
		}
		if err := sleep(ctx, wait); err != nil {
			return Answer{}, ErrBusy
		}
		wait = min(2*wait, longestWait)
	}
}

// hasChanged reports whether an error can mean that an inquiry is no longer open.
func hasChanged(err error) bool {
	return errors.Is(err, persona.ErrConflict) || errors.Is(err, persona.ErrInvalid) || errors.Is(err, persona.ErrNotFound)
}

// sleep waits about as long as it is told, so that nodes do not act in step.
func sleep(ctx context.Context, wait time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait/2 + rand.N(wait)):
		return nil
	}
}

// work is one call.
type work struct {
	*Verifier
	settings Settings
	flow     Flow
	request  Request
}

// look reads what is known about the subject and the flow, and the inquiry if it matters.
func (w work) look(ctx context.Context) (State, error) {
	var s State
	var err error
	r := w.request
	s.Verification, err = w.store.VerificationOf(ctx, r.Environment, r.Reference, r.Flow)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return s, err
	}
	if err := w.readVerdict(ctx, &s); err != nil {
		return s, err
	}
	if Decide(s, w.flow, w.now()).Step != Look {
		return s, nil
	}
	i, err := readInquiry(ctx, w.settings.Client, s.Verification.Inquiry)
	if err != nil {
		return s, err
	}
	if s.Inquiry, err = w.judged(ctx, i); err != nil {
		return s, err
	}
	return s, w.readVerdict(ctx, &s) // it must not be older than what is known about the inquiry
}

func (w work) readVerdict(ctx context.Context, s *State) error {
	subject, err := w.store.Subject(ctx, w.request.Environment, w.request.Reference)
	if errors.Is(err, store.ErrNotFound) {
		subject, err = domain.Subject{Verdict: domain.VerdictNone}, nil
	}
	s.Verdict, s.Since = subject.Verdict, subject.Since
	return err
}

// judged adds to an inquiry what the service knows about it.
func (w work) judged(ctx context.Context, i Inquiry) (*Inquiry, error) {
	objects, err := w.store.SubjectObjects(ctx, w.request.Environment, w.request.Reference)
	if err != nil {
		return nil, err
	}
	var own, cases []domain.Object
	for _, o := range objects {
		switch {
		case o.Ref == inquiryRef(i.ID):
			own = append(own, o)
			i.Known = o.Status == i.Status && o.RedactedAt.IsZero() != i.Redacted
		case o.Ref.Family() == "case":
			cases = append(cases, o)
		}
	}
	if len(own) > 0 {
		i.Own = fold.Verdict(own, cases, w.settings.Verdicts).Verdict
	}
	return &i, nil
}

// refuse answers that no inquiry is started. The verification is stored, so that it can be
// reset by its id.
func (w work) refuse(ctx context.Context, s State, plan Plan) (Answer, error) {
	row, err := w.stored(ctx, s.Verification)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Verification: row, Verdict: s.Verdict, Action: ActionRefused, Reason: plan.Reason, RetryAt: plan.RetryAt}, nil
}

// stored returns the verification of the request, which it stores if there is none.
func (w work) stored(ctx context.Context, row domain.Verification) (domain.Verification, error) {
	if row.Version > 0 {
		return row, nil
	}
	r := w.request
	row = domain.Verification{ID: domain.NewID("vfy"), Environment: r.Environment, Reference: r.Reference, Flow: r.Flow, CreatedAt: w.now()}
	version, err := w.store.SaveVerification(ctx, row, nil)
	if errors.Is(err, store.ErrChanged) {
		return w.store.VerificationOf(ctx, r.Environment, r.Reference, r.Flow)
	}
	row.Version = version
	return row, err
}

// open makes a link or a session token for an open inquiry.
func (w work) open(ctx context.Context, i Inquiry) (Inquiry, Entry, error) {
	if w.flow.Mode == ModeLink {
		return makeLink(ctx, w.settings.Client, i.ID, w.flow.Expiry, w.now())
	}
	opened, entry, err := resume(ctx, w.settings.Client, i.ID)
	var refusal *persona.Error
	if i.Status == "created" && errors.As(err, &refusal) && refusal.Status == http.StatusConflict {
		// Nobody has begun it: its id alone opens it (Persona docs: Resuming inquiries).
		return i, Entry{ExpiresAt: i.ExpiresAt}, nil
	}
	return opened, entry, err
}

// openFinished makes a link to an inquiry that is in review. It returns the zero Entry if
// Persona makes none: the person has nothing left to do.
func (w work) openFinished(ctx context.Context, i Inquiry) (Entry, error) {
	if w.flow.Mode != ModeLink || i.Status == "approved" || i.Status == "declined" {
		return Entry{}, nil
	}
	_, entry, err := w.open(ctx, i)
	if _, rejected := Rejection(err); rejected {
		return Entry{}, nil
	}
	return entry, err
}

// withLink adds a link to the answer about a new inquiry. If none can be made now, the next
// call reuses the inquiry.
func (w work) withLink(ctx context.Context, a Answer) (Answer, error) {
	if w.flow.Mode != ModeLink {
		return a, nil
	}
	_, entry, err := w.open(ctx, *a.Inquiry)
	if err != nil {
		return Answer{}, err
	}
	a.Entry = entry
	return a, nil
}
