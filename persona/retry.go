package persona

import (
	"errors"
	"net/http"
)

// Retry says whether and how a failed call may be retried. The client follows this policy.
// A program that repeats calls later can use [RetryOf].
type Retry uint8

const (
	// RetryNever means that the error is final. This includes 409: read the state to learn
	// what it forbids.
	RetryNever Retry = iota

	// RetrySameKey means that the call may be made again with the same idempotency key.
	// Persona then performs it at most once, or returns the answer that was lost. This
	// applies to network errors, to 502, 503 and 504, which a gateway sends while Persona
	// keeps what it stored under the key, and to 429, which Persona sends before it looks
	// at the key (Persona docs: Errors, Rate limiting).
	RetrySameKey

	// RetryNewKey means that the same key would return the same error, since Persona stores
	// it. This applies to 408 and to 5xx except 502 to 504 (Persona docs: Idempotence). The
	// call may have taken effect: read the state first, and make the call with a new key if
	// it has not.
	RetryNewKey
)

// RetryOf says whether and how a call that failed with err may be retried. Nil and errors
// that are not from Persona or the network are final. PATCH and DELETE have no idempotency
// key at Persona: for RetrySameKey, also read the state first, unless the error is
// [ErrRateLimited].
func RetryOf(err error) Retry {
	var refusal *Error
	var broken *TransportError
	switch {
	case errors.As(err, &refusal):
		return retryOfStatus(refusal.Status)
	case errors.As(err, &broken):
		return RetrySameKey
	default:
		return RetryNever
	}
}

func retryOfStatus(status int) Retry {
	switch {
	case status == http.StatusTooManyRequests:
		return RetrySameKey
	case status >= http.StatusBadGateway && status <= http.StatusGatewayTimeout:
		return RetrySameKey
	case status >= http.StatusInternalServerError || status == http.StatusRequestTimeout:
		return RetryNewKey
	default:
		return RetryNever
	}
}
