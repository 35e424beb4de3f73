package engine

import (
	"net/http"
	"strconv"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/catalog"
	"github.com/idemhq/idem/sandbox/internal/faults"
)

// documentedQuota is the limit that an exceeded quota names where none is set (the
// example of Persona docs: Rate limiting).
const documentedQuota = 150

func faultResponse(f *faults.Fault) response {
	return errorResponse(&Refusal{Status: f.Status, Title: http.StatusText(f.Status), Details: "a fault of the sandbox"}, "kebab")
}

// rejectEarly returns the answer of a fault that keeps a call from Persona's
// idempotency, not ok for others.
func (s *Engine) rejectEarly(fault *faults.Fault, op *persona.Operation) (res response, ok bool) {
	switch {
	case fault.Is(faults.FaultStatusBefore) && !fault.Remembered():
		return faultResponse(fault), true
	case fault.Is(faults.FaultRateLimited):
		return errorResponse(rateLimitExceeded(s.Options.RateLimit), "kebab"), true
	case fault.Is(faults.FaultQuotaExceeded):
		return errorResponse(quotaExceeded(catalog.QuotaOf(op), s.quotaLimit(op)), "kebab"), true
	default:
		return response{}, false
	}
}

// quotaLimit is the quota of what an operation creates, whether or not it is limited.
func (s *Engine) quotaLimit(op *persona.Operation) int {
	if limit, limited := s.Options.Quotas[catalog.QuotaOf(op)]; limited {
		return limit
	}
	return documentedQuota
}

// describeFault makes the headers agree with a limit that a fault used up.
func (s *Engine) describeFault(fault *faults.Fault, headers map[string]string, op *persona.Operation) {
	prefix := "RateLimit"
	switch {
	case fault.Is(faults.FaultQuotaExceeded):
		prefix = "Quota"
		headers["Quota-Limit"] = strconv.Itoa(s.quotaLimit(op))
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

// write sends an answer, as far as a fault lets it come.
func (s *Engine) write(w http.ResponseWriter, r *http.Request, res response, fault *faults.Fault) {
	switch {
	case fault.Is(faults.FaultLostAnswer):
		panic(http.ErrAbortHandler) // the connection breaks: the caller never learns
	case fault.Is(faults.FaultSlowAnswer):
		late := time.NewTimer(fault.Delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-r.Context().Done():
		case <-s.Dispatcher.ctx.Done(): // the sandbox closes
		}
	}
	h := w.Header()
	for name, value := range res.headers {
		h.Set(name, value)
	}
	h.Set("Content-Type", res.contentType)
	h.Set("Cache-Control", "no-cache, no-store")
	if fault.Is(faults.FaultTruncatedAnswer) {
		h.Set("Content-Length", strconv.Itoa(len(res.body)))
		w.WriteHeader(res.status)
		_, _ = w.Write(res.body[:len(res.body)/2]) // the caller may be gone
		_ = http.NewResponseController(w).Flush()  // so that this half is sent
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(res.status)
	_, _ = w.Write(res.body) // the caller may be gone
}
