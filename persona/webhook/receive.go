package webhook

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// Receive reads, verifies and parses the event of a webhook request, in this order: nothing
// is parsed that Persona did not sign. Use it in your own HTTP handler; [Handler] uses it
// too.
//
//	e, err := webhook.Receive(r, secrets)
//	if err != nil {
//		http.Error(w, err.Error(), webhook.StatusOf(err))
//		return
//	}
//
// secrets are all valid secrets of the webhook. The body may have [MaxBody] bytes. Receive
// waits for the body as long as the server does: set ReadTimeout of [http.Server], or a
// read deadline with [http.ResponseController].
//
// The error is a [*RequestError], which wraps a [*SignatureError] or a [*BodyError] if one
// of these is the reason. It quotes nothing of the body and the secrets.
func Receive(r *http.Request, secrets []string, opts ...VerifyOption) (*Event, error) {
	return receive(nil, r, secrets, opts)
}

// RequestError means that a webhook request was rejected.
type RequestError struct {
	Status int // the HTTP status to answer with
	Err    error
}

func (e *RequestError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *RequestError) Unwrap() error { return e.Err }

// StatusOf returns the HTTP status to answer with: that of a [*RequestError], 500 for any
// other error, and 200 for nil.
func StatusOf(err error) int {
	var refused *RequestError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &refused):
		return refused.Status
	default:
		return http.StatusInternalServerError
	}
}

// receive implements [Receive]. If w is not nil, it closes the connection when the body is
// too long.
func receive(w http.ResponseWriter, r *http.Request, secrets []string, opts []VerifyOption) (*Event, error) {
	if r.Method != http.MethodPost {
		return nil, refuse(http.StatusMethodNotAllowed, "the request is not a POST")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, refuse(http.StatusUnsupportedMediaType, "the content type is not application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, refuse(http.StatusRequestEntityTooLarge, "the body is longer than a mebibyte")
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "the body could not be read to its end")
	}
	switch err := VerifyHeader(body, r.Header, secrets, opts...); {
	case errors.Is(err, ErrNoSecret):
		return nil, &RequestError{http.StatusInternalServerError, err}
	case err != nil:
		return nil, &RequestError{http.StatusUnauthorized, err}
	}
	e, err := Parse(body)
	if err != nil {
		return nil, &RequestError{http.StatusBadRequest, err}
	}
	return e, nil
}

func refuse(status int, why string) error {
	return &RequestError{status, fmt.Errorf("webhook: %s", why)}
}
