package verify

import (
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/fold"
)

// State is what is known about a subject and a flow.
type State struct {
	Verdict      domain.Verdict // on the subject
	Since        time.Time      // since when the verdict stands
	Verification domain.Verification
	Inquiry      *Inquiry // the verification's newest inquiry; nil if it was not read yet
}

// Inquiry is an inquiry as Persona shows it now.
type Inquiry struct {
	ID        string
	Status    string
	CreatedAt time.Time
	EndedAt   time.Time // when it failed or was decided on; zero if it did not
	ExpiresAt time.Time // zero if it does not expire
	Redacted  bool
	Gone      bool // Persona does not have it any more, or another subject has it

	// Known says that the service's own copy has the same status, so that verdicts account
	// for it.
	Known bool

	// Own is the verdict on this inquiry alone: that of its case if it has one, otherwise
	// its own.
	Own domain.Verdict
}

// Step is what to do next.
type Step int

const (
	AlreadyApproved Step = iota // nothing
	Refuse                      // nothing: see Plan.Reason
	Look                        // read the verification's inquiry from Persona, and decide again
	Open                        // make a link or a session token for the inquiry
	Await                       // the person has finished, and a decision on the inquiry is due
	Start                       // create an inquiry
	Finish                      // find out whether an inquiry was created, or create it
)

// Reason says why no inquiry is started.
type Reason string

// The reasons.
const (
	Declined     Reason = "declined"      // the subject was declined, and may not apply again
	AttemptsUsed Reason = "attempts_used" // the subject has used all attempts of the flow
	CoolingDown  Reason = "cool_down"     // too soon after a failed or declined inquiry
)

// Plan is the result of [Decide].
type Plan struct {
	Step    Step
	Reason  Reason    // of Refuse
	RetryAt time.Time // when CoolingDown ends
	Anew    bool      // of Start: earlier attempts no longer count
}

// Decide says what to do for a subject that is to be verified in a flow. It makes no calls,
// so it may answer Look: then the inquiry must be read first.
func Decide(s State, f Flow, now time.Time) Plan {
	v := s.Verification
	switch {
	case s.Verdict == domain.VerdictApproved:
		return Plan{Step: AlreadyApproved}
	case barred(s, f):
		return Plan{Step: Refuse, Reason: Declined}
	case v.Starting:
		return Plan{Step: Finish}
	case v.Inquiry == "":
		return Plan{Step: Start}
	case s.Inquiry == nil:
		return Plan{Step: Look}
	}
	return decideOn(*s.Inquiry, s, f, now)
}

// barred reports whether the subject is declined and may not apply again. A reset allows it
// for declines from before.
func barred(s State, f Flow) bool {
	v := s.Verification
	forgiven := v.Renewed || !v.ResetAt.IsZero() && !s.Since.After(v.ResetAt)
	return s.Verdict == domain.VerdictDeclined && f.Reapply == fold.ReapplyDeny && !forgiven
}

// decideOn decides by the newest inquiry.
func decideOn(i Inquiry, s State, f Flow, now time.Time) Plan {
	switch {
	case i.Redacted || i.Gone:
		return startWithin(i, s.Verification, f, now)
	case i.Status == "created" || i.Status == "pending":
		return Plan{Step: Open}
	case i.Status == "failed" || i.Status == "expired":
		if i.Known && i.Own == domain.VerdictDeclined {
			return afterDecline(i, s, f, now)
		}
		return startWithin(i, s.Verification, f, now)
	case s.Verification.Renewed && i.Status == "declined":
		return startWithin(i, s.Verification, f, now)
	case !i.Known:
		return Plan{Step: Await} // the verdict does not account for it yet
	}
	switch i.Own {
	case domain.VerdictDeclined:
		return afterDecline(i, s, f, now)
	case domain.VerdictApproved:
		if s.Verdict == domain.VerdictDeclined {
			return afterDecline(i, s, f, now)
		}
	case domain.VerdictExpired, domain.VerdictRedacted, domain.VerdictNone:
		return startWithin(i, s.Verification, f, now)
	}
	return Plan{Step: Await}
}

// afterDecline lets a declined subject start again, if that is allowed.
func afterDecline(i Inquiry, s State, f Flow, now time.Time) Plan {
	if f.Reapply == fold.ReapplyDeny && !s.Verification.Renewed {
		return Plan{Step: Refuse, Reason: Declined}
	}
	return startWithin(i, s.Verification, f, now)
}

// startWithin lets a subject start the next inquiry within the limits of the flow. They are
// for attempts that lead to no approval.
func startWithin(i Inquiry, v domain.Verification, f Flow, now time.Time) Plan {
	if v.Renewed {
		return Plan{Step: Start}
	}
	if i.Gone || i.Status == "approved" {
		return Plan{Step: Start, Anew: true}
	}
	if v.Attempts >= f.Attempts {
		return Plan{Step: Refuse, Reason: AttemptsUsed}
	}
	// An inquiry that ended without a result, because it expired, needs no cool-down.
	if until := i.EndedAt.Add(f.CoolDown); !i.EndedAt.IsZero() && now.Before(until) {
		return Plan{Step: Refuse, Reason: CoolingDown, RetryAt: until}
	}
	return Plan{Step: Start}
}

// unknownFor is how long a decision at Persona may be unknown to the service before it is
// taken for one from before the service was used, of which no event will come.
const unknownFor = time.Hour

// isLive reports whether another inquiry must not be started beside this one.
func isLive(i Inquiry, now time.Time) bool {
	switch i.Status {
	case "created", "pending":
		return !i.Redacted
	case "failed", "expired":
		return false
	case "approved", "declined": // the verdict says whether a newer one may be started, once it accounts for this one
		return !i.Redacted && !i.Known && now.Sub(i.EndedAt) < unknownFor
	}
	return !i.Redacted && (!i.Known || i.Own == domain.VerdictReview || i.Own == domain.VerdictPending)
}
