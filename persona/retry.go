package persona

import (
	"errors"
	"net/http"
)

// Retry says what may become of a call that failed. It is the one policy of this
// package: the transport follows it, and a program that makes the same call again later
// can ask [RetryOf].
type Retry uint8

const (
	// RetryNever means that the answer is final: the same call would be answered in the
	// same way. This includes 409: read the state to learn what it forbids.
	RetryNever Retry = iota

	// RetrySameKey means that the call may be made again with the same idempotency key.
	// Persona then does it once at most, or repeats the answer that was lost. It is so
	// after a network error and after 502, 503 and 504: a gateway answers these, and
	// what Persona stored under the key is still there. It is so after 429 too, which
	// comes before Persona looks at the key (Persona docs: Errors, Rate limiting).
	RetrySameKey

	// RetryNewKey means that the same key would bring the same failure back, since
	// Persona stores it: 408, and 5xx but 502 to 504 (Persona docs: Idempotence). The
	// call may have taken effect: read the state first, and make the call with a new
	// key if it has not.
	RetryNewKey
)

// RetryOf says what may become of a call that failed with err. An error that is not
// from Persona or the network is final, and so is nil. A PATCH or DELETE has no
// idempotency key at Persona: where this says RetrySameKey, read the state first too,
// unless the error is [ErrRateLimited].
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
