package reference

import (
	"slices"
	"strings"
)

// of returns the attempts of a kind, a type or a template.
func of(attempts []*thing, name string) (found []*thing) {
	for _, a := range attempts {
		if a.kind() == name || a.typ == name || a.template != "" && a.template == name {
			found = append(found, a)
		}
	}
	return found
}

// counting returns the attempts that count: the last one of each template, and every one
// without a creation time, since it may be the last. Attempts without a template are one
// group per type.
func counting(attempts []*thing) (found []*thing) {
	for _, a := range attempts {
		if _, dated := a.moment("created-at"); !dated || last(likely(attempts, a)) == a {
			found = append(found, a)
		}
	}
	return found
}

// likely returns the attempts at the same template as a that have a creation time.
func likely(attempts []*thing, a *thing) (found []*thing) {
	for _, other := range attempts {
		if _, dated := other.moment("created-at"); dated && other.typ == a.typ && other.template == a.template {
			found = append(found, other)
		}
	}
	return found
}

// last returns the last of some attempts. If several were created at the same time, it is
// the one that was completed last, or the worst one while one of them is still running.
func last(attempts []*thing) *thing {
	var newest []*thing
	for _, a := range attempts {
		at, _ := a.moment("created-at")
		if !slices.ContainsFunc(attempts, func(other *thing) bool {
			since, _ := other.moment("created-at")
			return since.After(at)
		}) {
			newest = append(newest, a)
		}
	}
	running := slices.ContainsFunc(newest, func(a *thing) bool {
		_, done := a.moment("completed-at")
		return !done
	})
	found := newest[0]
	for _, a := range newest[1:] {
		end, _ := a.moment("completed-at")
		last, _ := found.moment("completed-at")
		if !running && end.After(last) || (running || end.Equal(last)) && worse(a, found) {
			found = a
		}
	}
	return found
}

// worse reports whether a has a worse result than b, by status and then by the number of
// failed checks.
func worse(a, b *thing) bool {
	if good(a) != good(b) {
		return good(a) < good(b)
	}
	failedA, failedB := len(failedChecks([]*thing{a})), len(failedChecks([]*thing{b}))
	return failedA > failedB || failedA == failedB && a.id > b.id
}

// good orders results from the worst.
func good(attempt *thing) int {
	switch attempt.status() {
	case "failed":
		return 0
	case "passed":
		return 2
	}
	return 1
}

func passed(attempts []*thing, name string) tri {
	counts := counting(of(attempts, name))
	if len(counts) == 0 {
		return no
	}
	return is(!slices.ContainsFunc(counts, func(a *thing) bool { return a.status() != "passed" }))
}

func failedAttempts(attempts []*thing, name string) (n int) {
	for _, a := range of(attempts, name) {
		if a.status() == "failed" {
			n++
		}
	}
	return n
}

// failedChecks returns the names of the required checks that failed in the attempts that
// count, or the type of an attempt that failed without naming any. A check with a missing
// or unknown requirement counts. Missing checks are missing facts: see facts.
func failedChecks(attempts []*thing) (names []string) {
	for _, a := range counting(attempts) {
		named := false
		checks, _ := a.attributes["checks"].([]any)
		for _, c := range checks {
			check, _ := c.(map[string]any)
			name, _ := check["name"].(string)
			if check["status"] == "failed" && check["requirement"] != "not_required" {
				names, named = append(names, name), true
			}
		}
		if a.status() == "failed" && !named {
			names = append(names, a.typ)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// clean reports whether every report is ready and found no match.
func clean(reports []*thing) bool {
	return !slices.ContainsFunc(reports, func(r *thing) bool {
		return r.status() != "ready" || r.attributes["has-match"] != false
	})
}

// kebab converts a key in any casing to kebab-case.
func kebab(key string) string {
	var b strings.Builder
	for i, r := range key {
		switch {
		case r == '_':
			b.WriteByte('-')
		case r >= 'A' && r <= 'Z':
			if i > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r + 'a' - 'A')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
