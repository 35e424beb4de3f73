package idem

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is an answer of the service that is not a success (RFC 9457). Use [errors.As] to get
// it, and tell errors apart by Status and Type.
type Error struct {
	Op         string        // what was attempted, such as "read a subject"
	Status     int           // HTTP status
	Type       string        // the kind of problem, such as /problems/unknown-flow, where the service explains it; "about:blank" if it is not known
	Title      string        // the kind of problem, for people
	Detail     string        // this problem, for people
	Instance   string        // names this answer in the service's log; may be empty
	Problems   []Problem     // the invalid parts of the request, if it was invalid
	RetryAfter time.Duration // how long the service asks to wait; 0 if it does not
}

// Problem is an invalid part of a request.
type Problem struct {
	Location string `json:"location"` // such as body.flow
	Message  string `json:"message"`
}

// Error implements [error].
func (e *Error) Error() string {
	text := fmt.Sprintf("idem: %s: %d %s", e.Op, e.Status, e.Title)
	if e.Detail != "" && e.Detail != e.Title {
		text += ": " + e.Detail
	}
	for _, p := range e.Problems {
		text += "; " + strings.TrimSpace(p.Location+" "+p.Message)
	}
	return text
}

// errorOf reads an answer that is not a success. A proxy may have made it, so only the text
// of a problem document is used.
func errorOf(op string, res *http.Response, body []byte) *Error {
	var problem struct {
		Type     string    `json:"type"`
		Title    string    `json:"title"`
		Detail   string    `json:"detail"`
		Instance string    `json:"instance"`
		Errors   []Problem `json:"errors"`
	}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		_ = json.Unmarshal(body, &problem) // the status says enough
	}
	e := &Error{Op: op, Status: res.StatusCode, Type: problem.Type, Title: problem.Title, Detail: problem.Detail, Instance: problem.Instance, Problems: problem.Errors}
	if e.Type == "" {
		e.Type = "about:blank"
	}
	if e.Title == "" {
		e.Title = http.StatusText(e.Status)
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}

// temporary reports whether the same request may succeed later.
func (e *Error) temporary() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusConflict:
		return e.Type == "/problems/request-in-progress" // the attempt before this one, whose answer was lost
	case http.StatusBadGateway:
		return e.Type == "about:blank" // of a proxy; with it the service says that Persona refuses its key
	}
	return false
}
