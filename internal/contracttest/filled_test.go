package contracttest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idemhq/idem/internal/conformance"
)

// filled requires that every attribute and relationship that a document describes has a value
// at least once, in an answer or a webhook of any version, except the exceptions. An exception
// that is not needed is an error too.
func (w *walk) filled(t *testing.T, table *figures) {
	t.Helper()
	seen, described := map[conformance.Key]bool{}, map[conformance.Key]bool{}
	for i, r := range w.runs {
		if r.casing != "kebab" {
			continue
		}
		for _, key := range r.document.Keys() {
			described[key] = true
		}
		for e := range w.seen[i].exchanges() {
			conformance.Filled(e.value(t), func(k conformance.Key) { seen[k] = true })
		}
	}
	exceptions := conformance.Unfilled()
	needed := make([]bool, len(exceptions))
	count := 0
	for key := range described {
		if seen[key] {
			count++
			continue
		}
		i := slices.IndexFunc(exceptions, func(e conformance.Exception) bool { return e.Covers(key) })
		if i < 0 {
			t.Errorf("%s never has a value: let a step fill it", key)
			continue
		}
		needed[i] = true
	}
	for i, e := range exceptions {
		if !needed[i] {
			t.Errorf("the exception %s%s is not needed", e.Resource, e.Place)
		}
		table.add("never filled", "%s%s: %s", e.Resource, e.Place, e.Why)
	}
	table.add("filled keys", "%d of %d", count, len(described))
}

// precision requires that the times of resources have milliseconds where Persona's have, and
// are whole seconds elsewhere.
func (w *walk) precision(t *testing.T, table *figures) {
	t.Helper()
	fine, coarse := map[string]bool{}, map[string]bool{} // by resource and attribute
	for i, r := range w.runs {
		if r.casing != "kebab" {
			continue
		}
		for e := range w.seen[i].exchanges() {
			conformance.Times(e.value(t), func(k conformance.Key, at time.Time) {
				where := k.Resource + "." + k.Name
				if at.Nanosecond() != 0 {
					fine[where] = true
				} else {
					coarse[where] = true
				}
			})
		}
	}
	for where := range fine {
		if !hasMilliseconds(where) {
			t.Errorf("%s has milliseconds", where)
		}
	}
	for where := range coarse {
		if hasMilliseconds(where) && !fine[where] {
			t.Errorf("%s has whole seconds only", where)
		}
	}
	table.add("times", "%d attributes with whole seconds, %d with milliseconds", len(coarse), len(fine))
}

// hasMilliseconds reports whether an attribute of a resource has milliseconds, as seen at
// Persona.
func hasMilliseconds(where string) bool {
	resource, _, _ := strings.Cut(where, ".")
	family, _, _ := strings.Cut(resource, "/")
	if resource == "inquiry-template-version" {
		return !strings.HasSuffix(where, ".published-at")
	}
	return slices.Contains([]string{"event", "transaction", "workflow-run"}, resource) || family == "selfie" && strings.HasSuffix(where, ".created-at")
}
