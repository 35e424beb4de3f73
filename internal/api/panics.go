package api

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/danielgtaylor/huma/v2"
)

// survive answers a request whose handler panics with a problem. net/http would only close
// the connection, and the client could not tell that from a network error.
func (s *server) survive(ctx huma.Context, next func(huma.Context)) {
	defer func() {
		reason := recover()
		switch reason {
		case nil:
			return
		case http.ErrAbortHandler:
			panic(reason) // the handler wants the connection closed
		}
		s.Logger.ErrorContext(ctx.Context(), "API request panicked", "request", requestID(ctx.Context()), "reason", fmt.Sprint(reason), "stack", string(debug.Stack()))
		if ctx.Status() != 0 {
			panic(http.ErrAbortHandler) // the answer has begun: the client must not take it for complete
		}
		writeProblem(ctx, problem(internalError, failedDetail))
	}()
	next(ctx)
}

const failedDetail = "the service failed; look for the request's id in the log"
