package sandbox

import (
	"net"
	"net/http"
	"strings"
)

func logOperations() map[string]operation {
	return map[string]operation{
		"APILogs.List": func(c *call) (*answer, error) { return c.list("api-log", nil) },
		"APILogs.Get":  func(c *call) (*answer, error) { return c.answerFound("api-log") },
		"RateLimits.List": func(c *call) (*answer, error) {
			limit := c.sandbox.options.RateLimit
			remaining, reset := c.env.window.left(c.now, limit)
			return &answer{many: []*resource{{typ: "rate-limit/api", attributes: map[string]any{"limit": limit, "remaining": remaining, "seconds-to-reset": reset}}}}, nil
		},
	}
}

// logEntry describes a call and its answer for the API log. Bodies are there as they
// were sent: it is what the log is for.
func (s *Sandbox) logEntry(c *call, r *http.Request, status int, requestID string) *resource {
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	headers := map[string]any{"Host": r.Host}
	for _, name := range []string{"Accept", "User-Agent", "Persona-Version"} { // no others in the document
		if value := r.Header.Get(name); value != "" {
			headers[name] = value
		}
	}
	headers["Authorization"] = "[FILTERED]"
	query := map[string]any{}
	for name, values := range r.URL.Query() {
		query[name] = strings.Join(values, ",")
	}
	posted := c.body
	if posted == nil {
		posted = map[string]any{}
	}
	limit := s.options.RateLimit
	remaining, reset := c.env.window.left(c.now, limit)
	return &resource{typ: "api-log", id: requestID, attributes: map[string]any{
		"created-at": c.now.Format("2006-01-02T15:04:05.000+00:00"),
		"request": map[string]any{
			"method": r.Method, "path": r.URL.Path, "headers": headers, "get-params": query, "post-params": posted, "ip-address": address,
		},
		"response": map[string]any{"status": status, "headers": map[string]any{
			"RateLimit-Limit": limit, "RateLimit-Remaining": remaining, "RateLimit-Reset": reset, "Request-Id": requestID, "Content-Type": "application/json; charset=utf-8",
		}},
	}}
}
