package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/idemhq/idem/internal/auth"
	"github.com/idemhq/idem/internal/domain"
)

// contextKey is the type of the keys of values in a request's context.
type contextKey int

const (
	requestKey     contextKey = iota // the request's id
	tokenKey                         // the token of the request
	listKey                          // the list that the path names
	idempotencyKey                   // the request that its idempotency key began
	checkKey                         // a function that checks the request's token again
)

// needs sets the scope that an operation needs. The OpenAPI document shows it, and access
// enforces it.
func needs(scope domain.Scope) func(*huma.Operation) {
	return func(o *huma.Operation) { o.Security = []map[string][]string{{"token": {string(scope)}}} }
}

// scopeOf returns the scope that an operation needs. An operation that names none is for
// administrators, unless it only reads.
func scopeOf(o *huma.Operation) domain.Scope {
	for _, requirement := range o.Security {
		if scopes := requirement["token"]; len(scopes) == 1 {
			return domain.Scope(scopes[0])
		}
	}
	if o.Method == http.MethodGet {
		return domain.ScopeRead
	}
	return domain.ScopeAdmin
}

// identify gives every request an id, which its answer has too.
func identify(ctx huma.Context, next func(huma.Context)) {
	id := domain.NewID("req")
	ctx.SetHeader("X-Request-Id", id)
	ctx = huma.WithValue(ctx, requestKey, id)
	_, list, _ := strings.Cut(strings.TrimPrefix(ctx.Operation().Path, "/v1/"), "/")
	next(huma.WithValue(ctx, listKey, list))
}

// requestID returns the id of a request, or "".
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey).(string)
	return id
}

// access rejects requests whose token does not allow them.
func access(check *auth.Authenticator, failed func(context.Context, error) error) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(ctx)
		operation, env := ctx.Operation(), domain.Environment(ctx.Param("environment"))
		permit := func() (domain.Token, error) {
			token, err := check.Check(r)
			if err != nil {
				return token, err
			}
			return token, allowed(token, operation, env)
		}
		token, err := permit()
		if err != nil {
			writeProblem(ctx, refusal(ctx, err, failed))
			return
		}
		next(huma.WithValue(huma.WithValue(ctx, tokenKey, token), checkKey, permit))
	}
}

// stillAllowed reports whether the token of a request allows it now, for answers that take
// long: the token may have expired or been revoked.
func stillAllowed(ctx context.Context) bool {
	permit, known := ctx.Value(checkKey).(func() (domain.Token, error))
	if !known {
		return false
	}
	_, err := permit()
	return err == nil
}

// allowed returns a [Problem] if a token does not allow an operation. The environment is
// that of the path, if it has one.
func allowed(token domain.Token, o *huma.Operation, env domain.Environment) error {
	if scope := scopeOf(o); !token.Allows(scope) {
		return problem(missingScope, fmt.Sprintf("this request needs the scope %q, and the token has %s: use another token, or create one with that scope", scope, quoted(token.Scopes)))
	}
	if env != "" && !token.In(env) {
		return problem(wrongEnvironment, fmt.Sprintf("the token is for the %s environment only: use a token for this one, or correct the path", token.Environment))
	}
	return nil
}

func quoted(scopes []domain.Scope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = strconv.Quote(string(s))
	}
	return strings.Join(names, ", ")
}

// refusal returns the answer to a request without a usable token.
func refusal(ctx huma.Context, err error, failed func(context.Context, error) error) *Problem {
	var refused *Problem
	var slowed *auth.SlowedError
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &slowed):
		ctx.SetHeader("Retry-After", strconv.Itoa(int(math.Ceil(slowed.Wait.Seconds()))))
		return problem(tooManyWrongTokens, "your address has sent too many wrong tokens: wait, and correct the token")
	case errors.Is(err, auth.ErrDisabled):
		return problem(apiDisabled, "the API is disabled: set api_token in the configuration, or IDEM_API_TOKEN")
	}
	for cause, name := range map[error]string{auth.ErrMissing: missingToken, auth.ErrUnknown: invalidToken, auth.ErrExpired: expiredToken} {
		if errors.Is(err, cause) {
			ctx.SetHeader("WWW-Authenticate", "Bearer")
			return problem(name, map[string]string{
				missingToken: "give a token as Authorization: Bearer …", invalidToken: "the token does not exist or was revoked: give another one", expiredToken: "the token has expired: create a new one",
			}[name])
		}
	}
	if err = failed(ctx.Context(), err); errors.As(err, &refused) {
		return refused
	}
	return problem(unavailable, "the database did not answer: try again")
}

// tokenOf returns the token of a request.
func tokenOf(ctx context.Context) domain.Token {
	t, _ := ctx.Value(tokenKey).(domain.Token)
	return t
}

// actorOf returns the actor in audit entries of a request: "api", or "api:" and the name of
// the token if it is not the configured one.
func actorOf(ctx context.Context) string {
	t := tokenOf(ctx)
	if t.ID == "" || t.ID == auth.ConfiguredID {
		return "api"
	}
	return "api:" + t.Name
}
