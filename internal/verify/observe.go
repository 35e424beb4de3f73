package verify

import (
	"context"
	"errors"
	"time"

	"github.com/idemhq/idem/internal/domain"
	"github.com/idemhq/idem/internal/store"
	"github.com/idemhq/idem/persona"
)

// Observation is what became of one call of [Verifier.Verify] or [Verifier.Link].
type Observation struct {
	Environment domain.Environment
	Flow        string // empty if there is no such flow: a caller must not be able to make up names
	Result      string // see Results
	Took        time.Duration
}

// Results returns what an [Observation] can say.
func Results() []string {
	return []string{
		"created", "reused", "resumed", "already_approved", "refused_declined", "refused_attempts_used", "refused_cool_down", "linked",
		"invalid", "rejected", "key_refused", "closed", "uncertain", "unavailable", "failed", "abandoned",
	}
}

// Observe sets what is told of every call. Call it before the verifier is used.
func (v *Verifier) Observe(tell func(Observation)) { v.tell = tell }

// observe tells of a call that began at a time.
func (v *Verifier) observe(env domain.Environment, flow, result string, begun time.Time) {
	if v.tell == nil {
		return
	}
	if _, err := v.settings(env).flow(flow); err != nil {
		flow = ""
	}
	v.tell(Observation{env, flow, result, time.Since(begun)})
}

// resultOf says what an answer did. A session token for an inquiry that there was comes from
// resuming it.
func resultOf(a Answer, err error) string {
	switch {
	case err != nil:
		return failure(err)
	case a.Action == ActionRefused:
		return "refused_" + string(a.Reason)
	case a.Action == ActionReused && a.Entry.SessionToken != "":
		return "resumed"
	default:
		return string(a.Action)
	}
}

// failure says why there is no answer.
func failure(err error) string {
	var closed *NotOpenError
	_, rejected := Rejection(err)
	switch {
	case errors.Is(err, context.Canceled):
		return "abandoned"
	case errors.Is(err, ErrPanic):
		return "failed"
	case errors.Is(err, ErrUnknownFlow), errors.Is(err, ErrInvalid), errors.Is(err, store.ErrNotFound):
		return "invalid"
	case errors.As(err, &closed), errors.Is(err, ErrNoInquiry):
		return "closed"
	case errors.Is(err, ErrUncertain), errors.Is(err, persona.ErrOutcomeUnknown):
		return "uncertain"
	case errors.Is(err, persona.ErrForbidden), errors.Is(err, persona.ErrUnauthorized):
		return "key_refused"
	case rejected:
		return "rejected"
	default:
		return "unavailable"
	}
}
