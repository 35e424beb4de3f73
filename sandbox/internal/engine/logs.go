package engine

import (
	"net"
	"strings"
	"time"

	"github.com/idemhq/idem/sandbox/internal/storage"
)

// logEntry describes a call and its answer for the API log. It shows the request as it was
// sent. The document has no place for the body of the answer.
func (e *Engine) logEntry(c *Call, r *request, status int) *storage.Resource {
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
	limit, remaining, reset := c.RateLimit()
	return &storage.Resource{Typ: "api-log", ID: r.id, Attributes: map[string]any{
		"created-at": c.Now.Truncate(time.Second).Format("2006-01-02T15:04:05.000+00:00"),
		"request": map[string]any{
			"method": r.Method, "path": r.URL.Path, "headers": headers, "get-params": query, "post-params": posted, "ip-address": address,
		},
		"response": map[string]any{"status": status, "headers": map[string]any{
			"RateLimit-Limit": limit, "RateLimit-Remaining": remaining, "RateLimit-Reset": reset, "Request-Id": r.id, "Content-Type": "application/json; charset=utf-8",
		}},
	}}
}
