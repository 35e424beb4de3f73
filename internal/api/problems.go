package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// Problem is an error answer (RFC 9457). Its fields hold nothing of the request, except for
// names that are not known.
type Problem struct {
	Type     string         `json:"type" format:"uri-reference" doc:"names the kind of problem, and is where it is explained"`
	Title    string         `json:"title" doc:"the kind of problem in words"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail,omitempty" doc:"what happened, and what to do"`
	Instance string         `json:"instance,omitempty" format:"uri" doc:"names this one answer: the id at the end is in X-Request-Id and in the log"`
	Errors   []ProblemField `json:"errors,omitempty" doc:"what is wrong with each part of the request"`
}

// ProblemField says what is wrong with one part of a request.
type ProblemField struct {
	Location string `json:"location,omitempty" doc:"such as query.limit or body.url"`
	Message  string `json:"message"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// GetStatus implements [huma.StatusError].
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements [huma.ContentTypeFilter].
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// problemKind is a kind of problem, as it is documented.
type problemKind struct {
	name    string // of the page below /problems/
	status  int
	title   string
	meaning string
	remedy  string
}

// The names of the kinds of problems. problemKinds explains them.
const (
	malformedRequest     = "malformed-request"
	missingToken         = "missing-token"
	invalidToken         = "invalid-token"
	expiredToken         = "expired-token"
	missingScope         = "missing-scope"
	wrongEnvironment     = "wrong-environment"
	notFound             = "not-found"
	unknownPath          = "unknown-path"
	unknownEnvironment   = "environment-not-configured"
	unknownFlow          = "unknown-flow"
	apiDisabled          = "api-disabled"
	methodNotAllowed     = "method-not-allowed"
	requestTimeout       = "request-timeout"
	conflict             = "conflict"
	requestInProgress    = "request-in-progress"
	secretShown          = "secret-already-shown"
	tooLarge             = "too-large"
	unsupportedMediaType = "unsupported-media-type"
	invalidRequest       = "invalid-request"
	unknownParameter     = "unknown-parameter"
	keyReused            = "idempotency-key-reused"
	tooManyWrongTokens   = "too-many-wrong-tokens"
	internalError        = "internal-error"
	keyRefused           = "persona-refuses-key"
	rejectedByPersona    = "rejected-by-persona"
	unavailable          = "unavailable"
)

// problemKinds returns all kinds of problems. The first kind of a status is the general one.
func problemKinds() []problemKind {
	return []problemKind{
		{malformedRequest, 400, "The request cannot be read", "The body is not valid JSON, or it ended early.", "Send valid JSON."},
		{missingToken, 401, "No token", "The request has no Authorization header with a token.", "Send Authorization: Bearer followed by a token."},
		{invalidToken, 401, "Unknown token", "The token does not exist, or it was revoked.", "Check for missing characters. Make a new token with idem tokens create."},
		{expiredToken, 401, "Expired token", "The token was valid until a time that has passed.", "Make a new token with idem tokens create."},
		{missingScope, 403, "The token lacks a scope", "The token is valid, but it does not allow this request. The answer names the scope that is needed.", "Use a token that has the scope, or make one with idem tokens create."},
		{wrongEnvironment, 403, "The token is for another environment", "The token is limited to one environment, and the path names the other one.", "Use a token of the environment, or correct the path."},
		{notFound, 404, "Not found", "There is no such row in this environment.", "Check the id and the environment. Old events may have been deleted: see retention."},
		{unknownPath, 404, "Unknown path", "The API has no such path.", "/docs lists the paths."},
		{unknownEnvironment, 404, "The environment is not configured", "The service has no API key for this environment.", "Check the path, or configure the environment."},
		{unknownFlow, 404, "Unknown flow", "The environment has no flow with this name. The answer names those that there are.", "Correct the name, or add the flow to the configuration."},
		{apiDisabled, 404, "The API is disabled", "No token is configured, and none was created.", "Set api_token in the configuration, or IDEM_API_TOKEN, and restart the service."},
		{methodNotAllowed, 405, "Method not allowed", "The path exists, but not with this method. The Allow header has the methods that it knows.", "Correct the method."},
		{requestTimeout, 408, "The request took too long", "The body did not arrive in time.", "Send the request again."},
		{conflict, 409, "The state does not allow it", "The request contradicts what is stored now, for example because a name is taken.", "Read the resource again, then decide."},
		{requestInProgress, 409, "A request with this idempotency key is in progress", "The first request with this key has not been answered yet.", "Repeat the same request after a second."},
		{secretShown, 409, "The secret was shown already", "A request with this idempotency key succeeded. Its answer had a secret, which is shown once and not stored.", "If you did not receive the answer, delete what it created, or rotate the secret, and make a new one with another key."},
		{tooLarge, 413, "The body is too large", "The body is longer than one mebibyte.", "Send less at once."},
		{unsupportedMediaType, 415, "Unsupported content type", "The body is not JSON.", "Set Content-Type: application/json."},
		{invalidRequest, 422, "Invalid request", "A value is missing, or it is not valid. The errors of the answer say which and why.", "Correct the values."},
		{unknownParameter, 422, "Unknown query parameter", "The query has a parameter that this path does not know. A filter that was ignored would return too much.", "Correct the name: the answer suggests the nearest one. /docs lists the parameters of each path."},
		{keyReused, 422, "The idempotency key was used for another request", "The key belongs to a request with another path or body.", "Use a new key for every new request, and the same key only to repeat one."},
		{rejectedByPersona, 422, "Persona rejects the request", "Persona refuses what the request would do there. The errors of the answer are Persona's.", "Correct the values, or the template at Persona."},
		{tooManyWrongTokens, 429, "Too many wrong tokens", "Your address has sent too many wrong tokens. For some seconds the token of the configuration is not accepted from it; created tokens still are.", "Stop the client that has a wrong token. Wait as long as Retry-After says."},
		{internalError, 500, "Internal error", "The service failed.", "Look for the request's id in the log."},
		{keyRefused, 502, "Persona refuses the API key", "Persona refuses the service's API key, or the key lacks a permission.", "Run idem doctor, and see the log."},
		{unavailable, 503, "Temporarily unavailable", "The database or Persona did not answer, or too many streams are open.", "Repeat the request a little later, with the same idempotency key if it has one."},
	}
}

// kindOf returns a kind of problem by its name.
func kindOf(name string) (problemKind, bool) {
	all := problemKinds()
	i := slices.IndexFunc(all, func(k problemKind) bool { return k.name == name })
	if i < 0 {
		return problemKind{}, false
	}
	return all[i], true
}

// problem returns an error answer.
func problem(name, detail string, fields ...ProblemField) *Problem {
	k, known := kindOf(name)
	if !known {
		k = problemKind{name: internalError, status: http.StatusInternalServerError, title: name}
	}
	return &Problem{Type: "/problems/" + k.name, Title: k.title, Status: k.status, Detail: detail, Errors: fields}
}

// ofStatus returns the general problem of a status.
func ofStatus(status int, detail string, fields ...ProblemField) *Problem {
	for _, k := range problemKinds() {
		if k.status == status {
			return problem(k.name, detail, fields...)
		}
	}
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Errors: fields}
}

// asProblem is a [huma.Transformer]. It gives every error answer the form of a [Problem].
// Huma's own errors repeat the values of the request, which can be secrets: they are left
// out.
func asProblem(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*Problem); ok {
		return occurrence(ctx.Context(), p), nil
	}
	failed, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	var fields []ProblemField
	for _, e := range failed.Errors {
		fields = append(fields, ProblemField{e.Location, e.Message})
	}
	detail := failed.Detail
	switch {
	case failed.Status == http.StatusInternalServerError:
		detail, fields = failedDetail, nil
	case detail == "validation failed":
		detail = "the request is not valid: errors says what to correct"
	}
	return occurrence(ctx.Context(), ofStatus(failed.Status, detail, fields...)), nil
}

// occurrence returns a problem with the id of the request.
func occurrence(ctx context.Context, p *Problem) *Problem {
	shown := *p
	if id := requestID(ctx); id != "" {
		shown.Instance = "urn:idem:request:" + id
	}
	return &shown
}

// writeProblem answers with a problem.
func writeProblem(ctx huma.Context, p *Problem) {
	body, _ := json.Marshal(occurrence(ctx.Context(), p)) // cannot fail: it has strings and numbers
	ctx.SetHeader("Content-Type", problemType)
	ctx.SetStatus(p.Status)
	_, _ = ctx.BodyWriter().Write(body) // the client may have disconnected
}

// fieldsOf returns what is wrong with the parts of a request.
func fieldsOf(errs []error) (fields []ProblemField) {
	for _, err := range errs {
		field := ProblemField{Message: err.Error()}
		if at := (*huma.ErrorDetail)(nil); errors.As(err, &at) {
			field = ProblemField{at.Location, at.Message}
		}
		fields = append(fields, field)
	}
	return fields
}
