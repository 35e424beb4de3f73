package contracttest

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
)

// exchange is a request that was answered, or a webhook that was received.
type exchange struct {
	what   string // the step, or the name of the event
	method string // empty for a webhook
	target string // path and query
	status int
	header http.Header
	body   []byte
}

// check validates the answer or the webhook with another body than its own.
func (e exchange) check(doc *conformance.Document, body []byte) error {
	if e.method == "" {
		return doc.ValidateEvent(body)
	}
	return doc.ValidateResponse(e.method, e.target, e.status, e.header, body)
}

// isJSON reports whether there is a JSON body; only prints have none.
func (e exchange) isJSON() bool {
	return e.method == "" || strings.HasPrefix(e.header.Get("Content-Type"), "application/json")
}

// recording is what a run saw.
type recording struct {
	answers []exchange
	plain   []exchange // the webhooks as most customers have them
	full    []exchange // those with all that can be included
}

// value is the body of an exchange, read; nil for a print.
func (e exchange) value(t *testing.T) any {
	t.Helper()
	if !e.isJSON() {
		return nil
	}
	value, err := decode(e.body)
	if err != nil {
		t.Fatalf("%s: %v", e.what, err)
	}
	return value
}

// hits are what the answers are from: operations, and the successful statuses of each.
func (r recording) hits(doc *conformance.Document) map[conformance.Operation][]int {
	found := map[conformance.Operation][]int{}
	for _, e := range r.answers {
		path, _, _ := strings.Cut(e.target, "?")
		if op, ok := doc.Find(e.method, path); ok && e.status < 300 && !slices.Contains(found[op], e.status) {
			found[op] = append(found[op], e.status)
		}
	}
	return found
}

// documented are the names of the events that were received and that the document
// describes, each once.
func (r recording) documented(doc *conformance.Document) []string {
	var names []string
	known := doc.Events()
	for _, e := range r.plain {
		if slices.Contains(known, e.what) {
			names = append(names, e.what)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
