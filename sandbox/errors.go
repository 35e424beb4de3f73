package sandbox

import "net/http"

// refusal is an error of Persona's: a status, and the entries of its body.
type refusal struct {
	status  int
	title   string
	details string
	pointer string
	expires string // an inquiry that expires although the operation is refused
}

func (r *refusal) Error() string { return r.title + ": " + r.details }

func (r *refusal) body() map[string]any {
	entry := map[string]any{"title": r.title}
	if r.details != "" {
		entry["details"] = r.details
	}
	if r.pointer != "" {
		entry["source"] = map[string]any{"pointer": r.pointer}
	}
	return map[string]any{"errors": []any{entry}}
}

func badRequest(details string) *refusal {
	return &refusal{status: http.StatusBadRequest, title: "Bad Request", details: details}
}

func notFound(details string) *refusal {
	return &refusal{status: http.StatusNotFound, title: "Record not found", details: details}
}

func conflict(details string) *refusal {
	return &refusal{status: http.StatusConflict, title: "Conflict", details: details}
}

func unprocessable(details, pointer string) *refusal {
	return &refusal{status: http.StatusUnprocessableEntity, title: "Unprocessable entity", details: details, pointer: pointer}
}

func unauthorized(title string) *refusal {
	return &refusal{status: http.StatusUnauthorized, title: title}
}

// unauthorizedFor is a 401 that says why: the document has it for relays alone.
func unauthorizedFor(details string) *refusal {
	return &refusal{status: http.StatusUnauthorized, title: "Token is invalid", details: details}
}

func forbidden(details string) *refusal {
	return &refusal{status: http.StatusForbidden, title: "Forbidden", details: details}
}
