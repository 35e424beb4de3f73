package sandbox

import (
	"net/http"
	"strconv"
	"time"

	"github.com/idemhq/idem/persona"
)

// documentedQuota is the limit that an exceeded quota names where none is set (the
// example of Persona docs: Rate limiting).
const documentedQuota = 150

// remembered reports whether an idempotency key keeps the failure: Persona stores its
// own errors, but what a gateway answers never reaches it, and neither do refusals
// for limits.
func (f *Fault) remembered() bool {
	if f.Status == http.StatusTooManyRequests || f.Status == http.StatusUnauthorized {
		return false
	}
	return f.Kind == FaultCachedStatus || f.Status < http.StatusBadGateway
}

func (f *Fault) response() response {
	return errorResponse(&refusal{status: f.Status, title: http.StatusText(f.Status), details: "a fault of the sandbox"}, "kebab")
}

// atTheDoor returns the answer of a fault that keeps a call from Persona's
// idempotency, not ok for others.
func (s *Sandbox) atTheDoor(fault *Fault, op *persona.Operation) (res response, ok bool) {
	switch {
	case fault.is(FaultStatusBefore) && !fault.remembered():
		return fault.response(), true
	case fault.is(FaultRateLimited):
		return errorResponse(rateLimitExceeded(s.options.RateLimit), "kebab"), true
	case fault.is(FaultQuotaExceeded):
		return errorResponse(quotaExceeded(quotaOf(op), s.quotaLimit(op)), "kebab"), true
	default:
		return response{}, false
	}
}

// arriving are those of the included resources of an answer that come: not all of them
// where the fault is of that kind.
func (f *Fault) arriving(included []any) []any {
	if !f.is(FaultPartialIncluded) {
		return included
	}
	return included[:int(f.share*float64(len(included)))]
}

// quotaLimit is the quota of what an operation creates, whether or not it is limited.
func (s *Sandbox) quotaLimit(op *persona.Operation) int {
	if limit, limited := s.options.Quotas[quotaOf(op)]; limited {
		return limit
	}
	return documentedQuota
}

// describeFault makes the headers agree with a limit that a fault used up.
func (s *Sandbox) describeFault(fault *Fault, headers map[string]string, op *persona.Operation) {
	prefix := "RateLimit"
	switch {
	case fault.is(FaultQuotaExceeded):
		prefix = "Quota"
		headers["Quota-Limit"] = strconv.Itoa(s.quotaLimit(op))
	case !fault.is(FaultRateLimited):
		return
	}
	headers[prefix+"-Remaining"] = "0"
	if fault.Delay > 0 {
		headers[prefix+"-Reset"] = strconv.Itoa(int((fault.Delay + time.Second - 1) / time.Second))
	} else if headers[prefix+"-Reset"] == "" {
		headers[prefix+"-Reset"] = strconv.Itoa(int(windowLength / time.Second))
	}
}

// write sends an answer, as far as a fault lets it come.
func (s *Sandbox) write(w http.ResponseWriter, r *http.Request, res response, fault *Fault) {
	switch {
	case fault.is(FaultLostAnswer):
		panic(http.ErrAbortHandler) // the connection breaks: the caller never learns
	case fault.is(FaultSlowAnswer):
		late := time.NewTimer(fault.Delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-r.Context().Done():
		case <-s.deliveries.ctx.Done(): // the sandbox closes
		}
	}
	h := w.Header()
	for name, value := range res.headers {
		h.Set(name, value)
	}
	h.Set("Content-Type", res.contentType)
	h.Set("Cache-Control", "no-cache, no-store")
	if fault.is(FaultTruncatedAnswer) {
		h.Set("Content-Length", strconv.Itoa(len(res.body)))
		w.WriteHeader(res.status)
		_, _ = w.Write(res.body[:len(res.body)/2]) // the caller may be gone
		_ = http.NewResponseController(w).Flush()  // so that this half is sent
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(res.status)
	_, _ = w.Write(res.body) // the caller may be gone
}
