package verify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/persona"
)

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
	callTime          = 25 * time.Second // of a call, including waiting for others
	keyLife           = 23 * time.Hour   // Persona keeps keys for 24 h (Persona docs: Idempotence)
	effectDelay       = time.Minute      // until the effect of a call is visible in all of Persona's answers
	gatewayErrorLimit = 10 * time.Minute // until a gateway's error is taken for one that Persona stored
	clockError        = 5 * time.Minute  // by which Persona's clock may be behind
	releaseTime       = 5 * time.Second  // limit for the last steps of a call that has no time left
	firstWait         = 20 * time.Millisecond
	longestWait       = 500 * time.Millisecond
	maxChanges        = 5  // how often an inquiry or a row may change while a call works on it
	maxRemembered     = 50 // earlier inquiries of a verification
)

// Verify returns the live inquiry of a subject in a flow, or starts one. Calls for the same
// subject and flow share their work, and one of them creates the inquiry.
//
// Errors are an [*UnknownFlowError], a [*RequestError], [ErrUncertain], [ErrBusy], those of
// the database, and those of the client: see [Rejection].
func (v *Verifier) Verify(ctx context.Context, r Request) (Answer, error) {
	begun := time.Now()
	answer, err := v.share(ctx, r)
	v.observe(r.Environment, r.Flow, resultOf(answer, err), begun)
	return answer, err
}

// share checks a request, and works on it together with the calls for the same subject and
// flow.
func (v *Verifier) share(ctx context.Context, r Request) (Answer, error) {
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
		*err = fmt.Errorf("verify: %w: %v\n%s", ErrPanic, reason, debug.Stack())
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
