package engine

import (
	"net/http"
)

// Refusal is an error of Persona's: a status, and the entries of its body.
type Refusal struct {
	Status  int
	Title   string
	Details string
	pointer string
	Expires string // an inquiry that expires although the operation is refused
}

func (r *Refusal) Error() string { return r.Title + ": " + r.Details }

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

func BadRequest(details string) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Title: "Bad Request", Details: details}
}

func NotFound(details string) *Refusal {
	return &Refusal{Status: http.StatusNotFound, Title: "Record not found", Details: details}
}

func Conflict(details string) *Refusal {
	return &Refusal{Status: http.StatusConflict, Title: "Conflict", Details: details}
}

func Unprocessable(details, pointer string) *Refusal {
	return &Refusal{Status: http.StatusUnprocessableEntity, Title: "Unprocessable entity", Details: details, pointer: pointer}
}

func Unauthorized(title string) *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Title: title}
}

// UnauthorizedFor is a 401 that says why: the document has it for relays alone.
func UnauthorizedFor(details string) *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Title: "Token is invalid", Details: details}
}

func Forbidden(details string) *Refusal {
	return &Refusal{Status: http.StatusForbidden, Title: "Forbidden", Details: details}
}
