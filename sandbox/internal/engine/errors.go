package engine

import (
	"net/http"
)

const internalErrorTitle = "Internal server error"

// Refusal is an error in the form of Persona's errors.
type Refusal struct {
	Status  int
	Title   string
	Details string
	pointer string
	Expires string // the id of an inquiry that expires although the operation is refused
}

func (r *Refusal) Error() string { return r.Title + ": " + r.Details }

// Body returns the body of the answer.
func (r *Refusal) Body() map[string]any {
	entry := map[string]any{"title": r.Title}
	if r.Details != "" {
		entry["details"] = r.Details
	}
	if r.pointer != "" {
		entry["source"] = map[string]any{"pointer": r.pointer}
	}
	return map[string]any{"errors": []any{entry}}
}

// BadRequest is a 400. Its title was observed at Persona; the document writes Bad Request.
func BadRequest(details string) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Title: "Bad request", Details: details}
}

// NotFound is a 404.
func NotFound(details string) *Refusal {
	return &Refusal{Status: http.StatusNotFound, Title: "Record not found", Details: details}
}

// Conflict is a 409.
func Conflict(details string) *Refusal {
	return &Refusal{Status: http.StatusConflict, Title: "Conflict", Details: details}
}

// NotUnique is a 409 about a value that another resource has.
func NotUnique(details string) *Refusal {
	return &Refusal{Status: http.StatusConflict, Title: "Record not unique", Details: details}
}

// Unprocessable is a 422 about a place in the body, such as /data/type.
func Unprocessable(details, pointer string) *Refusal {
	return &Refusal{Status: http.StatusUnprocessableEntity, Title: "Unprocessable entity", Details: details, pointer: pointer}
}

// Unauthorized is a 401.
func Unauthorized(title string) *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Title: title}
}

// NotAuthenticated is the 401 of a request without a key, or with one that lacks a right.
func NotAuthenticated() *Refusal {
	return Unauthorized("Must be authenticated to access this endpoint")
}

// UnauthorizedFor is a 401 with details, which the document has only for relays.
func UnauthorizedFor(details string) *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Title: "Token is invalid", Details: details}
}

// Forbidden is a 403.
func Forbidden(details string) *Refusal {
	return &Refusal{Status: http.StatusForbidden, Title: "Forbidden", Details: details}
}
