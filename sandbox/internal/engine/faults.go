package engine

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/faults"
)

// documentedQuota is the limit that an exceeded quota names if none is set (the example
// of Persona docs: Rate limiting).
const documentedQuota = 150

// AddFault injects a fault from now on. If several faults match a call, the one that was
// added first happens.
func (e *Engine) AddFault(f faults.Fault) (faults.ActiveFault, error) {
	f, err := f.Complete()
	if err != nil {
		return faults.ActiveFault{}, fmt.Errorf("sandbox: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.plan.Add(f), nil
}

// Faults returns the faults that can still happen, in the order in which they were added.
func (e *Engine) Faults() []faults.ActiveFault {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := []faults.ActiveFault{}
	for _, f := range e.plan.Active {
		all = append(all, *f)
	}
	return all
}

// RemoveFault removes a fault, and reports whether there was one with this id.
func (e *Engine) RemoveFault(id int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.plan.Remove(id)
}

// ClearFaults removes all faults.
func (e *Engine) ClearFaults() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.plan.Active = nil
}

func faultResponse(f *faults.Fault) response {
	return errorResponse(&Refusal{Status: f.Status, Title: titleOf(f.Status), Details: "a fault of the sandbox"}, "kebab")
}

// titleOf returns the usual title of errors with a status.
func titleOf(status int) string {
	switch status {
	case http.StatusBadRequest:
		return BadRequest("").Title
	case http.StatusUnauthorized:
		return NotAuthenticated().Title
	case http.StatusNotFound:
		return NotFound("").Title
	case http.StatusUnprocessableEntity:
		return Unprocessable("", "").Title
	case http.StatusTooManyRequests:
		return rateLimitExceeded(0).Title
	case http.StatusInternalServerError:
		return internalErrorTitle
	case http.StatusServiceUnavailable:
		return "Service unavailable" // OpenAPI 2025-12-08
	}
	return http.StatusText(status)
}

// rejectEarly returns the answer of a fault that comes before idempotency. It is not ok
// for other faults.
func (e *Engine) rejectEarly(r *request) (res response, ok bool) {
	switch {
	case r.fault.Is(faults.FaultStatusBefore) && !r.fault.Stored():
		return faultResponse(r.fault), true
	case r.fault.Is(faults.FaultRateLimited):
		return errorResponse(rateLimitExceeded(e.options.RateLimit), "kebab"), true
	case r.fault.Is(faults.FaultQuotaExceeded):
		return errorResponse(quotaExceeded(catalog.QuotaOf(r.op), e.quotaLimit(r.op)), "kebab"), true
	default:
		return response{}, false
	}
}

// quotaLimit returns the quota that applies to an operation, or an example if none does.
func (e *Engine) quotaLimit(op *persona.Operation) int {
	if limit, limited := e.options.Quotas[catalog.QuotaOf(op)]; limited {
		return limit
	}
	return documentedQuota
}

// describeFault makes the headers agree with a limit that a fault used up.
func (e *Engine) describeFault(fault *faults.Fault, headers map[string]string, op *persona.Operation) {
	prefix := "RateLimit"
	switch {
	case fault.Is(faults.FaultQuotaExceeded):
		prefix = "Quota"
		headers["Quota-Limit"] = strconv.Itoa(e.quotaLimit(op))
	case !fault.Is(faults.FaultRateLimited):
		return
	}
	headers[prefix+"-Remaining"] = "0"
	if fault.Delay > 0 {
		headers[prefix+"-Reset"] = strconv.Itoa(int((fault.Delay + time.Second - 1) / time.Second))
	} else if headers[prefix+"-Reset"] == "" {
		headers[prefix+"-Reset"] = strconv.Itoa(int(windowLength / time.Second))
	}
}

// writeHalf writes half of an answer and closes the connection.
func writeHalf(w http.ResponseWriter, res response) {
	w.Header().Set("Content-Length", strconv.Itoa(len(res.body)))
	w.WriteHeader(res.status)
	_, _ = w.Write(res.body[:len(res.body)/2]) // the caller may be gone
	_ = http.NewResponseController(w).Flush()  // so that this half is sent
	panic(http.ErrAbortHandler)
}
