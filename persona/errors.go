package persona

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The errors of calls, for [errors.Is].
var (
	ErrNoKey        = errors.New("persona: no API key: set PERSONA_API_KEY or use WithAPIKey")
	ErrBadRequest   = errors.New("persona: the request is malformed")                      // 400
	ErrUnauthorized = errors.New("persona: the API key is missing or invalid")             // 401, and a wrong environment
	ErrForbidden    = errors.New("persona: the API key lacks the permission")              // 403
	ErrNotFound     = errors.New("persona: the resource does not exist")                   // 404
	ErrConflict     = errors.New("persona: the state of the resource does not allow this") // 409
	ErrInvalid      = errors.New("persona: a value is invalid")                            // 422
	ErrRateLimited  = errors.New("persona: a rate limit or quota is exceeded")             // 429
	ErrUnavailable  = errors.New("persona: the server failed")                             // 408 and 5xx
	ErrTooLarge     = errors.New("persona: the answer is too long")                        // see WithMaxResponse
	ErrTookEffect   = errors.New("persona: the call took effect, but its answer was lost") // see WithReread

	// ErrOutcomeUnknown means that the call may or may not have taken effect, because the
	// connection broke after it was sent or because the server failed. Read the state
	// before you make the call again.
	ErrOutcomeUnknown = errors.New("persona: it is not known whether the call took effect")
)

// Error is an unsuccessful answer of Persona.
type Error struct {
	Operation string // such as Inquiries.Approve
	Status    int    // of HTTP
	Errors    []ErrorDetail
	RequestID string // req_…, the id of Persona's API log
	Header    http.Header

	outcomeUnknown bool
}

// ErrorDetail is one of the errors in an answer. Details and Meta can quote the request,
// including personal data, so keep them out of logs; [Error.Error] and the methods of this
// type omit them. Persona documents no error codes besides the title.
type ErrorDetail struct {
	Title   string          `json:"title"`
	Details string          `json:"details"`
	Pointer string          `json:"-"` // source.pointer: the place in the body
	Meta    json.RawMessage `json:"meta"`
}

// Error returns the operation, the status, Persona's titles and the request id. It contains
// no personal data; [Error.Details] may.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "persona: %s: %d", e.Operation, e.Status)
	if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
	}
	if title := e.title(); title != "" {
		b.WriteString(": " + title)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request %s)", e.RequestID)
	}
	if e.outcomeUnknown {
		b.WriteString("; it is not known whether the call took effect")
	}
	return b.String()
}

// Details returns title, details and position in the body of each error. Details can quote
// the request, including personal data, so keep them out of logs.
func (e *Error) Details() []string {
	var lines []string
	for _, d := range e.Errors {
		line := strings.Trim(d.Title+": "+d.Details, ": ")
		if d.Pointer != "" {
			line += " (" + d.Pointer + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// title joins the titles of the errors. Titles come from a fixed set and quote nothing of
// the request.
func (e *Error) title() string {
	var titles []string
	for _, detail := range e.Errors {
		if detail.Title != "" {
			titles = append(titles, detail.Title)
		}
	}
	return strings.Join(titles, ": ")
}

// Is reports whether target is the sentinel error of e's status, or [ErrOutcomeUnknown] if
// that applies.
func (e *Error) Is(target error) bool {
	if target == ErrOutcomeUnknown {
		return e.outcomeUnknown
	}
	return target == sentinel(e.Status)
}

// RetryAfter returns the time until the exceeded rate limit or quota resets, or zero if the
// answer does not say.
func (e *Error) RetryAfter() time.Duration { return resetAfter(e.Header) }

func sentinel(status int) error {
	switch {
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusConflict:
		return ErrConflict
	case status == http.StatusUnprocessableEntity:
		return ErrInvalid
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status == http.StatusRequestTimeout || status >= 500:
		return ErrUnavailable
	default:
		return ErrBadRequest
	}
}

// newError parses an error body. Persona's format is {"errors": [{"title", "details",
// "meta", "source": {"pointer"}}]} (OpenAPI 2025-12-08). Any other body leaves Errors
// empty.
func newError(operation string, status int, header http.Header, body []byte) *Error {
	e := &Error{Operation: operation, Status: status, RequestID: header.Get("Request-Id"), Header: header}
	var raw struct {
		Errors []struct {
			ErrorDetail
			Source struct{ Pointer string }
		}
	}
	_ = json.Unmarshal(body, &raw)
	for _, entry := range raw.Errors {
		entry.ErrorDetail.Pointer = entry.Source.Pointer
		e.Errors = append(e.Errors, entry.ErrorDetail)
	}
	return e
}

// TransportError means that there was no answer: the connection failed, or the context
// ended.
type TransportError struct {
	Operation string
	Err       error // without the URL, whose query can hold personal data

	outcomeUnknown bool
}

func (e *TransportError) Error() string {
	text := fmt.Sprintf("persona: %s: %v", e.Operation, e.Err)
	if e.outcomeUnknown {
		text += "; it is not known whether the call took effect"
	}
	return text
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrOutcomeUnknown] and the call may have taken effect.
func (e *TransportError) Is(target error) bool {
	return target == ErrOutcomeUnknown && e.outcomeUnknown
}

// withoutURL removes the URL from an error of net/http.
func withoutURL(err error) error {
	var urlError *url.Error
	if errors.As(err, &urlError) {
		return urlError.Err
	}
	return err
}

// EnvironmentError means that a key or a call does not belong to the environment of
// [WithEnvironment]. No request was sent.
type EnvironmentError struct {
	Environment Environment
	Problem     string
}

func (e *EnvironmentError) Error() string {
	return fmt.Sprintf("persona: environment %s: %s", e.Environment, e.Problem)
}
