package contracttest

import (
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
)

// exchange is a request with its answer, or a received webhook.
type exchange struct {
	what   string // the step, or the name of the event
	method string // empty for a webhook
	target string // path and query
	status int
	header http.Header
	body   []byte
}

// check validates the answer or the webhook with another body.
func (e exchange) check(doc *conformance.Document, body []byte) error {
	if e.method == "" {
		return doc.ValidateEvent(body)
	}
	return doc.ValidateResponse(e.method, e.target, e.status, e.header, body)
}

// isJSON reports whether the body is JSON, as all are except prints.
func (e exchange) isJSON() bool {
	return e.method == "" || strings.HasPrefix(e.header.Get("Content-Type"), "application/json")
}

// recording contains the exchanges of a run.
type recording struct {
	answers []exchange
	plain   []exchange // webhooks in the usual form
	full    []exchange // webhooks with all possible included resources
}

// exchanges yields the answers and the webhooks.
func (r recording) exchanges() iter.Seq[exchange] {
	return func(yield func(exchange) bool) {
		for _, list := range [][]exchange{r.answers, r.plain, r.full} {
			for _, e := range list {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// value returns the decoded body of an exchange, or nil for a print.
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

// hits returns the operations that were called, with the successful statuses of each.
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

// documented returns the distinct names of received events that the document describes.
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
