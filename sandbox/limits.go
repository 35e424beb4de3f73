package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/idemhq/idem/persona"
)

// window is a fixed window of a rate limit: it starts with the first call, and lasts
// a minute (Persona docs: Rate limiting).
type window struct {
	start time.Time
	used  int
}

const windowLength = time.Minute

// take counts a call, and reports whether it is one too many.
func (w *window) take(now time.Time, limit int) (limited bool) {
	if now.Sub(w.start) >= windowLength {
		*w = window{start: now}
	}
	w.used++
	return w.used > limit
}

// left returns the calls that are left, and the seconds until the window ends.
func (w *window) left(now time.Time, limit int) (remaining, reset int) {
	return max(0, limit-w.used), max(0, int((w.start.Add(windowLength).Sub(now)+time.Second-1)/time.Second))
}

// describe writes the three headers of a limit: RateLimit-…, or Quota-….
func (w *window) describe(headers map[string]string, prefix string, now time.Time, limit int) {
	remaining, reset := w.left(now, limit)
	headers[prefix+"-Limit"] = strconv.Itoa(limit)
	headers[prefix+"-Remaining"] = strconv.Itoa(remaining)
	headers[prefix+"-Reset"] = strconv.Itoa(reset)
}

// quotaOf is what an operation creates that a quota may be set on, or "".
func quotaOf(op *persona.Operation) string {
	if op == nil || op.Method != "Create" {
		return ""
	}
	return limitedProducts()[op.Service]
}

// limitedProducts are what a quota may be set on, by the service that makes it.
func limitedProducts() map[string]string {
	return map[string]string{"Inquiries": "inquiry", "Cases": "case", "Accounts": "account", "Reports": "report", "Transactions": "transaction"}
}

func quotaProducts() []string { return slices.Sorted(maps.Values(limitedProducts())) }

// takeQuota counts a creation, and refuses one too many.
func (s *Sandbox) takeQuota(env *environment, op *persona.Operation, now time.Time) error {
	product := quotaOf(op)
	limit, limited := s.options.Quotas[product]
	if !limited {
		return nil
	}
	if env.quotas[product] == nil {
		env.quotas[product] = &window{}
	}
	if env.quotas[product].take(now, limit) {
		return quotaExceeded(product, limit)
	}
	return nil
}

func rateLimitExceeded(limit int) *refusal {
	return &refusal{status: http.StatusTooManyRequests, title: "Rate limit exceeded",
		details: "This environment has reached its limit of " + strconv.Itoa(limit) + " requests / min."}
}

func quotaExceeded(product string, limit int) *refusal {
	return &refusal{status: http.StatusTooManyRequests, title: "Quota exceeded",
		details: "This environment has reached its create_" + product + " quota limit of " + strconv.Itoa(limit) + " requests / min."}
}
