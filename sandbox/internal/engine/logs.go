package engine

import (
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

// How long it can be read what was called, what happened and what users did (Persona
// docs: API logs, Events; OpenAPI 2025-12-08).
const (
	LogLife   = 14 * 24 * time.Hour
	EventLife = 90 * 24 * time.Hour
	AuditLife = 180 * 24 * time.Hour
)

// Within returns what tells the resources that were made within a time from older ones.
func (c *Call) Within(life time.Duration) func(*storage.Resource) bool {
	return func(r *storage.Resource) bool { return c.Now.Before(r.Time("created-at").Add(life)) }
}

// AnswerWithin answers with the resource of a family that the path names, unless it is
// too old.
func (c *Call) AnswerWithin(life time.Duration, family string) (*Answer, error) {
	found, err := c.AnswerFound(family)
	if err == nil && !c.Within(life)(found.One) {
		return nil, NotFound("")
	}
	return found, err
}

// logEntry describes a call and its answer for the API log. What was sent is there as it
// was: it is what the log is for. The document has no place for the body of the answer.
func (s *Engine) logEntry(c *Call, r *http.Request, status int, requestID string) *storage.Resource {
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
	posted := c.Body
	if posted == nil {
		posted = map[string]any{}
	}
	limit := s.Options.RateLimit
	remaining, reset := c.Env.Window.Left(c.Now, limit)
	return &storage.Resource{Typ: "api-log", ID: requestID, Attributes: map[string]any{
		"created-at": c.Now.Format("2006-01-02T15:04:05.000+00:00"),
		"request": map[string]any{
			"method": r.Method, "path": r.URL.Path, "headers": headers, "get-params": query, "post-params": posted, "ip-address": address,
		},
		"response": map[string]any{"status": status, "headers": map[string]any{
			"RateLimit-Limit": limit, "RateLimit-Remaining": remaining, "RateLimit-Reset": reset, "Request-Id": requestID, "Content-Type": "application/json; charset=utf-8",
		}},
	}}
}
