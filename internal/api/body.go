package api

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	maxBody  = 1 << 20         // bytes of a request's body
	bodyTime = 5 * time.Second // for the body to arrive
)

// receive reads the body of a request before anything is done with it. Huma limits the time
// only of the bodies that it reads itself, and blames the service, with a 500, for one that
// cannot be read. And it does not lift the limit when the body is there. net/http then waits
// for the end of the connection, and when the limit passes, it cancels the request.
func receive(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if reads := ctx.Method() == http.MethodPost || ctx.Method() == http.MethodPatch; !reads || r.Body == nil || r.Body == http.NoBody {
		// There is nothing to wait for.
		next(ctx)
		return
	}
	until := func(t time.Time) { _ = http.NewResponseController(w).SetReadDeadline(t) } // fails only in tests without a connection
	until(time.Now().Add(bodyTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeProblem(ctx, unreadable(err))
		return
	}
	until(time.Time{})
	r = r.WithContext(ctx.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	next(humago.NewContext(ctx.Operation(), r, w))
}

// unreadable is the answer if a body cannot be read.
func unreadable(err error) *Problem {
	var late net.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return problem(tooLarge, "the body is longer than one mebibyte")
	case errors.As(err, &late) && late.Timeout():
		return problem(requestTimeout, "the body did not arrive within five seconds")
	default:
		return problem(malformedRequest, "the body ended early, or its encoding is broken")
	}
}
