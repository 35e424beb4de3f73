package gate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/idemhq/idem/internal/conformance"
	"github.com/idemhq/idem/persona"
)

// hits are what a run hit: operations, and the successful statuses of each.
type hits map[conformance.Operation][]int

func (r recording) hits(doc *conformance.Document) hits {
	found := hits{}
	for _, e := range r.answers {
		path, _, _ := strings.Cut(e.target, "?")
		if op, ok := doc.Find(e.method, path); ok && e.status < 300 && !slices.Contains(found[op], e.status) {
			found[op] = append(found[op], e.status)
		}
	}
	return found
}

// events are the names of the events that were received, each once.
func (r recording) events() []string {
	var names []string
	for _, e := range r.plain {
		names = append(names, e.what)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// coverage demands that a run hit what its document declares, and counts it.
type coverage struct{ operations, hit, statuses, statusesHit int }

func covered(t *testing.T, r run, seen recording) coverage {
	t.Helper()
	var c coverage
	found := seen.hits(r.document)
	for op := range r.document.Operations() {
		c.operations++
		statuses := found[op]
		if len(statuses) > 0 {
			c.hit++
		}
		for _, status := range r.document.Statuses(op.Method, op.Path) {
			c.statuses++
			if slices.Contains(statuses, status) {
				c.statusesHit++
			} else {
				t.Errorf("%s: no step hits %s (%s) with %d", r, name(op), op, status)
			}
		}
	}
	return c
}

// name is what the SDK calls an operation: Inquiries.Approve.
func name(op conformance.Operation) string {
	for _, known := range persona.Operations() {
		if known.ID == op.ID {
			return known.Name()
		}
	}
	return op.String()
}

// figures is the table that "make conformance" prints.
type figures struct{ lines []string }

func (f *figures) add(what, format string, args ...any) {
	f.lines = append(f.lines, fmt.Sprintf("%-22s %s", what, fmt.Sprintf(format, args...)))
}

func (f *figures) String() string { return strings.Join(f.lines, "\n") + "\n" }
