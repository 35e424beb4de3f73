package engine

import (
	"net/http"
	"strconv"
	"time"

	"github.com/idemhq/idem/persona"
	"github.com/idemhq/idem/sandbox/internal/catalog"
)

// window is a fixed window of a rate limit. It starts with the first call and lasts a
// minute (Persona docs: Rate limiting).
type window struct {
	start time.Time
	used  int
}

const windowLength = time.Minute

// take counts a call, and reports whether it is over the limit.
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

// describe writes the three headers of a limit. The prefix is RateLimit or Quota.
func (w *window) describe(headers map[string]string, prefix string, now time.Time, limit int) {
	remaining, reset := w.left(now, limit)
	headers[prefix+"-Limit"] = strconv.Itoa(limit)
	headers[prefix+"-Remaining"] = strconv.Itoa(remaining)
	headers[prefix+"-Reset"] = strconv.Itoa(reset)
}

// takeQuota counts a creation, and refuses it if it is over the quota.
func (e *Engine) takeQuota(env *Environment, op *persona.Operation, now time.Time) error {
	product := catalog.QuotaOf(op)
	limit, limited := e.options.Quotas[product]
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

func rateLimitExceeded(limit int) *Refusal {
	return &Refusal{Status: http.StatusTooManyRequests, Title: "Rate limit exceeded",
		Details: "This environment has reached its limit of " + strconv.Itoa(limit) + " requests / min."}
}

func quotaExceeded(product string, limit int) *Refusal {
	return &Refusal{Status: http.StatusTooManyRequests, Title: "Quota exceeded",
		Details: "This environment has reached its create_" + product + " quota limit of " + strconv.Itoa(limit) + " requests / min."}
}
