package webhook

import (
	"fmt"
	"time"
)

// Reason says why a signature was rejected.
type Reason string

const (
	ReasonMissing   Reason = "missing"   // the request has no signature
	ReasonMalformed Reason = "malformed" // the header cannot be parsed, is too long, or occurs twice
	ReasonStale     Reason = "stale"     // signed with a valid secret, but outside of the tolerance
	ReasonMismatch  Reason = "mismatch"  // not signed with any of the secrets, or the body was changed
	ReasonNoSecret  Reason = "no-secret" // no secret was given
)

// Sentinel errors for errors.Is. A [*SignatureError] matches the one with its reason.
var (
	ErrMissing   error = &SignatureError{Reason: ReasonMissing}
	ErrMalformed error = &SignatureError{Reason: ReasonMalformed}
	ErrStale     error = &SignatureError{Reason: ReasonStale}
	ErrMismatch  error = &SignatureError{Reason: ReasonMismatch}
	ErrNoSecret  error = &SignatureError{Reason: ReasonNoSecret}
)

// SignatureError says why a signature was rejected. It quotes nothing of the body, the
// header or the secrets.
type SignatureError struct {
	Reason Reason

	detail         string
	age, tolerance time.Duration
}

func (e *SignatureError) Error() string {
	const prefix = "webhook signature: "
	switch e.Reason {
	case ReasonMissing:
		return prefix + "the request has no " + SignatureHeader + " header"
	case ReasonMalformed:
		return prefix + "cannot read " + SignatureHeader + orDetail(e.detail)
	case ReasonStale:
		switch {
		case e.tolerance == 0:
			return prefix + "its time is outside the tolerance"
		case e.age < 0:
			return fmt.Sprintf("%ssigned %s in the future, tolerance %s: check this machine's clock", prefix, -e.age.Round(time.Second), e.tolerance)
		default:
			return fmt.Sprintf("%ssigned %s ago, tolerance %s: a replay, or check this machine's clock", prefix, e.age.Round(time.Second), e.tolerance)
		}
	case ReasonMismatch:
		return prefix + "the body was not signed with any of the secrets"
	case ReasonNoSecret:
		return prefix + "no secret to check with: configure the webhook's secret (wbhsec_…)"
	default:
		return prefix + string(e.Reason)
	}
}

// Is reports whether target is a SignatureError with the same reason.
func (e *SignatureError) Is(target error) bool {
	t, ok := target.(*SignatureError)
	return ok && t.Reason == e.Reason
}

func malformed(detail string) error {
	return &SignatureError{Reason: ReasonMalformed, detail: detail}
}

// BodyError says why a body is not an event. It quotes nothing of the body.
type BodyError struct {
	Offset int    // number of bytes before the position where parsing stopped
	Detail string // what is wrong at that position
}

func (e *BodyError) Error() string {
	return fmt.Sprintf("webhook body is not an event: at byte %d: %s", e.Offset, e.Detail)
}

func orDetail(detail string) string {
	if detail == "" {
		return ""
	}
	return ": " + detail
}
