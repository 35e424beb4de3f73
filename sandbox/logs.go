package sandbox

import (
	"net"
	"net/http"
	"strings"
	"time"
)

// How long it can be read what was called, what happened and what users did (Persona
// docs: API logs, Events; OpenAPI 2025-12-08).
const (
	logLife   = 14 * 24 * time.Hour
	eventLife = 90 * 24 * time.Hour
	auditLife = 180 * 24 * time.Hour
)

func logOperations() map[string]operation {
	return map[string]operation{
		"APILogs.List": func(c *call) (*answer, error) { return c.list("api-log", c.within(logLife)) },
		"APILogs.Get":  func(c *call) (*answer, error) { return c.answerWithin(logLife, "api-log") },
		"RateLimits.List": func(c *call) (*answer, error) {
			limit := c.sandbox.options.RateLimit
			remaining, reset := c.env.window.left(c.now, limit)
			return &answer{many: []*resource{{typ: "rate-limit/api", attributes: map[string]any{"limit": limit, "remaining": remaining, "seconds-to-reset": reset}}}}, nil
		},
	}
}

// within returns what tells the resources that were made within a time from older ones.
func (c *call) within(life time.Duration) func(*resource) bool {
	return func(r *resource) bool { return c.now.Before(r.time("created-at").Add(life)) }
}

// answerWithin answers with the resource of a family that the path names, unless it is
// too old.
func (c *call) answerWithin(life time.Duration, family string) (*answer, error) {
	found, err := c.answerFound(family)
	if err == nil && !c.within(life)(found.one) {
		return nil, notFound("")
	}
	return found, err
}

// logEntry describes a call and its answer for the API log. What was sent is there as it
// was: it is what the log is for. The document has no place for the body of the answer.
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
